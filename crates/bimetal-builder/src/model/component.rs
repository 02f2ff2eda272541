//! The components of a distribution: what the configuration says of one (`…Spec`), and around it
//! what each step adds.
//!
//! In: nothing. Out: types. Invariant: values only; a specification is wrapped, never copied.

use std::collections::BTreeMap;

use bimetal_manifest::schema::Kind;
use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};

/// The signals that a user named for a Go component: signal -> stability.
pub type Signals = BTreeMap<String, String>;

/// One `gomod:` entry, as the user wrote it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoSpec {
    /// `gomod:`: path and version.
    pub gomod: String,
    /// The first word of `gomod`.
    pub path: String,
    /// The second word of `gomod`; empty when there is none.
    pub version: String,
    /// Import path of the package with `NewFactory`: `import:`, else `path`.
    pub import: String,
    /// `name:`; [`GoModule::alias`] is what it became.
    #[serde(skip)]
    pub name: String,
    /// `path:`; [`GoModule::replace`] is what it became.
    #[serde(skip)]
    pub directory: String,
    /// `type:`, for modules without metadata.yaml.
    pub type_name: Option<String>,
    /// `signals:`, for modules without metadata.yaml.
    pub signals: Option<Signals>,
}

/// One Go module, and what it is called in this distribution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoModule {
    #[serde(flatten)]
    pub spec: GoSpec,
    /// Name of the package in generated code, unique in the distribution.
    pub alias: String,
    /// What `replace` points to, as it is written into go.mod.
    pub replace: Option<String>,
}

/// One `cargo:` entry: the crate of a Rust component, as the user wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrateSpec {
    /// Key in `[dependencies]`.
    pub key: String,
    /// The key as Rust code names it.
    pub ident: String,
    /// Value in the generated `[workspace.dependencies]`: a path crate's `path` is
    /// `local/<crate_name>`.
    pub value: String,
    /// Package name (`package =`, else the key).
    pub crate_name: String,
    /// `path =`; the copy of the crate is one of the plan's [`LocalCrate`]s.
    #[serde(skip)]
    pub path: Option<String>,
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
    #[serde(flatten)]
    pub spec: CrateSpec,
}

impl RustComponent {
    /// Package and file name of the program that describes it.
    pub fn describer(&self) -> String {
        format!("describe-{}", self.name)
    }

    /// Directory of that program's package, relative to the output directory.
    pub fn describer_dir(&self) -> Utf8PathBuf {
        Utf8PathBuf::from(format!("rust/describe/{}", self.name))
    }
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
