//! Why sources cannot be written.
//!
//! In: what stands in the way of a file. Out: text and hint. Invariant: names every file that is in
//! the way, not only the first.

use std::borrow::Cow;
use std::io;

use bimetal_files::FileError;
use bimetal_terminal::{Hint, Interrupted};
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
    #[error("`{out}` has files that the builder did not make and would have to \
        overwrite{}", lines(.paths))]
    NotOurs {
        out: Utf8PathBuf,
        paths: Vec<String>,
    },
    #[error("{0}")]
    File(#[from] FileError),
    #[error("`{path}` leads out of the output directory through a symbolic link")]
    Escapes { path: Utf8PathBuf },
    #[error("{0}")]
    Owned(#[from] OwnedError),
    #[error("{0}")]
    Interrupted(#[from] Interrupted),
}

impl Hint for GenerateError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::Directory { .. } => {
                "the directory around it must exist and be writable; choose another one with \
                 `dist.output_path`"
            }
            Self::Root { .. } => "choose another directory with `dist.output_path`",
            Self::NotOurs { .. } => {
                "choose an empty directory with `dist.output_path`, or move these files away"
            }
            _ => return None,
        };
        Some(hint.into())
    }
}

fn lines(paths: &[String]) -> String {
    paths
        .iter()
        .fold(String::new(), |text, path| text + "\n  " + path)
}
