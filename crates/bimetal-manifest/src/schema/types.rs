//! The manifest as types: the only place that names the JSON keys.
//!
//! In: JSON text. Out: [`Manifest`]. Invariant: a key that this version does not know is kept in
//! `other` and ignored.

use std::collections::BTreeMap;

pub use bimetal_abi::Kind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::hermetic::{Builder, Hermetic};

/// Version of the schema that this crate writes. Readers accept every version that has the required
/// keys.
pub const SCHEMA_VERSION: u32 = 1;

/// What an artifact says about how it was built. The keys up to `build_time` are those of the
/// plugin proposal and keep their meaning.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Manifest {
    /// Version of this schema.
    pub schema_version: u32,
    /// Main or plugin.
    pub artifact: ArtifactKind,
    /// Language that the artifact (or, in main, this part of it) is written in.
    pub language: Language,
    /// Go's or rustc's version, exact, for instance `go1.26.8` or `1.95.0`.
    pub toolchain_version: String,
    /// `release` or `debug`; of Rust also `dist`.
    pub build_profile: String,
    /// Go: module path -> `h1:` sum. Rust: crate name (`name@version` where a name occurs twice) ->
    /// `sha256:` or `h1:`.
    pub dependency_hashes: BTreeMap<String, String>,
    /// Every flag given to the compiler and linker. Compared: Go's
    /// `-trimpath -tags -race -msan -asan -gcflags -asmflags -pgo -cover*`, rustc's code generation
    /// flags.
    pub build_flags: Vec<String>,
    /// Rust's target triple, for Go too.
    pub target: String,
    /// RFC 3339, UTC.
    pub build_time: String,
    /// The toolchain in more detail.
    #[serde(default)]
    pub toolchain: Toolchain,
    /// The dependencies in more detail, in the order of `dependency_hashes`.
    #[serde(default)]
    pub dependencies: Vec<Dependency>,
    /// Variables that reached the compilers: GO*, CGO_*, CC and the like. Compared: GO* and CGO_*,
    /// those that name places excepted.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// Of a hermetic build: [`Hermetic::hash`], the `sha256:` of `environment.json`. Else `sha256:`
    /// over the canonical text of `environment` and `toolchain`, recorded only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment_hash: Option<String>,
    /// What the hermetic build was made in; absent from any other build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hermetic: Option<Hermetic>,
    /// Those of the tags behind `-tags` that a file of the import graph asks for in a build
    /// constraint, sorted; the others change nothing. Without this key every tag is compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_tags: Option<Vec<String>>,
    /// `sha256:` of the profile that `-pgo` named; the flag itself has its path or name only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pgo_profile: Option<String>,
    /// The distribution that the artifact was built for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distribution: Option<Distribution>,
    /// The program that built it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub builder: Option<Builder>,
    /// The one component of a plugin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<Component>,
    /// The components that are linked into main and whose identity is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<Component>,
    /// How main looks for plugins; only in main's Go part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugins: Option<PluginSettings>,
    /// Languages of the plugins that main can load; only in main's Go part. Without this key both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin_languages: Option<Vec<Language>>,
    /// The C ABI; in Rust parts only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abi: Option<Abi>,
    /// Keys of later versions.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Main or plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ArtifactKind {
    /// The Collector binary.
    Main,
    /// A shared library with one component.
    Plugin,
}

/// Language of an artifact or of a part of main.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Go.
    Go,
    /// Rust.
    Rust,
}

/// The compilers and linkers, as they describe themselves.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Toolchain {
    /// `go version` or the first line of `rustc -vV`.
    #[serde(default)]
    pub text: String,
    /// Commit of the compiler; Rust only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// First line of the linker's `--version`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linker: Option<String>,
    /// First line of the C compiler's `--version`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cc: Option<String>,
    /// First line of the C++ compiler's `--version`; Go only, and only where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cxx: Option<String>,
}

/// One module or crate in the artifact's import graph.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Dependency {
    /// Module path or crate name.
    pub name: String,
    /// Version as the toolchain writes it (`v1.2.3`, `1.2.3`).
    pub version: String,
    /// `proxy`, `registry`, `git`, `local` or `replaced`.
    pub source: String,
    /// The hash that stands in `dependency_hashes`.
    pub hash: String,
    /// Crate features that were on; recorded, not compared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
    /// What a replaced Go module was replaced by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<String>,
    /// Key (as in `dependency_hashes`) of the dependency that brings this one in, on a shortest way
    /// from the component; none where the component's own module or crate, or main itself, asks for
    /// it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required_by: Option<String>,
}

impl Dependency {
    /// [`source`](Self::source) of what lies in a directory, and so has no version that says what
    /// is in it.
    pub const LOCAL: &str = "local";
    /// `source` of a Go module that stands for another one.
    pub const REPLACED: &str = "replaced";
}

/// Name and version of a distribution.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Distribution {
    /// `dist.name`.
    pub name: String,
    /// `dist.version`.
    pub version: String,
}

/// Identity of a component, known without running it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Component {
    /// Its kind.
    pub kind: Kind,
    /// Its type, as in the Collector's configuration.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Older names of the type, by which a configuration may name it too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Signal (`logs`, `metrics`, `traces`, `profiles`, `extension`, `logs_to_metrics`, …) ->
    /// stability (`beta`, …).
    #[serde(default)]
    pub signals: BTreeMap<String, String>,
    /// Module or crate, with its version.
    pub module: String,
    /// Default configuration; Rust only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_config: Option<Value>,
    /// JSON Schema of the configuration; Rust only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_schema: Option<Value>,
}

impl Component {
    /// Its type, then its older names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        [&self.type_name]
            .into_iter()
            .chain(&self.aliases)
            .map(String::as_str)
    }
}

/// How main looks for plugins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PluginSettings {
    /// `dist.plugins_dir`: relative to main's directory, or absolute.
    pub dir: String,
    /// `dist.plugins_policy`.
    pub policy: Policy,
}

/// How much of a Rust plugin must equal main's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// Same compiler, shared crates and profile.
    #[default]
    Exact,
    /// Same ABI version, target and features only.
    Abi,
}

/// Version of the C ABI.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Abi {
    /// Must be equal.
    pub major: u32,
    /// A plugin's may be smaller than or equal to main's.
    pub minor: u32,
    /// Named features that the plugin needs (plugin) or main has (main).
    #[serde(default)]
    pub features: Vec<String>,
}

impl Language {
    /// The word that stands in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Go => "go",
            Self::Rust => "rust",
        }
    }

    /// Its name in a sentence.
    pub fn name(self) -> &'static str {
        match self {
            Self::Go => "Go",
            Self::Rust => "Rust",
        }
    }
}
