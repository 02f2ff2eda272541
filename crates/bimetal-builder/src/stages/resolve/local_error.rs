//! Why a path crate cannot be taken over.
//!
//! In: what cargo or a file answered. Out: text and hint. Invariant: the crate is named.

use std::borrow::Cow;
use std::io;

use bimetal_terminal::Hint;
use camino::Utf8PathBuf;

use crate::toolchain::InvocationError;

pub(super) const MAX_CRATE_SIZE: u64 = 64 * 1024 * 1024;
pub(super) const MAX_CRATES: usize = 256;

#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    #[error("there is no `{path}`")]
    NoManifest { path: Utf8PathBuf },
    #[error("cargo cannot read the crate")]
    Cargo(#[source] InvocationError),
    #[error("cargo's description of `{path}` cannot be understood")]
    Metadata {
        path: Utf8PathBuf,
        source: cargo_metadata::Error,
    },
    #[error("`{path}` has no package")]
    NoPackage { path: Utf8PathBuf },
    #[error("the package in `{path}` is `{found}`, not `{wanted}`")]
    OtherPackage {
        path: Utf8PathBuf,
        found: String,
        wanted: String,
    },
    #[error("`{name}` has no library")]
    NoLibrary { name: String },
    #[error("`{name}` is a crate that the builder brings itself")]
    Reserved { name: String },
    #[error("two path crates are named `{name}`: `{first}` and `{second}`")]
    TwoOfOneName {
        name: String,
        first: Utf8PathBuf,
        second: Utf8PathBuf,
    },
    #[error("`{name}` has more than {MAX_CRATE_SIZE} bytes of files")]
    TooLarge { name: String },
    #[error("more than {MAX_CRATES} path crates depend on each other")]
    TooMany,
    #[error("`{path}` leads out of its crate")]
    Escapes { path: Utf8PathBuf },
    #[error("cannot read a file of `{name}`")]
    Read { name: String, source: io::Error },
}

impl Hint for LocalError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::NoManifest { .. } => "`path` in `cargo` is relative to the configuration file",
            Self::OtherPackage { .. } => {
                "name the package in `cargo`, or rename it with `package = \"...\"`"
            }
            Self::NoLibrary { .. } => "a component is a library crate with `pub fn component()`",
            Self::TooLarge { .. } => "leave large files out with `exclude` in its Cargo.toml",
            _ => return None,
        };
        Some(hint.into())
    }
}
