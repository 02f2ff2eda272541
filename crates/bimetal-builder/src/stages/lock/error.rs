//! What can go wrong while sources are fixed and hashed.
//!
//! In: what a tool, a lock file or a source said. Out: text and hint. Invariant: a changed source
//! is named with what differs: the files, or the hash that was found and the one that was wanted.

use std::io;

use bimetal_lockfile::{CargoLockError, GoSumError};
use camino::Utf8PathBuf;

use super::tree::TreeError;
use crate::toolchain::InvocationError;

#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error("failed to update go.mod")]
    Tidy { source: InvocationError },
    #[error("failed to download go modules")]
    Download { source: InvocationError },
    #[error("cannot list the Go packages of the distribution")]
    GoList { source: InvocationError },
    #[error("cannot ask Go for its flags")]
    GoFlags { source: InvocationError },
    #[error(
        "`GOFLAGS` is `{flags}`: with `-overlay` the compiler would read other files than those that are hashed"
    )]
    Overlay { flags: String },
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
    #[error("unexpected answer of `{tool}`: {reason}")]
    Answer { tool: &'static str, reason: String },
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
    #[error("cannot read `{path}`")]
    Read {
        path: Utf8PathBuf,
        source: io::Error,
    },
    #[error("cannot write `{path}`")]
    Write {
        path: Utf8PathBuf,
        source: io::Error,
    },
    #[error("cannot hash {what}")]
    Hash { what: String, source: TreeError },
    #[error("go.sum has no sum for `{module}` {version}")]
    NoSum { module: String, version: String },
    #[error(
        "module {module} was changed after its download: `{directory}` has {found}, go.sum {wanted}{}",
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
    #[error("interrupted")]
    Interrupted,
}

impl LockError {
    /// The next action for a person.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Tidy { source } | Self::Download { source } => source.hint_or(
                "see that every `gomod` names a module and a version that exist, and that the module proxy can be reached",
            ),
            Self::Fetch { source } => source.hint_or(
                "see that every `cargo` names a crate and a version that exist, and that the registry can be reached",
            ),
            Self::GoList { source } | Self::GoFlags { source } | Self::Metadata { source } => {
                source.hint()
            }
            Self::Overlay { .. } => {
                Some("take `-overlay` away; `replace` of an entry builds a module from other sources")
            }
            Self::Profile { .. } => Some(
                "`-pgo` in `GOFLAGS` names it, and a relative path starts at the output directory; `-pgo=off` builds without a profile",
            ),
            Self::GoSum { source } => Some(source.hint()),
            Self::CargoLock { source } => Some(source.hint()),
            Self::Constraints { .. } => Some(
                "see that the file is there and readable; `go clean -modcache` lets Go download modules again",
            ),
            Self::NoCore { .. } | Self::Strict { .. } => Some(
                "use `--skip-strict-versioning` to build with the versions in go.mod, or write those into the configuration",
            ),
            Self::ModuleChanged { .. } => {
                Some("somebody edited the module cache; run `go clean -modcache` and build again")
            }
            Self::NoSum { .. } => Some("delete go.sum and build again"),
            Self::Registry { .. } => Some(
                "the builder carries these crates itself; ask for the version that this builder has",
            ),
            Self::ArchiveChanged { .. } | Self::CrateChanged { .. } | Self::Archive { .. } => Some(
                "delete the crate's directory and archive below CARGO_HOME/registry; cargo downloads them again",
            ),
            Self::Write { .. } => {
                Some("see that the output directory is writable and the disk not full")
            }
            _ => None,
        }
    }

    /// Whether a person stopped us.
    pub fn is_interrupt(&self) -> bool {
        match self {
            Self::Interrupted => true,
            Self::Tidy { source }
            | Self::Download { source }
            | Self::GoList { source }
            | Self::GoFlags { source }
            | Self::Fetch { source }
            | Self::Metadata { source } => source.is_interrupt(),
            _ => false,
        }
    }
}

fn listed(files: &[String]) -> String {
    if files.is_empty() {
        return String::new();
    }
    format!("\n  changed: {}", files.join(", "))
}
