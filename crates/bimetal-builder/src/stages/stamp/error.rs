//! What can go wrong while manifests are made and written.
//!
//! In: what a tool or the file system answered. Out: text and hint. Invariant: names the plugin,
//! file, tool or variable that is to blame; the cause is not repeated in the text.

use std::io;

use camino::Utf8PathBuf;

use crate::owned::OwnedError;
use crate::toolchain::InvocationError;

#[derive(Debug, thiserror::Error)]
pub enum StampError {
    #[error("cannot ask a tool about itself")]
    Tool { source: InvocationError },
    #[error("unexpected answer of `{tool}`: {reason}")]
    Answer { tool: &'static str, reason: String },
    #[error("the plugin `{name}` was not described")]
    Unknown { name: String },
    #[error("cannot read `{path}`")]
    Read {
        path: Utf8PathBuf,
        source: io::Error,
    },
    #[error("`{path}` does not say the version of the C ABI between Go and Rust")]
    Abi { path: Utf8PathBuf },
    #[error("`SOURCE_DATE_EPOCH` is `{value}`, not a number of seconds")]
    Epoch { value: String },
    #[error("cannot write the manifest of `{name}` as JSON")]
    Json {
        name: String,
        source: serde_json::Error,
    },
    #[error("`{path}` is in the way: this builder did not make it")]
    NotOurs { path: Utf8PathBuf },
    #[error(transparent)]
    Owned(#[from] OwnedError),
    #[error("cannot write `{path}`")]
    Write {
        path: Utf8PathBuf,
        source: io::Error,
    },
}

impl StampError {
    /// The next action for a person.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Tool { source } => source.hint(),
            Self::Epoch { .. } => Some("set it to seconds since 1970, or unset it"),
            Self::NotOurs { .. } => {
                Some("move the file away, or choose another `dist.output_path`")
            }
            Self::Write { .. } => {
                Some("see that the output directory is writable and the disk not full")
            }
            Self::Owned(error) => Some(error.hint()),
            _ => None,
        }
    }

    /// Whether a person stopped us.
    pub fn is_interrupt(&self) -> bool {
        matches!(self, Self::Tool { source } if source.is_interrupt())
    }
}
