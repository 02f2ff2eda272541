//! What can go wrong between the first flag and the last step.
//!
//! In: the error of a step. Out: its text, its hint and the exit code. Invariant: a cause is not repeated in the text above it.

use std::error::Error;
use std::io;

use camino::Utf8PathBuf;

use super::exit_code::ExitCode;
use super::init::InitError;
use crate::stages::build::BuildError;
use crate::stages::config::ConfigError;
use crate::stages::describe::DescribeError;
use crate::stages::generate::GenerateError;
use crate::stages::lock::LockError;
use crate::stages::package::PackageError;
use crate::stages::resolve::ResolveError;
use crate::stages::stamp::StampError;
use crate::stages::verify::VerifyError;

/// An error of one of the steps, or of the command line itself.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    #[error(transparent)]
    Generate(#[from] GenerateError),
    #[error(transparent)]
    Lock(#[from] Box<LockError>),
    #[error(transparent)]
    Describe(#[from] DescribeError),
    #[error(transparent)]
    Stamp(#[from] StampError),
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error(transparent)]
    Verify(#[from] VerifyError),
    #[error(transparent)]
    Package(#[from] PackageError),
    #[error(transparent)]
    Init(#[from] InitError),
    #[error("cannot find out where the program runs")]
    Surroundings(#[source] io::Error),
    #[error("cannot make a temporary folder")]
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

impl CliError {
    pub(super) fn as_error(&self) -> &dyn Error {
        self
    }

    /// The next action for a person.
    pub(super) fn hint(&self) -> Option<String> {
        match self {
            Self::Config(error) => error.hint(),
            Self::Resolve(error) => error.hint(),
            Self::Generate(error) => error.hint().map(str::to_owned),
            Self::Lock(error) => error.hint().map(str::to_owned),
            Self::Describe(error) => error.hint().map(str::to_owned),
            Self::Stamp(error) => error.hint().map(str::to_owned),
            Self::Build(error) => error.hint().map(str::to_owned),
            Self::Verify(error) => error.hint().map(str::to_owned),
            Self::Package(error) => error.hint().map(str::to_owned),
            Self::Init(error) => Some(error.hint().to_owned()),
            Self::Scratch(_) => {
                Some("name a folder that can be written with the variable `TMPDIR`".to_owned())
            }
            Self::Output(_) => Some(
                "what was printed is incomplete; check the disk that it is written to".to_owned(),
            ),
            Self::Surroundings(_) | Self::Claim { .. } | Self::NotText(_) | Self::Signals(_) => {
                None
            }
        }
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        match self {
            _ if self.is_interrupt() => ExitCode::Interrupted,
            Self::Verify(error) if error.is_refusal() => ExitCode::Refused,
            _ => ExitCode::Failure,
        }
    }

    /// Whether a person stopped us.
    fn is_interrupt(&self) -> bool {
        match self {
            Self::Resolve(error) => error.is_interrupt(),
            Self::Generate(error) => error.is_interrupt(),
            Self::Lock(error) => error.is_interrupt(),
            Self::Describe(error) => error.is_interrupt(),
            Self::Stamp(error) => error.is_interrupt(),
            Self::Build(error) => error.is_interrupt(),
            Self::Verify(error) => error.is_interrupt(),
            Self::Package(error) => error.is_interrupt(),
            Self::Claim { source, .. } => source.kind() == io::ErrorKind::Interrupted,
            Self::Config(_)
            | Self::Init(_)
            | Self::Surroundings(_)
            | Self::Scratch(_)
            | Self::NotText(_)
            | Self::Signals(_)
            | Self::Output(_) => false,
        }
    }
}
