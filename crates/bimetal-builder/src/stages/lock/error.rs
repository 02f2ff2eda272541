//! What can go wrong while sources are fixed and hashed.
//!
//! In: what a tool, a lock file or a source said. Out: text and hint. Invariant: a changed source
//! is named with what differs: the files, or the hash that was found and the one that was wanted.

use std::borrow::Cow;
use std::io;

use bimetal_files::FileError;
use bimetal_lockfile::{CargoLockError, GoSumError};
use bimetal_terminal::{Hint, Interrupted};
use camino::Utf8PathBuf;

use super::complaints::{self, Rival};
use super::tree::TreeError;
use crate::toolchain::{AnswerError, InvocationError, RefusedFlag};

/// What to do about core modules of several releases.
pub(super) const ONE_RELEASE: &str = "use a version of the module that asks which was made for \
    this release, or hold back what it asks for with a line `MODULE => MODULE VERSION` in \
    `replaces`";

#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error("failed to update go.mod")]
    Tidy { source: InvocationError },
    #[error("`{package}` is in several modules at once{}", named(.rivals))]
    Ambiguous {
        package: String,
        rivals: Vec<Rival>,
        source: InvocationError,
    },
    #[error("failed to download go modules")]
    Download { source: InvocationError },
    #[error("cannot list the Go packages of the distribution")]
    GoList { source: InvocationError },
    #[error("cannot ask Go for its flags")]
    GoFlags { source: InvocationError },
    #[error("{0}")]
    RefusedFlag(#[from] RefusedFlag),
    #[error("cannot read the profile `{path}` that guides Go's compiler")]
    Profile {
        path: Utf8PathBuf,
        source: io::Error,
    },
    #[error("cannot read `{path}` for its build constraints")]
    Constraints {
        path: Utf8PathBuf,
        source: io::Error,
    },
    #[error("cannot update Cargo.lock and download crates")]
    Fetch { source: InvocationError },
    #[error("cannot read the crate graph")]
    Metadata { source: InvocationError },
    #[error("{0}")]
    Answer(#[from] AnswerError),
    #[error("cannot make sense of go.sum")]
    GoSum { source: GoSumError },
    #[error("cannot make sense of Cargo.lock")]
    CargoLock { source: CargoLockError },
    #[error("core collector dependency `{module}` not found in go.mod")]
    NoCore { module: String },
    #[error("go.mod has `{module}` {found}, the configuration {wanted}")]
    Strict {
        module: String,
        found: String,
        wanted: String,
    },
    #[error("{text}")]
    Mixed { text: String },
    #[error("{0}")]
    File(#[from] FileError),
    #[error("cannot hash {what}")]
    Hash { what: String, source: TreeError },
    #[error("go.sum has no sum for `{module}` {version}")]
    NoSum { module: String, version: String },
    #[error(
        "module {module} was changed after its download: `{directory}` has {found}, go.sum \
         {wanted}{}",
        listed(.files)
    )]
    ModuleChanged {
        /// Path and version.
        module: String,
        directory: Utf8PathBuf,
        found: String,
        wanted: String,
        files: Box<[String]>,
    },
    #[error("package `{package}` belongs to no module")]
    NoModule { package: String },
    #[error("package `{package}` cannot be loaded: {reason}")]
    Package { package: String, reason: String },
    #[error("crate `{name}` {version} came from a registry, not from this builder")]
    Registry { name: String, version: String },
    #[error(
        "crate {unpacked}: the archive `{path}` has sha256:{found}, Cargo.lock sha256:{wanted}"
    )]
    ArchiveChanged {
        /// Name and version.
        unpacked: String,
        path: Utf8PathBuf,
        found: String,
        wanted: String,
    },
    #[error("crate `{name}` {version} was changed after its download: `{path}` {difference}")]
    CrateChanged {
        name: String,
        version: String,
        path: Utf8PathBuf,
        difference: &'static str,
    },
    #[error("crate `{name}` {version}: cannot read the archive `{path}`")]
    Archive {
        name: String,
        version: String,
        path: Utf8PathBuf,
        source: io::Error,
    },
    #[error("crate `{name}` {version} has no checksum in Cargo.lock")]
    NoChecksum { name: String, version: String },
    #[error("cannot make cargo's directory `{path}`")]
    CargoHome {
        path: Utf8PathBuf,
        source: io::Error,
    },
    #[error("{0}")]
    Interrupted(#[from] Interrupted),
}

impl Hint for LockError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::Tidy { source } | Self::Download { source } | Self::GoList { source }
                if source.is_failure() =>
            {
                complaints::cure(source.output().unwrap_or_default())
            }
            Self::Ambiguous {
                package, rivals, ..
            } => {
                return Some(apart(package, rivals).into());
            }
            Self::Package { reason, .. } => complaints::cure(reason),
            Self::Fetch { source } if source.is_failure() => {
                complaints::crate_cure(source.output().unwrap_or_default())
            }
            Self::RefusedFlag(refused) => refused.cure,
            Self::Profile { .. } => {
                "`-pgo` in `GOFLAGS` names it, and a relative path starts at the output directory; \
                 `-pgo=off` builds without a profile"
            }
            Self::Constraints { .. } => {
                "see that the file is there and readable; `go clean -modcache` lets Go download \
                 modules again"
            }
            Self::NoCore { .. } | Self::Strict { .. } => {
                "use `--skip-strict-versioning` to build with the versions in go.mod, or write \
                 those into the configuration"
            }
            Self::Mixed { .. } => ONE_RELEASE,
            Self::ModuleChanged { .. } => {
                "the module cache was edited; run `go clean -modcache` and build again"
            }
            Self::NoSum { .. } => "delete go.sum and build again",
            Self::Registry { .. } => {
                "the builder carries these crates itself; ask for the version that this builder has"
            }
            Self::ArchiveChanged { .. } | Self::CrateChanged { .. } | Self::Archive { .. } => {
                "delete the crate's directory and archive below CARGO_HOME/registry; cargo \
                 downloads them again"
            }
            _ => return None,
        };
        Some(hint.into())
    }
}

/// Each module, and whose it is.
fn named(rivals: &[Rival]) -> String {
    let line = |rival: &Rival| {
        let entries: Vec<String> = rival
            .entries
            .iter()
            .map(|gomod| format!("`gomod: {gomod}`"))
            .collect();
        let by = if entries.is_empty() {
            String::new()
        } else {
            format!(", which {} asks for", entries.join(" and "))
        };
        format!("\n  `{}`{by}", rival.module)
    };
    rivals.iter().map(line).collect()
}

/// How one of the modules is kept out: that with the shortest path is the one which others were
/// split off from.
fn apart(package: &str, rivals: &[Rival]) -> String {
    let path = |rival: &Rival| rival.module.split(' ').next().map(str::len);
    let Some(whole) = rivals.iter().min_by_key(|rival| path(rival)) else {
        return String::new();
    };
    let name = whole.module.split(' ').next().unwrap_or_default();
    format!(
        "`{package}` has moved out of `{name}`: the line `{}` in `excludes` leaves that version \
         out, and `{name} => {name} VERSION` in `replaces` takes one that no longer has the \
         package",
        whole.module
    )
}

fn listed(files: &[String]) -> String {
    if files.is_empty() {
        return String::new();
    }
    format!("\n  changed: {}", files.join(", "))
}
