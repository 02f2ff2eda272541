//! What can go wrong between the first flag and the last step.
//!
//! In: the error of a step. Out: its texts, its hint and the exit code. Invariant: a cause is not
//! repeated in the text above it.

use std::borrow::Cow;
use std::error::Error;
use std::io;

use bimetal_builder::stages::build::BuildError;
use bimetal_builder::stages::config::ConfigError;
use bimetal_builder::stages::describe::DescribeError;
use bimetal_builder::stages::generate::GenerateError;
use bimetal_builder::stages::lock::LockError;
use bimetal_builder::stages::package::PackageError;
use bimetal_builder::stages::resolve::ResolveError;
use bimetal_builder::stages::stamp::StampError;
use bimetal_builder::stages::verify::VerifyError;
use bimetal_hermetic::deliver::DeliverError;
use bimetal_hermetic::environment::EnvironmentError;
use bimetal_hermetic::fetch::FetchError;
use bimetal_hermetic::receive::ReceiveError;
use bimetal_terminal::{Hint, Lookup, hint};
use camino::Utf8PathBuf;

use crate::exit_code::ExitCode;
use crate::hermetic::HermeticError;
use crate::init::InitError;
use crate::inside::InsideError;
use crate::rebuild::RebuildError;

/// The hints of this crate's errors.
const HINTS: &[Lookup] = &[
    hint::of::<HermeticError>,
    hint::of::<InitError>,
    hint::of::<InsideError>,
    hint::of::<RebuildError>,
    hint::of::<StartError>,
];

/// An error of one of the steps, or of the command line itself.
#[derive(Debug)]
pub(crate) struct CliError {
    /// Where it happened, as a failure inside a container names it outside.
    pub(crate) step: &'static str,
    error: Box<dyn Error>,
}

/// An error of no step.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error("cannot find out where the program runs")]
    Surroundings(#[source] io::Error),
    #[error("cannot make a temporary directory")]
    Scratch(#[source] io::Error),
    #[error("cannot take `{path}` for this build alone")]
    Claim {
        path: Utf8PathBuf,
        source: io::Error,
    },
    #[error("the path `{0}` is not UTF-8 text")]
    NotText(String),
    #[error("cannot take over the interrupt signal")]
    Signals(#[source] ctrlc::Error),
    #[error("cannot write to standard output")]
    Output(#[source] io::Error),
}

/// The step that each error is of.
macro_rules! steps {
    ($($step:literal: $($error:ty),+;)+) => {
        $($(impl From<$error> for CliError {
            fn from(error: $error) -> Self {
                Self { step: $step, error: Box::new(error) }
            }
        })+)+
    };
}

steps! {
    "config": ConfigError;
    "resolve": ResolveError;
    "generate": GenerateError;
    "lock": Box<LockError>;
    "fetch": FetchError;
    "inputs": InsideError;
    "environment": EnvironmentError;
    "describe": DescribeError;
    "stamp": StampError;
    "build": BuildError;
    "verify": VerifyError;
    "package": PackageError;
    "deliver": DeliverError;
    "container": HermeticError, ReceiveError;
    "start": InitError, RebuildError, StartError;
}

impl CliError {
    pub(crate) fn as_error(&self) -> &(dyn Error + 'static) {
        &*self.error
    }

    /// The next action for a person.
    pub(crate) fn hint(&self) -> Option<Cow<'_, str>> {
        let known = [HINTS, bimetal_builder::HINTS, bimetal_hermetic::HINTS];
        hint::hint(self.as_error(), &known)
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            _ if hint::is_interrupt(self.as_error()) => ExitCode::Interrupted,
            _ if self.is_refusal() => ExitCode::Refused,
            _ => ExitCode::Failure,
        }
    }

    /// Whether everything was built, and a plugin does not fit main.
    pub(crate) fn is_refusal(&self) -> bool {
        let error = self.as_error();
        error.downcast_ref().is_some_and(VerifyError::is_refusal)
            || error.downcast_ref().is_some_and(HermeticError::is_refusal)
    }
}

impl Hint for StartError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::Scratch(_) => "name a directory that can be written with the variable `TMPDIR`",
            Self::Output(_) => {
                "what was printed is incomplete; check the disk that it is written to"
            }
            _ => return None,
        };
        Some(hint.into())
    }
}
