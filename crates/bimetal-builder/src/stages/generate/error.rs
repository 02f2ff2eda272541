//! Why sources cannot be written.
//!
//! In: what stands in the way of a file. Out: text and hint. Invariant: names every file that is in
//! the way, not only the first.

use std::io;

use camino::Utf8PathBuf;

use crate::owned::OwnedError;

#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    #[error("cannot make the output directory `{path}`")]
    Directory {
        path: Utf8PathBuf,
        source: io::Error,
    },
    #[error("`{path}` is the root of the file system and cannot be the output directory")]
    Root { path: Utf8PathBuf },
    #[error("`{out}` has files that the builder did not make and would have to overwrite{}", lines(.paths))]
    NotOurs {
        out: Utf8PathBuf,
        paths: Vec<String>,
    },
    #[error("cannot read `{path}`")]
    Read {
        path: Utf8PathBuf,
        source: io::Error,
    },
    #[error("cannot write `{path}`")]
    Write {
        path: Utf8PathBuf,
        source: io::Error,
    },
    #[error("`{path}` leads out of the output directory through a symbolic link")]
    Escapes { path: Utf8PathBuf },
    #[error(transparent)]
    Owned(#[from] OwnedError),
    #[error("interrupted")]
    Interrupted,
}

impl GenerateError {
    /// The next action for a person.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Directory { .. } => Some(
                "the directory around it must exist and be writable; choose another one with `dist.output_path`",
            ),
            Self::Root { .. } => Some("choose another directory with `dist.output_path`"),
            Self::NotOurs { .. } => {
                Some("choose an empty directory with `dist.output_path`, or move these files away")
            }
            Self::Write { .. } => {
                Some("see that the output directory is writable and the disk not full")
            }
            Self::Owned(error) => Some(error.hint()),
            Self::Read { .. } | Self::Escapes { .. } | Self::Interrupted => None,
        }
    }

    /// Whether a person stopped us.
    pub fn is_interrupt(&self) -> bool {
        matches!(self, Self::Interrupted)
    }
}

fn lines(paths: &[String]) -> String {
    paths
        .iter()
        .fold(String::new(), |text, path| text + "\n  " + path)
}
