//! Writes files so that nobody ever sees half of one, and a tool that looks at times sees only real
//! changes.
//!
//! In: path and bytes. Out: whether the file changed. Invariant: an equal file is not touched.

use std::io;
use std::io::Write;

use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

/// Writes `bytes` to `path` unless they stand there already; makes the directories above it.
pub fn if_changed(path: &Utf8Path, bytes: &[u8]) -> io::Result<bool> {
    if stands(path, bytes)? {
        return Ok(false);
    }
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let temporary = beside(path);
    let result = write_through(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    if result.is_err() {
        // The first error is the one to tell.
        let _absent = fs::remove_file(&temporary);
    }
    result.map(|()| true)
}

/// A name in the same directory that belongs to this process.
pub fn beside(path: &Utf8Path) -> Utf8PathBuf {
    let name = path.file_name().unwrap_or("file");
    path.with_file_name(format!(".{name}.{}.tmp", std::process::id()))
}

fn stands(path: &Utf8Path, bytes: &[u8]) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_file() && metadata.len() == bytes.len() as u64 => {
            Ok(fs::read(path)? == bytes)
        }
        Ok(_) => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn write_through(path: &Utf8Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::File::create(path.as_std_path())?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_equal_file_keeps_its_time() {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(directory.path()).unwrap().join("a/b");
        assert!(if_changed(&path, b"one").unwrap());
        let before = fs::metadata(&path).unwrap().modified().unwrap();
        assert!(!if_changed(&path, b"one").unwrap());
        assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), before);
        assert!(if_changed(&path, b"two").unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"two");
        let names: Vec<_> = fs::read_dir(path.parent().unwrap())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(names, ["b"]);
    }
}
