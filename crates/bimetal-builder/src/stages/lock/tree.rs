//! One hash over many files: Go's `h1:` sum, used for modules, path crates and git crates alike.
//!
//! In: names and the files behind them. Out: `h1:` and base64. Invariant: files are streamed; no
//! link is followed out of a directory that others packed.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bimetal_files::{Digest, FileError, Hasher};
use bimetal_terminal::Interrupted;
use camino::{Utf8Path, Utf8PathBuf};
use walkdir::WalkDir;

use crate::toolchain::interrupt;

#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    #[error("{0}")]
    File(#[from] FileError),
    #[error("cannot walk `{path}`")]
    Walk {
        path: Utf8PathBuf,
        source: walkdir::Error,
    },
    #[error("the file name `{name}` is not UTF-8 or has a line break")]
    Name { name: String },
    #[error("`{path}` is neither a file nor a directory")]
    Special { path: Utf8PathBuf },
    #[error("{0}")]
    Interrupted(#[from] Interrupted),
}

/// The `h1:` sum of `files`: name in the sum -> file.
pub(super) fn hash_files(files: &BTreeMap<String, Utf8PathBuf>) -> Result<String, TreeError> {
    Ok(h1(lines(files)?))
}

/// Go's sum over files whose digests are known.
pub fn sum_of_digests(files: &BTreeMap<String, Digest>) -> String {
    let mut sum = Hasher::default();
    for (name, digest) in files {
        sum.update(format!("{digest}  {name}\n"));
    }
    h1(sum.finish())
}

fn h1(sum: Digest) -> String {
    format!("h1:{}", STANDARD.encode(sum.0))
}

/// The same over the same lines, as `sha256:` in hexadecimal.
pub fn sum_of_files(files: &BTreeMap<String, Utf8PathBuf>) -> Result<String, TreeError> {
    Ok(lines(files)?.tagged())
}

/// sha256 over one line per file: its digest, two spaces, its name.
fn lines(files: &BTreeMap<String, Utf8PathBuf>) -> Result<Digest, TreeError> {
    let mut sum = Hasher::default();
    for (name, path) in files {
        if name.contains('\n') {
            return Err(TreeError::Name {
                name: name.escape_debug().to_string(),
            });
        }
        sum.update(format!("{}  {name}\n", digest(path)?));
    }
    Ok(sum.finish())
}

/// `path`, or every file below it, by its path; links are followed, because compilers do.
pub fn walked(path: &Utf8Path) -> Result<BTreeMap<String, Utf8PathBuf>, TreeError> {
    let mut files = BTreeMap::new();
    for entry in WalkDir::new(path).follow_links(true) {
        let entry = entry.map_err(|source| TreeError::Walk {
            path: path.to_owned(),
            source,
        })?;
        if entry.file_type().is_file() {
            let path = utf8(entry.path())?;
            files.insert(path.to_string(), path);
        }
    }
    Ok(files)
}

/// Every file below `directory`, as Go packed it: `prefix/` and its path. Anything but files and
/// directories is an error.
pub(super) fn packed_files(
    directory: &Utf8Path,
    prefix: &str,
) -> Result<BTreeMap<String, Utf8PathBuf>, TreeError> {
    let mut files = BTreeMap::new();
    for entry in WalkDir::new(directory) {
        let entry = entry.map_err(|source| TreeError::Walk {
            path: directory.to_owned(),
            source,
        })?;
        if entry.file_type().is_dir() {
            continue;
        }
        let path = utf8(entry.path())?;
        if !entry.file_type().is_file() {
            return Err(TreeError::Special { path });
        }
        files.insert(format!("{prefix}/{}", relative(&path, directory)), path);
    }
    Ok(files)
}

/// sha256 of one file.
pub(super) fn digest(path: &Utf8Path) -> Result<Digest, TreeError> {
    interrupt::check()?;
    Ok(Digest::of_path(path)?)
}

pub(super) fn utf8(path: &std::path::Path) -> Result<Utf8PathBuf, TreeError> {
    Utf8PathBuf::from_path_buf(path.to_owned()).map_err(|path| TreeError::Name {
        name: path.to_string_lossy().escape_debug().to_string(),
    })
}

/// `path` below `directory`, with `/`.
pub(super) fn relative<'a>(path: &'a Utf8Path, directory: &Utf8Path) -> &'a str {
    path.strip_prefix(directory).unwrap_or(path).as_str()
}

#[cfg(test)]
mod tests {
    use fs_err as fs;

    use super::*;

    fn directory(files: &[(&str, &str)]) -> (tempfile::TempDir, Utf8PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(directory.path().to_owned()).unwrap();
        for (name, text) in files {
            let file = path.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        (directory, path)
    }

    #[test]
    fn the_sum_of_two_files_is_what_the_format_says() {
        let (_keep, path) = directory(&[("b", "hello\n"), ("a/c", "")]);
        let files = packed_files(&path, "m@v1").unwrap();
        assert_eq!(files.keys().collect::<Vec<_>>(), ["m@v1/a/c", "m@v1/b"]);
        let lines = format!(
            "{}  m@v1/a/c\n{}  m@v1/b\n",
            Digest::of(b""),
            Digest::of(b"hello\n")
        );
        let wanted = format!("h1:{}", STANDARD.encode(Digest::of(lines).0));
        assert_eq!(hash_files(&files).unwrap(), wanted);
    }

    #[test]
    fn a_link_in_a_packed_directory_is_an_error() {
        let (_keep, path) = directory(&[("a", "x")]);
        std::os::unix::fs::symlink("/etc/passwd", path.join("b")).unwrap();
        assert!(matches!(
            packed_files(&path, "m@v1"),
            Err(TreeError::Special { path }) if path.ends_with("b")
        ));
    }
}
