//! What can go wrong between the first flag and the last step.
//!
//! In: the error of a step. Out: its text, its hint and the exit code. Invariant: a cause is not
//! repeated in the text above it.

use std::error::Error;
use std::io;

use camino::Utf8PathBuf;

use crate::exit_code::ExitCode;
use crate::hermetic::HermeticError;
use crate::init::InitError;
use crate::inside::InsideError;
use crate::rebuild::RebuildError;
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

/// An error of one of the steps, or of the command line itself.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
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
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Hermetic(#[from] HermeticError),
    #[error(transparent)]
    Inside(#[from] InsideError),
    #[error(transparent)]
    Rebuild(#[from] RebuildError),
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    #[error(transparent)]
    Deliver(#[from] DeliverError),
    #[error(transparent)]
    Receive(#[from] ReceiveError),
    #[error(transparent)]
    Init(#[from] InitError),
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

impl CliError {
    pub(crate) fn as_error(&self) -> &dyn Error {
        self
    }

    /// The next action for a person.
    pub(crate) fn hint(&self) -> Option<String> {
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
            Self::Fetch(error) => error.hint().map(str::to_owned),
            Self::Hermetic(error) => error.hint(),
            Self::Inside(error) => error.hint().map(str::to_owned),
            Self::Environment(error) => error.hint().map(str::to_owned),
            Self::Deliver(error) => error.hint().map(str::to_owned),
            Self::Receive(error) => Some(error.hint().to_owned()),
            Self::Init(error) => Some(error.hint().to_owned()),
            Self::Scratch(_) => {
                Some("name a directory that can be written with the variable `TMPDIR`".to_owned())
            }
            Self::Output(_) => Some(
                "what was printed is incomplete; check the disk that it is written to".to_owned(),
            ),
            Self::Rebuild(error) => Some(error.hint().to_owned()),
            Self::Surroundings(_) | Self::Claim { .. } | Self::NotText(_) | Self::Signals(_) => {
                None
            }
        }
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            _ if self.is_interrupt() => ExitCode::Interrupted,
            _ if self.is_refusal() => ExitCode::Refused,
            _ => ExitCode::Failure,
        }
    }

    /// Whether everything was built, and a plugin does not fit main.
    pub(crate) fn is_refusal(&self) -> bool {
        match self {
            Self::Verify(error) => error.is_refusal(),
            Self::Hermetic(error) => error.is_refusal(),
            _ => false,
        }
    }

    /// The name of the step that this is the error of.
    pub(crate) fn step(&self) -> &'static str {
        match self {
            Self::Config(_) => "config",
            Self::Resolve(_) => "resolve",
            Self::Generate(_) => "generate",
            Self::Lock(_) => "lock",
            Self::Fetch(_) => "fetch",
            Self::Inside(_) => "inputs",
            Self::Environment(_) => "environment",
            Self::Describe(_) => "describe",
            Self::Stamp(_) => "stamp",
            Self::Build(_) => "build",
            Self::Verify(_) => "verify",
            Self::Package(_) => "package",
            Self::Deliver(_) => "deliver",
            Self::Hermetic(_) | Self::Receive(_) => "container",
            _ => "start",
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
            Self::Fetch(error) => error.is_interrupt(),
            Self::Hermetic(error) => error.is_interrupt(),
            Self::Environment(error) => error.is_interrupt(),
            Self::Claim { source, .. } => source.kind() == io::ErrorKind::Interrupted,
            Self::Config(_)
            | Self::Inside(_)
            | Self::Rebuild(_)
            | Self::Deliver(_)
            | Self::Receive(_)
            | Self::Init(_)
            | Self::Surroundings(_)
            | Self::Scratch(_)
            | Self::NotText(_)
            | Self::Signals(_)
            | Self::Output(_) => false,
        }
    }
}
