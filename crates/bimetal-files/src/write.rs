//! Writes files so that a reader never sees half of one, and a tool that compares times sees only
//! real changes.
//!
//! In: path and bytes. Out: files, and whether they changed. Invariant: an equal file is not
//! touched by [`write_if_changed`]; [`replace`] leaves the old file or the new one.

use std::io::{self, Write as _};

use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

use crate::{FileError, unless_absent};

/// Writes `bytes` to `path`.
pub fn write(path: &Utf8Path, bytes: impl AsRef<[u8]>) -> Result<(), FileError> {
    fs::write(path, bytes).map_err(FileError::writing(path))
}

/// Writes `bytes` to `path` unless the file has them; makes the directories above it. Gives whether
/// the file changed.
pub fn write_if_changed(path: &Utf8Path, bytes: &[u8]) -> Result<bool, FileError> {
    if has(path, bytes).map_err(FileError::reading(path))? {
        return Ok(false);
    }
    replace(path, bytes).map(|()| true)
}

/// Puts a file with `bytes` at `path`: written beside it, through to the disk, then renamed. Makes
/// the directories above it.
pub fn replace(path: &Utf8Path, bytes: &[u8]) -> Result<(), FileError> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).map_err(FileError::writing(path))?;
    }
    let temporary = beside(path);
    let result = write_through(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    if result.is_err() {
        // The first error is the one to report.
        let _absent = fs::remove_file(&temporary);
    }
    result.map_err(FileError::writing(path))
}

/// A name in the same directory that belongs to this process.
pub fn beside(path: &Utf8Path) -> Utf8PathBuf {
    let name = path.file_name().unwrap_or("file");
    path.with_file_name(format!(".{name}.{}.tmp", std::process::id()))
}

/// The name of the file that a temporary file of this name, made by [`beside`], is for; none for
/// the name of another file.
pub fn beside_of(name: &str) -> Option<&str> {
    let (file, process) = name
        .strip_prefix('.')?
        .strip_suffix(".tmp")?
        .rsplit_once('.')?;
    let is_number = !process.is_empty() && process.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && !file.is_empty()).then_some(file)
}

/// Removes a file; gives whether there was one.
pub fn remove_if_present(path: &Utf8Path) -> Result<bool, FileError> {
    let removed = unless_absent(fs::remove_file(path)).map_err(FileError::writing(path))?;
    Ok(removed.is_some())
}

/// Removes a directory and everything in it; an absent one is fine.
pub fn remove_directory(path: &Utf8Path) -> Result<(), FileError> {
    unless_absent(fs::remove_dir_all(path))
        .map(drop)
        .map_err(FileError::writing(path))
}

/// Makes a directory and those above it.
pub fn create_directory(path: &Utf8Path) -> Result<(), FileError> {
    fs::create_dir_all(path).map_err(FileError::writing(path))
}

/// An empty directory; what was there before is removed.
pub fn fresh_directory(path: &Utf8Path) -> Result<(), FileError> {
    remove_directory(path)?;
    create_directory(path)
}

fn has(path: &Utf8Path, bytes: &[u8]) -> io::Result<bool> {
    match unless_absent(fs::symlink_metadata(path))? {
        Some(metadata) if metadata.is_file() && metadata.len() == bytes.len() as u64 => {
            Ok(fs::read(path)? == bytes)
        }
        _ => Ok(false),
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
        assert!(write_if_changed(&path, b"one").unwrap());
        let before = fs::metadata(&path).unwrap().modified().unwrap();
        assert!(!write_if_changed(&path, b"one").unwrap());
        assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), before);
        assert!(write_if_changed(&path, b"two").unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"two");
        let names: Vec<_> = fs::read_dir(path.parent().unwrap())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(names, ["b"]);
    }

    #[test]
    fn the_name_of_a_temporary_file_says_what_it_is_for() {
        let made = beside(Utf8Path::new("src/.lib.rs"));
        assert_eq!(beside_of(made.file_name().unwrap()), Some(".lib.rs"));
        for other in [
            ".lib.rs.tmp",
            "lib.rs.1.tmp",
            ".a.1x.tmp",
            ".1.tmp",
            "..1.tmp",
        ] {
            assert_eq!(beside_of(other), None, "{other}");
        }
    }

    #[test]
    fn what_is_absent_need_not_be_removed() {
        let directory = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(directory.path()).unwrap();
        let file = root.join("a");
        write(&file, "x").unwrap();
        assert!(remove_if_present(&file).unwrap());
        assert!(!remove_if_present(&file).unwrap());
        // A directory is not removed as a file.
        assert!(remove_if_present(root).is_err());
        write(&file, "x").unwrap();
        fresh_directory(root).unwrap();
        assert!(!file.exists() && root.exists());
    }

    #[test]
    fn a_file_that_cannot_be_replaced_leaves_nothing_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(directory.path()).unwrap().join("a");
        fs::create_dir_all(path.join("in the way")).unwrap();
        assert!(replace(&path, b"x").unwrap_err().is_write());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
