//! Why a finished build cannot be laid out.
//!
//! In: what the disk or a file answered. Out: text and hint. Invariant: the file is named.

use std::io;

use bimetal_manifest::object::ReadError;
use camino::Utf8PathBuf;

use crate::attest::SbomError;

#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
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
    #[error("cannot read the artifact `{path}`")]
    Artifact {
        path: Utf8PathBuf,
        source: ReadError,
    },
    #[error("cannot list what the distribution is made of")]
    Sbom { source: SbomError },
}

impl DeliverError {
    /// The next action for a person.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Write { .. } => Some("see that there is space where the engine keeps containers"),
            _ => None,
        }
    }
}
