//! Why a finished build cannot be laid out.
//!
//! In: what the disk or a file answered. Out: text and hint. Invariant: the file is named.

use std::borrow::Cow;

use bimetal_files::FileError;
use bimetal_manifest::object::ReadError;
use bimetal_terminal::Hint;
use camino::Utf8PathBuf;

use crate::attest::SbomError;

#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    #[error("{0}")]
    File(#[from] FileError),
    #[error("cannot read the artifact `{path}`")]
    Artifact {
        path: Utf8PathBuf,
        source: ReadError,
    },
    #[error("cannot list what the distribution is made of")]
    Sbom { source: SbomError },
}

impl Hint for DeliverError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::File(error) if error.is_write() => {
                "see that there is space where the engine keeps containers"
            }
            _ => return None,
        };
        Some(hint.into())
    }
}
