//! What the container of a hermetic build starts from.
//!
//! In: nothing. Out: [`Base`]. Invariant: values only.

use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};

/// What the container starts from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Base {
    /// The official images of Go and Rust.
    Official,
    /// One image that has the toolchains, as the user names it; perhaps with its digest.
    Image(String),
    /// An archive of a root file system, absolute, and the digest that the user wants it to have
    /// (`sha256:…`).
    RootFs {
        path: Utf8PathBuf,
        wanted: Option<String>,
    },
}
