//! What can go wrong while artifacts are put into place.
//!
//! In: what stands in the way of an artifact. Out: text and hint. Invariant: every file that is in
//! the way is named.

use std::io;

use camino::Utf8PathBuf;

use crate::owned::OwnedError;
use crate::stages::verify::VerifyError;

#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    #[error("{} not made by this builder {} in the way: {}", files(.paths), verb(.paths), names(.paths))]
    NotOurs { paths: Vec<Utf8PathBuf> },
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
    #[error("`{path}` leads out of the output directory")]
    Escapes { path: Utf8PathBuf },
    #[error(
        "the plugin directory `{path}` can be written by others (mode {mode:03o}); the Collector takes no plugins from such a directory"
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
    #[error(transparent)]
    Owned(#[from] OwnedError),
    #[error("interrupted")]
    Interrupted,
}

impl PackageError {
    /// The next action for a person.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotOurs { .. } => Some(
                "move it away, or choose another `dist.output_path` or `dist.name`; nothing was changed",
            ),
            Self::Write { source, .. } => Some(match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    "free some space and build again; only the last step is repeated"
                }
                io::ErrorKind::ReadOnlyFilesystem => {
                    "choose a `dist.output_path` on a file system that can be written"
                }
                _ => "see that the output directory is writable",
            }),
            Self::Escapes { .. } => Some("replace the link by a directory"),
            Self::OpenDirectory { .. } => Some("take the right away: `chmod go-w`"),
            Self::Changed { .. } => {
                Some("see that nothing else builds into the same output directory")
            }
            Self::Owned(error) => Some(error.hint()),
            Self::Read { .. } | Self::Lock { .. } | Self::Sidecar { .. } | Self::Interrupted => {
                None
            }
        }
    }

    /// Whether a person stopped us.
    pub fn is_interrupt(&self) -> bool {
        matches!(self, Self::Interrupted)
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
