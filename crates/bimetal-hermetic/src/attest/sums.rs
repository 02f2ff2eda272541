//! `SHA256SUMS`, as `sha256sum` writes and checks it.
//!
//! In: path -> digest. Out: text, and back. Invariant: a name that leads out of the directory is
//! never read from a text.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use bimetal_files::{Digest, RelativePath};
use camino::Utf8PathBuf;

/// One line for each file, sorted by path.
pub fn sums(files: &BTreeMap<Utf8PathBuf, Digest>) -> String {
    let mut text = String::new();
    for (path, digest) in files {
        // Writing to a String cannot fail. No file of ours has a line break or a backslash in its
        // name, which would need marks.
        let _infallible = writeln!(text, "{digest}  {path}");
    }
    text
}

/// Reads what [`sums`] wrote.
pub fn read_sums(text: &str) -> Result<BTreeMap<Utf8PathBuf, Digest>, String> {
    let mut files = BTreeMap::new();
    // Not `lines`: a path may end with a carriage return.
    for (number, line) in text.split_terminator('\n').enumerate() {
        let wrong = || format!("line {} is no digest with a path", number + 1);
        let (digest, path) = line.split_once("  ").ok_or_else(wrong)?;
        let path = RelativePath::parse(path).map_err(|_| wrong())?;
        let digest = digest.parse().map_err(|_| wrong())?;
        if files.insert(path.into_path(), digest).is_some() {
            return Err(format!("line {} names a file again", number + 1));
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_may_end_with_a_carriage_return() {
        let text = format!("{}  notes\r\n", Digest::of(b"text"));
        let files = read_sums(&text).unwrap();
        assert_eq!(files.keys().collect::<Vec<_>>(), ["notes\r"]);
        assert_eq!(sums(&files), text);
    }
}
