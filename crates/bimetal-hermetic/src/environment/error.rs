//! Why the environment of a hermetic build cannot be told.
//!
//! In: what a file or a tool answered. Out: text and hint. Invariant: what could not be read is
//! named.

use std::io;

use camino::Utf8PathBuf;

use bimetal_builder::stages::lock::TreeError;
use bimetal_builder::toolchain::InvocationError;

#[derive(Debug, thiserror::Error)]
pub enum EnvironmentError {
    #[error("cannot read `{path}`")]
    Read {
        path: Utf8PathBuf,
        source: io::Error,
    },
    #[error("cannot find out which `{tool}` this is")]
    Tool {
        tool: &'static str,
        source: InvocationError,
    },
    #[error("cannot hash the files of `{tool}`")]
    Hash {
        tool: &'static str,
        source: TreeError,
    },
}

impl EnvironmentError {
    /// The next action for a person.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Tool { source, .. } => source.hint_or(
                "see that the base image has the whole toolchain, and that it works there",
            ),
            Self::Read { .. } | Self::Hash { .. } => Some(
                "see that the base image has whole toolchains and an undamaged package database",
            ),
        }
    }

    /// Whether a person stopped us.
    pub fn is_interrupt(&self) -> bool {
        match self {
            Self::Tool { source, .. } => source.is_interrupt(),
            Self::Hash { source, .. } => matches!(source, TreeError::Interrupted),
            Self::Read { .. } => false,
        }
    }
}
