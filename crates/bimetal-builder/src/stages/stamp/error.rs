//! What can go wrong while manifests are made and written.
//!
//! In: what a tool or the file system answered. Out: text and hint. Invariant: names the plugin,
//! file, tool or variable that is to blame; the cause is not repeated in the text.

use std::borrow::Cow;

use bimetal_files::FileError;
use bimetal_terminal::Hint;
use camino::Utf8PathBuf;

use crate::owned::OwnedError;
use crate::toolchain::{AnswerError, InvocationError};

#[derive(Debug, thiserror::Error)]
pub enum StampError {
    #[error("cannot ask a tool about itself")]
    Tool { source: InvocationError },
    #[error("{0}")]
    Answer(#[from] AnswerError),
    #[error("the plugin `{name}` was not described")]
    Unknown { name: String },
    #[error("{0}")]
    File(#[from] FileError),
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
    #[error("{0}")]
    Owned(#[from] OwnedError),
}

impl Hint for StampError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::Epoch { .. } => "set it to seconds since 1970, or unset it",
            Self::NotOurs { .. } => "move the file away, or choose another `dist.output_path`",
            _ => return None,
        };
        Some(hint.into())
    }
}
