//! Why a file could not be read or written.
//!
//! In: what the file system answered. Out: text and hint. Invariant: the file is named; a layer
//! above repeats neither text nor hint.

use std::borrow::Cow;
use std::fmt;
use std::io;

use bimetal_terminal::Hint;
use camino::{Utf8Path, Utf8PathBuf};

/// What helps most often when a file cannot be written.
pub const NOT_WRITABLE: &str = "see that the output directory is writable and the disk not full";

/// A file that could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} `{path}`")]
pub struct FileError {
    /// What was tried.
    pub action: Action,
    /// The file or directory.
    pub path: Utf8PathBuf,
    /// What the file system answered.
    pub source: io::Error,
}

/// What was tried with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Open, list or read.
    Read,
    /// Make, write, rename or remove.
    Write,
}

impl FileError {
    /// For `map_err`, after a read of `path`.
    pub fn reading(path: &Utf8Path) -> impl Fn(io::Error) -> Self + Copy {
        move |source| Self {
            action: Action::Read,
            path: path.to_owned(),
            source,
        }
    }

    /// For `map_err`, after a change of `path`.
    pub fn writing(path: &Utf8Path) -> impl Fn(io::Error) -> Self + Copy {
        move |source| Self {
            action: Action::Write,
            path: path.to_owned(),
            source,
        }
    }

    /// Whether the file could not be written.
    pub fn is_write(&self) -> bool {
        self.action == Action::Write
    }
}

impl Hint for FileError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        if self.action == Action::Read {
            return None;
        }
        let hint = match self.source.kind() {
            // Ctrl-C in the middle of a copy.
            io::ErrorKind::Interrupted => return None,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "free some space and build again; what is built already is not built again"
            }
            io::ErrorKind::ReadOnlyFilesystem => {
                "choose a `dist.output_path` on a file system that can be written"
            }
            _ => NOT_WRITABLE,
        };
        Some(hint.into())
    }
}

impl fmt::Display for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Read => "read",
            Self::Write => "write",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_to_be_written_has_a_hint() {
        let path = Utf8Path::new("out/x");
        let denied = || io::Error::from(io::ErrorKind::PermissionDenied);
        let read = FileError::reading(path)(denied());
        let write = FileError::writing(path)(denied());
        assert_eq!(read.to_string(), "cannot read `out/x`");
        assert_eq!(write.to_string(), "cannot write `out/x`");
        assert_eq!((read.hint(), write.hint().is_some()), (None, true));
        let stopped = FileError::writing(path)(io::ErrorKind::Interrupted.into());
        assert_eq!(stopped.hint(), None);
    }
}
