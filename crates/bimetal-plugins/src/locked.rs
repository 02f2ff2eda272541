//! `plugins.lock` beside plugins, usable or not.
//!
//! In: a directory. Out: [`FoundLock`]. Invariant: a lock that cannot be used is not no lock: main
//! takes no plugin beside it, and neither do the commands.

use bimetal_manifest::Lock;
use bimetal_verify::catalog::Problem;
use bimetal_verify::compare::{Check, Mismatch, Outcome};
use camino::Utf8Path;

/// What lies beside the plugins.
#[derive(Debug)]
pub(crate) enum FoundLock {
    /// No lock.
    Absent,
    /// A lock.
    Usable(Lock),
    /// A file that is no lock, or cannot be read.
    Unusable(Problem),
}

impl FoundLock {
    /// Reads the lock of `directory`.
    pub(crate) fn beside(directory: &Utf8Path) -> Self {
        match Lock::read(directory) {
            Ok(None) => Self::Absent,
            Ok(Some(lock)) => Self::Usable(lock),
            Err(error) => Self::Unusable(Problem::of(&error, error.hint())),
        }
    }

    /// The lock, if there is one that says something.
    pub(crate) fn usable(&self) -> Option<&Lock> {
        match self {
            Self::Usable(lock) => Some(lock),
            Self::Absent | Self::Unusable(_) => None,
        }
    }

    /// Why it says nothing although it is there.
    pub(crate) fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Unusable(problem) => Some(problem),
            Self::Absent | Self::Usable(_) => None,
        }
    }

    /// What every plugin beside it has against it.
    pub(crate) fn mismatch(&self) -> Option<Mismatch> {
        let problem = self.problem()?;
        Some(Mismatch {
            outcome: Outcome::Refused,
            check: Check::Lock,
            subject: "unusable".to_owned(),
            main: None,
            plugin: None,
            count: 1,
            names: Vec::new(),
            required_by: Vec::new(),
            on_load: format!(
                "the Collector takes no plugin beside a lock that cannot be used: {}",
                problem.message
            ),
            help: problem
                .help
                .clone()
                .unwrap_or_else(|| "take the lock from the build that made the plugins".to_owned()),
        })
    }
}
