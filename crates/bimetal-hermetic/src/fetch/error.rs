//! Why the inputs of a hermetic build cannot be collected.
//!
//! In: what a tool, a cache or the disk answered. Out: text and hint. Invariant: a file that is not
//! what a lock file says is named with its path.

use std::io;

use camino::Utf8PathBuf;

use bimetal_builder::owned::OwnedError;
use bimetal_builder::stages::lock::LockError;
use bimetal_builder::toolchain::InvocationError;

#[derive(Debug, thiserror::Error)]
pub enum FetchError {
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
        "the module cache was changed: `{path}` has the sum {found}, and go.sum says {wanted} for `{module}` {version}"
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
    #[error("unexpected answer of `{tool}`: {reason}")]
    Answer { tool: &'static str, reason: String },
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
        "crate `{name}` {version} is not in cargo's cache: no `{file}` in any registry below `{directory}`"
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
    #[error(transparent)]
    Owned(#[from] OwnedError),
    #[error("interrupted")]
    Interrupted,
}

impl FetchError {
    /// The next action for a person.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Write { .. } => {
                Some("see that the output directory is writable and the disk not full")
            }
            Self::Archive { .. } => {
                Some("run `go mod download` in the output directory, where the proxy can be reached")
            }
            Self::ModuleChanged { .. } => Some(
                "if go.sum was changed by hand, restore it; else run `go clean -modcache` and build again",
            ),
            Self::Vendor { source } => {
                source.hint_or("see that the registry can be reached, or that cargo's cache has every crate of Cargo.lock")
            }
            Self::Crate { source } | Self::Local { source, .. } => source.hint(),
            Self::NoCrate { .. } => {
                Some("run `cargo fetch` in `rust/` of the output directory, where the registry can be reached")
            }
            Self::Changed { .. } => Some(
                "take the file that was recorded; if a root file system was changed on purpose, write its new digest into `dist.base_image`",
            ),
            Self::NoRecord { .. } => Some(
                "name the output directory of a build; if its work directory `.bimetal` was removed, build it once more",
            ),
            Self::Unreadable { .. } => Some("restore it, or build the distribution once more"),
            Self::NoRootFs { .. } => Some("name the file that it was built from with `--base-image`"),
            Self::OtherBuilder { .. } => Some("rebuild with the version that built it"),
            Self::NoSources { .. } => Some("build without `--skip-generate` first"),
            Self::GoCache { source } | Self::Replacements { source } => source.hint(),
            Self::Owned(error) => Some(error.hint()),
            _ => None,
        }
    }

    /// Whether a person stopped us.
    pub fn is_interrupt(&self) -> bool {
        match self {
            Self::Interrupted => true,
            Self::GoCache { source } | Self::Replacements { source } | Self::Vendor { source } => {
                source.is_interrupt()
            }
            Self::Crate { source } | Self::Local { source, .. } => source.is_interrupt(),
            _ => false,
        }
    }
}
