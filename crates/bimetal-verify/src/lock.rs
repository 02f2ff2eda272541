//! `plugins.lock` beside plugins, usable or not, and what it means for one file.
//!
//! In: a directory, a file's digest. Out: [`FoundLock`], mismatches. Invariant: a lock that cannot
//! be used is not the same as no lock: no plugin beside it is taken.

use bimetal_files::Digest;
use bimetal_manifest::Lock;
use bimetal_manifest::lock::LockStatus;
use camino::Utf8Path;

use crate::HINTS;
use crate::compare::{Check, Mismatch, Outcome};
use crate::verdict::Problem;

/// What lies beside the plugins.
#[derive(Clone, Debug, Default)]
pub enum FoundLock {
    /// No lock.
    #[default]
    Absent,
    /// A lock.
    Usable(Lock),
    /// A file that is not a lock, or cannot be read.
    Unusable(Problem),
}

impl FoundLock {
    /// Reads the lock of `directory`.
    pub fn beside(directory: &Utf8Path) -> Self {
        match Lock::read(directory) {
            Ok(None) => Self::Absent,
            Ok(Some(lock)) => Self::Usable(lock),
            Err(error) => Self::Unusable(Problem::of(&error, HINTS)),
        }
    }

    /// The lock, if there is one that says something.
    pub fn usable(&self) -> Option<&Lock> {
        match self {
            Self::Usable(lock) => Some(lock),
            Self::Absent | Self::Unusable(_) => None,
        }
    }

    /// Why it says nothing although it is there.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Unusable(problem) => Some(problem),
            Self::Absent | Self::Usable(_) => None,
        }
    }

    /// What it says of a file. Without a digest only a file that is not listed has a status.
    pub(crate) fn status(&self, file: &str, sha256: Option<&Digest>) -> Option<LockStatus> {
        let lock = self.usable()?;
        match sha256 {
            Some(digest) => Some(lock.status(file, digest)),
            None => lock.get(file).is_none().then_some(LockStatus::Unpinned),
        }
    }

    /// What keeps the file out, where `required` refuses files that are not listed.
    pub(crate) fn mismatch(
        &self,
        file: &str,
        sha256: Option<&Digest>,
        required: bool,
    ) -> Option<Mismatch> {
        if let Self::Unusable(problem) = self {
            return Some(unusable(problem));
        }
        match self.status(file, sha256) {
            Some(LockStatus::Changed) => {
                let listed = self.usable().and_then(|lock| lock.get(file));
                Some(changed(
                    listed.map(|listed| listed.sha256.to_string()).as_deref(),
                    sha256.map(Digest::to_string).as_deref(),
                ))
            }
            Some(LockStatus::Pinned) => None,
            // Without a digest a listed file has no status, and it is not decided yet.
            None if self.usable().is_some() => None,
            Some(LockStatus::Unpinned) | None => required.then(not_listed),
        }
    }
}

fn unusable(problem: &Problem) -> Mismatch {
    Mismatch::new(Outcome::Refused, Check::Lock, "unusable")
        .on_load(format!(
            "the Collector takes no plugin beside a `plugins.lock` that cannot be used: {}",
            problem.message
        ))
        .help(
            problem
                .help
                .as_deref()
                .unwrap_or("take the lock from the build that made the plugins"),
        )
}

fn changed(listed: Option<&str>, found: Option<&str>) -> Mismatch {
    Mismatch::new(Outcome::Refused, Check::Lock, "changed")
        .values(listed, found)
        .on_load("its bytes are not those that `plugins.lock` lists")
        .help("copy the file again from where it was built, or find out who changed it")
}

fn not_listed() -> Mismatch {
    Mismatch::new(Outcome::Refused, Check::Lock, "not listed")
        .on_load("`plugins.lock` does not list it, and a lock is required")
        .help("add it to `plugins.lock` by building it with `bimetal`")
}
