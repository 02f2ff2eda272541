//! Why what came out of a container is not taken.
//!
//! In: a file of the directory. Out: text and hint. Invariant: the file is named, and nothing was
//! put into place.

use std::borrow::Cow;
use std::io;

use bimetal_terminal::Hint;
use camino::Utf8PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    #[error("cannot read `{path}`, which the container should have made")]
    Read {
        path: Utf8PathBuf,
        source: io::Error,
    },
    #[error("cannot understand `{path}`: {reason}")]
    Unreadable { path: Utf8PathBuf, reason: String },
    #[error("`{path}` is not what `SHA256SUMS` says")]
    Damaged { path: Utf8PathBuf },
    #[error("`{path}` is not listed in `SHA256SUMS`")]
    Unlisted { path: Utf8PathBuf },
    #[error("`{path}` is listed in `SHA256SUMS` and was not made")]
    Missing { path: Utf8PathBuf },
    #[error("the container did not build `{path}`")]
    NoMain { path: Utf8PathBuf },
    #[error("the container built from other inputs than it was given: `{path}` differs")]
    OtherInputs { path: Utf8PathBuf },
    #[error("`{path}` names another builder than the one that was sent into the container")]
    OtherBuilder { path: Utf8PathBuf },
    #[error(
        "`{path}` says that it was built in another environment than `environment.json` describes"
    )]
    OtherEnvironment { path: Utf8PathBuf },
}

impl Hint for ReceiveError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::Read { .. }
            | Self::Unreadable { .. }
            | Self::Damaged { .. }
            | Self::Missing { .. }
            | Self::NoMain { .. } => "see that the disk is not full, and build again",
            Self::Unlisted { .. }
            | Self::OtherInputs { .. }
            | Self::OtherBuilder { .. }
            | Self::OtherEnvironment { .. } => {
                "something else than this builder ran in the container; look at the base image and \
                 the engine"
            }
        };
        Some(hint.into())
    }
}
