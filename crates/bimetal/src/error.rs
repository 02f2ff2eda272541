//! How a run that failed ends.
//!
//! In: the error of a pipeline. Out: its hint and the exit code. Invariant: a cause is not repeated
//! in the text above it.

use std::borrow::Cow;
use std::io;

use bimetal_builder::pipeline::{PipelineError, StepError};
use bimetal_terminal::{Hint, Lookup, hint};
use camino::Utf8PathBuf;

use crate::exit_code::ExitCode;
use crate::init::InitError;

/// Where the hints of this crate's errors are, and of those that it hands on.
pub(crate) const HINTS: &[Lookup] = &[hint::of::<InitError>, hint::of::<StartError>, |error| {
    hint::among(error, bimetal_hermetic::HINTS)
}];

/// An error of the command line itself.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error("there is no directory `{path}`")]
    NoDirectory {
        path: Utf8PathBuf,
        source: io::Error,
    },
    #[error("cannot take over the interrupt signal")]
    Signals(#[source] ctrlc::Error),
    #[error("cannot write to standard output")]
    Output(#[source] io::Error),
}

impl StepError for StartError {
    const STEP: &'static str = "start";
}

impl StepError for InitError {
    const STEP: &'static str = "start";
}

impl Hint for StartError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::NoDirectory { .. } => "name the output directory of a build",
            Self::Output(_) => {
                "what was printed is incomplete; check the disk that it is written to"
            }
            Self::Signals(_) => return None,
        };
        Some(hint.into())
    }
}

pub(crate) fn exit_code(error: &PipelineError) -> ExitCode {
    if hint::is_interrupt(error.as_error()) {
        ExitCode::Interrupted
    } else if error.refused {
        ExitCode::Refused
    } else {
        ExitCode::Failure
    }
}
