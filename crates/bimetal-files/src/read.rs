//! Reads files whole.
//!
//! In: a path. Out: bytes or text. Invariant: an absent file is an answer only where the caller
//! says that it may be absent.

use std::io;

use camino::Utf8Path;
use fs_err as fs;

use crate::FileError;

/// The bytes of a file.
pub fn read(path: &Utf8Path) -> Result<Vec<u8>, FileError> {
    fs::read(path).map_err(FileError::reading(path))
}

/// The text of a file; one that is not UTF-8 is an error of the read.
pub fn read_to_string(path: &Utf8Path) -> Result<String, FileError> {
    fs::read_to_string(path).map_err(FileError::reading(path))
}

/// The bytes of a file, if there is one.
pub fn read_if_present(path: &Utf8Path) -> Result<Option<Vec<u8>>, FileError> {
    unless_absent(fs::read(path)).map_err(FileError::reading(path))
}

/// Opens a file for reading.
pub fn open(path: &Utf8Path) -> Result<fs::File, FileError> {
    fs::File::open(path.as_std_path()).map_err(FileError::reading(path))
}

/// `None` for a file that does not exist.
pub fn unless_absent<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
