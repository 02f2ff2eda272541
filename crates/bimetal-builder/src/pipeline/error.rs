//! The error of a pipeline: that of the step which failed.
//!
//! In: the error of a step. Out: the same, with the step's name. Invariant: the error stays as it
//! is; texts, hints and interrupts are found by the walk along `source()`.

use std::borrow::Cow;
use std::error::Error;
use std::io;

use bimetal_files::FileError;
use bimetal_terminal::Hint;
use camino::Utf8PathBuf;

use crate::owned::OwnedError;
use crate::stages::build::BuildError;
use crate::stages::config::ConfigError;
use crate::stages::describe::DescribeError;
use crate::stages::generate::GenerateError;
use crate::stages::lock::LockError;
use crate::stages::package::PackageError;
use crate::stages::resolve::ResolveError;
use crate::stages::stamp::StampError;
use crate::stages::verify::VerifyError;

/// Why a pipeline ended early.
#[derive(Debug)]
pub struct PipelineError {
    /// Where it happened, as a failure inside a container names it outside.
    pub step: &'static str,
    /// Whether everything was built, and a plugin does not fit main.
    pub refused: bool,
    error: Box<dyn Error>,
}

impl PipelineError {
    /// The error of the step.
    pub fn as_error(&self) -> &(dyn Error + 'static) {
        &*self.error
    }
}

/// An error that ends a pipeline.
pub trait StepError: Error + 'static {
    /// Name of the step that it is of.
    const STEP: &'static str;

    /// Whether everything was built, and a plugin does not fit main.
    fn is_refusal(&self) -> bool {
        false
    }
}

impl<E: StepError> From<E> for PipelineError {
    fn from(error: E) -> Self {
        Self {
            step: E::STEP,
            refused: error.is_refusal(),
            error: Box::new(error),
        }
    }
}

/// An error of no step.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("cannot find out where the program runs")]
    Here(#[source] io::Error),
    #[error("cannot make a temporary directory")]
    Scratch(#[source] io::Error),
    #[error("cannot take `{path}` for this build alone")]
    Claim {
        path: Utf8PathBuf,
        source: io::Error,
    },
    #[error("`{path}` has no main.go, and no sources are to be generated")]
    NoSources { path: Utf8PathBuf },
    #[error("{0}")]
    Record(#[from] FileError),
    #[error("{0}")]
    Owned(#[from] OwnedError),
}

impl Hint for StartError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::Scratch(_) => "name a directory that can be written with the variable `TMPDIR`",
            Self::NoSources { .. } => {
                "take `--skip-generate` away, or name the directory of an earlier build with \
                 `dist.output_path`"
            }
            _ => return None,
        };
        Some(hint.into())
    }
}

impl StepError for StartError {
    const STEP: &'static str = "start";
}

impl StepError for ConfigError {
    const STEP: &'static str = "config";
}

impl StepError for ResolveError {
    const STEP: &'static str = "resolve";
}

impl StepError for GenerateError {
    const STEP: &'static str = "generate";
}

impl StepError for LockError {
    const STEP: &'static str = "lock";
}

impl StepError for DescribeError {
    const STEP: &'static str = "describe";
}

impl StepError for StampError {
    const STEP: &'static str = "stamp";
}

impl StepError for BuildError {
    const STEP: &'static str = "build";
}

impl StepError for VerifyError {
    const STEP: &'static str = "verify";

    fn is_refusal(&self) -> bool {
        VerifyError::is_refusal(self)
    }
}

impl StepError for PackageError {
    const STEP: &'static str = "package";
}
