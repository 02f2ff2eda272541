//! Why the inputs of a hermetic build cannot be collected.
//!
//! In: what a tool, a cache or the disk answered. Out: text and hint. Invariant: a file that is not
//! what a lock file says is named with its path.

use std::borrow::Cow;
use std::io;

use bimetal_files::FileError;
use bimetal_terminal::{Hint, Interrupted};
use camino::Utf8PathBuf;

use bimetal_builder::owned::OwnedError;
use bimetal_builder::stages::lock::LockError;
use bimetal_builder::toolchain::{AnswerError, InvocationError};

#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error("{0}")]
    File(#[from] FileError),
    #[error("cannot read `{path}`: {reason}")]
    Unreadable { path: Utf8PathBuf, reason: String },
    #[error(
        "module `{module}` {version} is not in the module cache, or its archive is no zip: `{path}`"
    )]
    Archive {
        module: String,
        version: String,
        path: Utf8PathBuf,
        source: zip::result::ZipError,
    },
    #[error(
        "the module cache was changed: `{path}` has the sum {found}, and go.sum says {wanted} for \
         `{module}` {version}"
    )]
    ModuleChanged {
        module: String,
        version: String,
        path: Utf8PathBuf,
        found: String,
        wanted: String,
    },
    #[error("cannot ask Go where its module cache is")]
    GoCache { source: InvocationError },
    #[error("cannot ask Go which modules are replaced")]
    Replacements { source: InvocationError },
    #[error("{0}")]
    Answer(#[from] AnswerError),
    #[error("cannot take over the local module `{directory}`")]
    Local {
        directory: Utf8PathBuf,
        source: Box<LockError>,
    },
    #[error("cannot vendor the crates of Cargo.lock")]
    Vendor { source: InvocationError },
    #[error("a vendored crate is not what Cargo.lock says")]
    Crate { source: Box<LockError> },
    #[error(
        "crate `{name}` {version} is not in cargo's cache: no `{file}` in any registry below \
         `{directory}`"
    )]
    NoCrate {
        name: String,
        version: String,
        file: String,
        directory: Utf8PathBuf,
    },
    #[error("`{path}` has the digest {found}, and {wanted} is wanted")]
    Changed {
        path: Utf8PathBuf,
        found: String,
        wanted: String,
    },
    #[error("cannot read `{path}`, which a finished build leaves")]
    NoRecord {
        path: Utf8PathBuf,
        source: io::Error,
    },
    #[error("cannot read the root file system `{path}`")]
    NoRootFs {
        path: Utf8PathBuf,
        source: io::Error,
    },
    #[error("the distribution was built by bimetal {recorded}, and this is {running}")]
    OtherBuilder {
        recorded: String,
        running: &'static str,
    },
    #[error("there is nothing to build: `{path}` lists no sources")]
    NoSources { path: Utf8PathBuf },
    #[error("{0}")]
    Owned(#[from] OwnedError),
    #[error("{0}")]
    Interrupted(#[from] Interrupted),
}

impl Hint for FetchError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::Archive { .. } => {
                "run `go mod download` in the output directory, where the proxy can be reached"
            }
            Self::ModuleChanged { .. } => {
                "if go.sum was changed by hand, restore it; else run `go clean -modcache` and \
                 build again"
            }
            Self::Vendor { source } if source.is_failure() => {
                "see that the registry can be reached, or that cargo's cache has every crate of \
                 Cargo.lock"
            }
            Self::NoCrate { .. } => {
                "run `cargo fetch` in `rust/` of the output directory, where the registry can be \
                 reached"
            }
            Self::Changed { .. } => {
                "take the file that was recorded; if a root file system was changed on purpose, \
                 write its new digest into `dist.base_image`"
            }
            Self::NoRecord { .. } => {
                "name the output directory of a build; if its work directory `.bimetal` was \
                 removed, build it once more"
            }
            Self::Unreadable { .. } => "restore it, or build the distribution once more",
            Self::NoRootFs { .. } => "name the file that it was built from with `--base-image`",
            Self::OtherBuilder { .. } => "rebuild with the version that built it",
            Self::NoSources { .. } => "build without `--skip-generate` first",
            _ => return None,
        };
        Some(hint.into())
    }
}
