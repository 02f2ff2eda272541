//! The toolchains, as they were found.
//!
//! In: nothing. Out: types. Invariant: values only.

use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};

/// Go, as found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoTool {
    pub program: Utf8PathBuf,
    /// For instance `go1.26.8`.
    pub version: String,
    pub os: String,
    pub arch: String,
}

/// cargo and rustc, as found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RustTools {
    pub cargo: Utf8PathBuf,
    pub rustc: Utf8PathBuf,
    /// For instance `1.95.0`.
    pub version: String,
    /// First line of `rustc -vV`.
    pub text: String,
    pub commit: Option<String>,
    /// The triple that is built for.
    pub target: String,
}

/// The C compiler, as found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cc {
    pub program: Utf8PathBuf,
    /// First line of `--version`.
    pub version: String,
}

/// The toolchains of one plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tools {
    pub go: GoTool,
    /// `None` when nothing Rust is built.
    pub rust: Option<RustTools>,
    pub cc: Option<Cc>,
}

/// Not looked for yet: the cargo that the search path has.
impl Default for RustTools {
    fn default() -> Self {
        Self {
            cargo: "cargo".into(),
            rustc: Utf8PathBuf::default(),
            version: String::new(),
            text: String::new(),
            commit: None,
            target: String::new(),
        }
    }
}
