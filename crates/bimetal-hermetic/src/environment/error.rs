//! Why the environment of a hermetic build cannot be known.
//!
//! In: what a file or a tool answered. Out: text and hint. Invariant: what could not be read is
//! named.

use std::borrow::Cow;

use bimetal_files::FileError;
use bimetal_terminal::Hint;

use bimetal_builder::stages::lock::TreeError;
use bimetal_builder::toolchain::InvocationError;

#[derive(Debug, thiserror::Error)]
pub enum EnvironmentError {
    #[error("{0}")]
    File(#[from] FileError),
    #[error("cannot find out which `{tool}` this is")]
    Tool {
        tool: &'static str,
        source: InvocationError,
    },
    #[error("something in the build changed `{what}` of its container")]
    Changed { what: String },
    #[error("cannot hash the files of `{tool}`")]
    Hash {
        tool: &'static str,
        source: TreeError,
    },
}

impl Hint for EnvironmentError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::Tool { source, .. } if source.is_failure() => {
                "see that the base image has the whole toolchain, and that it works there"
            }
            Self::Changed { .. } => {
                "look for the build script or the cgo directive that does it; a build may only \
                 write its own outputs"
            }
            Self::Tool { .. } => return None,
            Self::File(_) | Self::Hash { .. } => {
                "see that the base image has whole toolchains and an undamaged package database"
            }
        };
        Some(hint.into())
    }
}
