//! The numbers that the builder exits with.
//!
//! In: how a run ended. Out: a number that scripts may rely on. Invariant: a number never changes
//! its meaning.

/// What a run ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExitCode {
    /// Everything that was asked for is done.
    Ok,
    /// Wrong usage, a bad configuration, a tool that failed.
    Failure,
    /// Everything was built, but a plugin does not fit main: nothing was published.
    Refused,
    /// A person or a signal stopped the run.
    Interrupted,
    /// A `plugins` command ended, or clap refused the command line: numbers that both programs
    /// share.
    Plugins(bimetal_plugins::ExitCode),
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        match code {
            ExitCode::Ok => Self::from(0),
            ExitCode::Failure => Self::from(1),
            ExitCode::Refused => Self::from(2),
            ExitCode::Interrupted => Self::from(130),
            ExitCode::Plugins(code) => code.into(),
        }
    }
}
