//! Why a distribution does not leave the work directory.
//!
//! In: what was found. Out: [`VerifyError`] as text. Invariant: a refusal lists everything that was
//! found, not the first thing only.

use std::borrow::Cow;

use bimetal_files::FileError;
use bimetal_manifest::object::{ManifestError, ReadError};
use bimetal_terminal::Hint;
use bimetal_verify::ScanError;
use camino::Utf8PathBuf;

use crate::toolchain::InvocationError;

/// Exit codes of `plugins validate` about a plugin; every other one says that nothing could be
/// decided.
const VERDICTS: [i32; 2] = [2, 3];

#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error("the plugins do not fit the Collector that was built with them\n{report}")]
    Refused {
        /// What `plugins check` says about them.
        report: String,
    },
    #[error("cannot read the plugins that were staged")]
    Scan { source: ScanError },
    #[error("the Collector that was built does not load its plugins")]
    Load { source: InvocationError },
    #[error("{0}")]
    File(#[from] FileError),
    #[error("`{path}` cannot be read as what was built")]
    Read {
        path: Utf8PathBuf,
        source: ReadError,
    },
    #[error("the manifest of `{path}` cannot be read back")]
    Manifest {
        path: Utf8PathBuf,
        source: ManifestError,
    },
    #[error("`{command}` ended well, and `{path}` is no program")]
    NotProgram { path: Utf8PathBuf, command: String },
    #[error("`{path}` is a {found}, not a {wanted}")]
    Form {
        path: Utf8PathBuf,
        found: &'static str,
        wanted: &'static str,
    },
    #[error("the manifest in `{path}` is not the one of this build")]
    Stale { path: Utf8PathBuf },
    #[error("`{path}` changed while it was checked")]
    Changed { path: Utf8PathBuf },
    #[error("cannot make the plugin lock")]
    Lock {
        source: bimetal_manifest::lock::LockError,
    },
}

impl Hint for VerifyError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::Refused { .. } => {
                "nothing was put into place; repair what is listed and build again"
            }
            Self::Stale { .. } | Self::NotProgram { .. } | Self::Form { .. } => {
                "delete the directory `.bimetal` in the output directory and build again"
            }
            Self::Changed { .. } => "see that nothing else builds into the same output directory",
            Self::Load { source } if source.hint().is_none() => {
                "nothing was put into place; what is printed above names the plugin and the reason"
            }
            _ => return None,
        };
        Some(hint.into())
    }
}

impl VerifyError {
    /// Whether a plugin was verified and did not pass; the program then ends with 2.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Refused { .. } => true,
            Self::Load {
                source: InvocationError::Failed { status, .. },
            } => status.code().is_some_and(|code| VERDICTS.contains(&code)),
            _ => false,
        }
    }
}
