//! The numbers that the `plugins` commands exit with.
//!
//! In: outcomes. Out: a number. Invariant: numbers are never reused for another meaning;
//! `docs/reference/reports.md` lists them.

/// What a `plugins` command ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum ExitCode {
    /// The command could do what it was asked to; for `validate` and `check`: every plugin is good.
    Ok = 0,
    /// Wrong usage, or something that the command itself needs could not be read or written.
    Failure = 1,
    /// `validate` or `check` found an incompatible, conflicting or changed plugin.
    Incompatible = 2,
    /// A file that was named on the command line is not a readable plugin.
    Unreadable = 3,
    /// The command was interrupted.
    Interrupted = 130,
}

impl ExitCode {
    /// The number that the process exits with.
    pub fn number(self) -> u8 {
        self as u8
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.number())
    }
}
