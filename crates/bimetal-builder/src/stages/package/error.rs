//! What can go wrong while artifacts are put into place.
//!
//! In: what stands in the way of an artifact. Out: text and hint. Invariant: every file that is in
//! the way is named.

use std::borrow::Cow;

use bimetal_files::FileError;
use bimetal_terminal::{Hint, Interrupted};
use camino::Utf8PathBuf;

use crate::owned::OwnedError;
use crate::stages::verify::VerifyError;

#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    #[error("{} not made by this builder {} in the \
        way: {}", files(.paths), verb(.paths), names(.paths))]
    NotOurs { paths: Vec<Utf8PathBuf> },
    #[error("{0}")]
    File(#[from] FileError),
    #[error("`{path}` leads out of the output directory")]
    Escapes { path: Utf8PathBuf },
    #[error(
        "the plugin directory `{path}` can be written by others (mode {mode:03o}); the Collector \
         takes no plugins from such a directory"
    )]
    OpenDirectory { path: Utf8PathBuf, mode: u32 },
    #[error("`{path}` changed after it was checked")]
    Changed { path: Utf8PathBuf },
    #[error("cannot list what ships")]
    Lock { source: VerifyError },
    #[error("cannot make the sidecar of `{name}`")]
    Sidecar {
        name: String,
        source: serde_json::Error,
    },
    #[error("{0}")]
    Owned(#[from] OwnedError),
    #[error("{0}")]
    Interrupted(#[from] Interrupted),
}

impl Hint for PackageError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::NotOurs { .. } => {
                "move it away, or choose another `dist.output_path` or `dist.name`; nothing was \
                 changed"
            }
            Self::Escapes { .. } => "replace the link by a directory",
            Self::OpenDirectory { .. } => "take the right away: `chmod go-w`",
            Self::Changed { .. } => "see that nothing else builds into the same output directory",
            _ => return None,
        };
        Some(hint.into())
    }
}

fn files(paths: &[Utf8PathBuf]) -> &'static str {
    if paths.len() == 1 { "a file" } else { "files" }
}

fn verb(paths: &[Utf8PathBuf]) -> &'static str {
    if paths.len() == 1 { "is" } else { "are" }
}

fn names(paths: &[Utf8PathBuf]) -> String {
    paths
        .iter()
        .map(|path| format!("`{path}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
