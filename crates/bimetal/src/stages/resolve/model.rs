//! What the configuration means on this machine: absolute paths, tools with their versions,
//! components with language and linkage.
//!
//! In: nothing. Out: [`Resolved`] and its parts. Invariant: nothing in it has to be looked up
//! again.

use bimetal_manifest::schema::Kind;
use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};

use super::container::Base;
use crate::stages::config::Dist;
use crate::stages::plan::{Linkage, Signals};

/// The configuration, resolved.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    /// `dist:` as written, except that it holds no path that a later step would use.
    pub(crate) dist: Dist,
    /// The output directory, absolute.
    pub(crate) out: Utf8PathBuf,
    /// What the flags ask for.
    pub(crate) options: Options,
    /// `None` when nothing will run Go.
    pub(crate) go: Option<GoTool>,
    /// `None` when nothing Rust is built.
    pub(crate) rust: Option<RustTools>,
    /// `None` when main has no plugin host.
    pub(crate) cc: Option<Cc>,
    /// What the container of a hermetic build starts from; `None` when the build runs on this
    /// machine.
    pub(crate) container: Option<Base>,
    /// Whether main gets the plugin host: something is Rust or a plugin, or `dist.plugins_dir` is
    /// set.
    pub(crate) host: bool,
    /// Whether cgo is on: as the user said, or because Rust or plugins need it.
    pub(crate) cgo: bool,
    pub(crate) components: Vec<Component>,
    pub(crate) local_crates: Vec<LocalCrate>,
    pub(crate) telemetry: GoModule,
    pub(crate) providers: Vec<GoModule>,
    pub(crate) converters: Vec<GoModule>,
    pub(crate) replaces: Vec<String>,
    pub(crate) excludes: Vec<String>,
    pub(crate) default_uri_scheme: String,
    /// Whether main is built for Windows.
    pub(crate) windows: bool,
    /// What a person should know, one line each.
    pub(crate) notes: Vec<String>,
}

/// What the process is surrounded by; read once, at its start.
#[derive(Clone, Debug)]
pub(crate) struct Surroundings {
    /// The current directory, absolute.
    pub(crate) current_directory: Utf8PathBuf,
    /// `PATH`.
    pub(crate) search_path: String,
    /// The system that is built for, as Go names it.
    pub(crate) goos: String,
    /// Where the distribution goes when no directory is named; does not exist yet.
    pub(crate) fresh_directory: Utf8PathBuf,
    /// A directory for what tools leave behind; removed at the end.
    pub(crate) scratch: Utf8PathBuf,
}

/// What the command line asks for, typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one of OCB's flags")]
pub(crate) struct Options {
    pub(crate) skip_generate: bool,
    pub(crate) skip_modules: bool,
    pub(crate) skip_compilation: bool,
    pub(crate) strict_versioning: bool,
    pub(crate) ldflags: Option<String>,
    pub(crate) gcflags: Option<String>,
    pub(crate) output_path: Option<String>,
    pub(crate) hermetic: bool,
    pub(crate) dockerfile_only: bool,
}

/// One component with its language.
#[derive(Clone, Debug)]
pub(crate) struct Component {
    pub(crate) kind: Kind,
    pub(crate) linkage: Linkage,
    pub(crate) source: Source,
}

/// Where a component comes from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    Go(GoModule),
    Rust(Crate),
}

/// One Go module of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GoModule {
    /// `gomod:` as written: path and version.
    pub(crate) gomod: String,
    /// The first word of `gomod`.
    pub(crate) path: String,
    /// The second word of `gomod`; empty when there is none.
    pub(crate) version: String,
    /// Import path of the package with `NewFactory`.
    pub(crate) import: String,
    /// Name of the package in generated code, unique in the distribution.
    pub(crate) alias: String,
    /// What `replace` points to, as it is written into go.mod.
    pub(crate) replace: Option<String>,
    /// `type:`, for modules without metadata.yaml.
    pub(crate) type_name: Option<String>,
    /// `signals:`, for modules without metadata.yaml.
    pub(crate) signals: Option<Signals>,
}

/// One `cargo:` entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Crate {
    /// Key in `[dependencies]`.
    pub(crate) key: String,
    /// `package =`, else the key.
    pub(crate) package: String,
    /// The value in the generated `[workspace.dependencies]` as TOML; a path crate's `path` is
    /// `local/<package>`.
    pub(crate) value: String,
    /// Directory of a path crate, absolute.
    pub(crate) path: Option<Utf8PathBuf>,
}

/// Go, as found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GoTool {
    pub(crate) program: Utf8PathBuf,
    /// For instance `go1.26.8`.
    pub(crate) version: String,
    pub(crate) os: String,
    pub(crate) arch: String,
}

/// cargo and rustc, as found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RustTools {
    pub(crate) cargo: Utf8PathBuf,
    pub(crate) rustc: Utf8PathBuf,
    /// For instance `1.95.0`.
    pub(crate) version: String,
    /// First line of `rustc -vV`.
    pub(crate) text: String,
    pub(crate) commit: Option<String>,
    /// The triple that is built for.
    pub(crate) target: String,
}

/// The C compiler, as found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cc {
    pub(crate) program: Utf8PathBuf,
    /// First line of `--version`.
    pub(crate) version: String,
}

/// One path crate, copied below `rust/local/<name>/`: what `cargo metadata` and its directory say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LocalCrate {
    /// Name of the package and of its directory below `rust/local/`.
    pub(crate) name: String,
    pub(crate) version: String,
    /// Where it was read from, absolute.
    pub(crate) root: Utf8PathBuf,
    /// The self-contained Cargo.toml.
    #[serde(skip)]
    pub(crate) manifest: String,
    /// Its files, relative to `root`, without Cargo.toml, sorted.
    #[serde(skip)]
    pub(crate) files: Vec<(Utf8PathBuf, Vec<u8>)>,
}
