//! The components of a distribution.
//!
//! In: nothing. Out: types. Invariant: values only.

use std::collections::BTreeMap;

use bimetal_manifest::schema::Kind;
use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};

/// The signals that a user named for a Go component: signal -> stability.
pub type Signals = BTreeMap<String, String>;

/// One Go module of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoModule {
    /// `gomod:` as written: path and version.
    pub gomod: String,
    /// The first word of `gomod`.
    pub path: String,
    /// The second word of `gomod`; empty when there is none.
    pub version: String,
    /// Import path of the package with `NewFactory`.
    pub import: String,
    /// Name of the package in generated code, unique in the distribution.
    pub alias: String,
    /// What `replace` points to, as it is written into go.mod.
    pub replace: Option<String>,
    /// `type:`, for modules without metadata.yaml.
    pub type_name: Option<String>,
    /// `signals:`, for modules without metadata.yaml.
    pub signals: Option<Signals>,
}

/// Whether a component is linked into main or built as a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Linkage {
    /// Linked into main.
    Static,
    /// A shared library of its own.
    Plugin,
}

/// One Go component of main.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoComponent {
    pub kind: Kind,
    pub module: GoModule,
}

/// One Go plugin: a `package main` of the generated module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoPlugin {
    pub kind: Kind,
    pub module: GoModule,
    /// `<kind>-<alias>`: name of its directory and of its build output until its type is known.
    pub name: String,
    /// `internal/plugin/<name>`.
    pub dir: Utf8PathBuf,
    /// Import path of the generated package, unique in the distribution.
    pub package: String,
}

/// One Rust component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RustComponent {
    pub kind: Kind,
    pub linkage: Linkage,
    /// `<kind>-<crate>`: name of its directory below `rust/plugin/` if it is a plugin.
    pub name: String,
    /// `rust/plugin/<name>`; used by plugins only.
    pub dir: Utf8PathBuf,
    /// Package name of the generated cdylib; its library file is
    /// `lib<package with underscores>.so`.
    pub package: String,
    /// What the user wrote, resolved.
    #[serde(flatten)]
    pub source: Crate,
}

/// The crate of a Rust component: one `cargo:` entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crate {
    /// Key in `[dependencies]`.
    pub key: String,
    /// The key as Rust code names it.
    pub ident: String,
    /// Value in the generated `[workspace.dependencies]`: a path crate's `path` is
    /// `local/<crate_name>`.
    pub value: String,
    /// Package name (`package =`, else the key).
    pub crate_name: String,
    /// Directory of a path crate, absolute, as the user wrote it.
    pub path: Option<Utf8PathBuf>,
}

/// One path crate, copied below `rust/local/<name>/`: what `cargo metadata` and its directory say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalCrate {
    /// Name of the package and of its directory below `rust/local/`.
    pub name: String,
    pub version: String,
    /// Where it was read from, absolute.
    pub root: Utf8PathBuf,
    /// The self-contained Cargo.toml.
    #[serde(skip)]
    pub manifest: String,
    /// Its files, relative to `root`, without Cargo.toml, sorted.
    #[serde(skip)]
    pub files: Vec<(Utf8PathBuf, Vec<u8>)>,
}
