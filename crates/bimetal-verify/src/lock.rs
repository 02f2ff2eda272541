//! `plugins.lock` beside plugins, usable or not, and what it means for one file.
//!
//! In: a directory, a file's digest. Out: [`FoundLock`], mismatches. Invariant: a lock that cannot
//! be used is not the same as no lock: no plugin beside it is taken. It obeys the rule that plugin
//! files obey, which is checked on the descriptor that is read.

use std::error::Error;

use bimetal_files::Digest;
use bimetal_manifest::lock::{FILE_NAME, LockError, LockStatus, LockedPlugin};
use bimetal_manifest::{Artifact, Lock};
use camino::Utf8Path;
use rustix::io::Errno;

use crate::HINTS;
use crate::compare::{Check, Mismatch, Outcome};
use crate::file::{PluginFile, open_itself};
use crate::rights::{RightsError, check_directory, check_file};
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
        Self::at(&directory.join(FILE_NAME))
    }

    /// Reads the lock at `path`, of which more is asked: its digests stand in for the modes of
    /// plugin files, so no other user may be able to put another one in its place either.
    pub fn vouching(path: &Utf8Path) -> Self {
        let directory = match path.parent() {
            Some(directory) if !directory.as_str().is_empty() => directory,
            _ => Utf8Path::new("."),
        };
        match check_directory(directory) {
            Ok(()) => Self::at(path),
            Err(error) => Self::unusable(&error),
        }
    }

    fn at(path: &Utf8Path) -> Self {
        let file = match open_itself(path) {
            Ok(file) => file,
            Err(Errno::NOENT) => return Self::Absent,
            Err(Errno::LOOP) => {
                let error = RightsError::Link {
                    path: path.to_owned(),
                };
                return Self::unusable(&error);
            }
            Err(error) => {
                let error = LockError::from(std::io::Error::from(error));
                return Self::unusable(&error);
            }
        };
        let rights = file
            .metadata()
            .map_err(|source| RightsError::Look {
                path: path.to_owned(),
                source,
            })
            .and_then(|metadata| check_file(path, &metadata));
        if let Err(error) = rights {
            return Self::unusable(&error);
        }
        match Lock::read(&file) {
            Ok(lock) => Self::Usable(lock),
            Err(error) => Self::unusable(&error),
        }
    }

    fn unusable(error: &(dyn Error + 'static)) -> Self {
        Self::Unusable(Problem::of(error, HINTS))
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
    pub(crate) fn mismatch(&self, file: &PluginFile, required: bool) -> Option<Mismatch> {
        if let Self::Unusable(problem) = self {
            return Some(unusable(problem));
        }
        let listed = self.usable().and_then(|lock| lock.get(&file.file));
        match (self.status(&file.file, file.sha256.as_ref()), listed) {
            (Some(LockStatus::Changed), listed) => Some(changed(
                listed.map(|listed| listed.sha256.to_string()).as_deref(),
                file.sha256.as_ref().map(Digest::to_string).as_deref(),
            )),
            (Some(LockStatus::Pinned), Some(listed)) => {
                differs(listed, file.artifact.as_ref().ok()?)
            }
            // Without a digest a listed file has no status, and it is not decided yet.
            (None, _) if self.usable().is_some() => None,
            _ => required.then(not_listed),
        }
    }
}

/// The entry has the file's digest, and says something else of it all the same.
fn differs(listed: &LockedPlugin, artifact: &Artifact) -> Option<Mismatch> {
    let component = artifact.component()?;
    let entry = |kind: &str, name: &str, size: u64| format!("{kind} {name}, {size} bytes");
    let said = entry(listed.kind.as_str(), &listed.type_name, listed.size);
    let found = entry(
        component.kind.as_str(),
        &component.type_name,
        artifact.facts.size,
    );
    (said != found).then(|| {
        Mismatch::new(Outcome::Refused, Check::Lock, "entry")
            .values(Some(&said), Some(&found))
            .on_load("`plugins.lock` lists its bytes as those of another plugin")
            .help("take the lock from the build that made the plugins; `bimetal` writes it")
    })
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
