//! What can go wrong while compilers run.
//!
//! In: what a compiler or the file system answered. Out: text and hint. Invariant: a tool that
//! failed is shown with its command line, its last lines as they were, and the log that has all of
//! them.

use std::borrow::Cow;

use bimetal_files::FileError;
use bimetal_terminal::Hint;
use camino::Utf8PathBuf;

use crate::owned::OwnedError;
use crate::toolchain::InvocationError;

#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error("failed to compile the OpenTelemetry Collector distribution")]
    Main { source: InvocationError },
    #[error("failed to compile the plugin of `{entry}`")]
    Plugin {
        entry: String,
        source: InvocationError,
    },
    #[error("failed to compile the Rust part of the distribution")]
    Rust { source: InvocationError },
    #[error("failed to link the Rust static library into one object")]
    Link { source: InvocationError },
    #[error("{0}")]
    File(#[from] FileError),
    #[error("`{path}` is no archive of objects: {reason}")]
    Archive { path: Utf8PathBuf, reason: String },
    #[error("`{path}` has no symbol that begins with `bimetal_`")]
    NoSymbols { path: Utf8PathBuf },
    #[error("the plugin `{name}` was not described")]
    Unknown { name: String },
    #[error("cannot note what was written")]
    Record {
        #[from]
        source: OwnedError,
    },
    #[error("the linker flags `{flags}` cannot be used together with plugins: {reason}")]
    Flags { flags: String, reason: &'static str },
}

impl Hint for BuildError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::Flags { .. } => {
                "leave the flag out of `--ldflags`; CGO_LDFLAGS takes flags for the C linker"
            }
            _ => return None,
        };
        Some(hint.into())
    }
}
