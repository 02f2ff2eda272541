//! What the configuration means on this machine: absolute paths, tools with their versions,
//! components with language and linkage.
//!
//! In: nothing. Out: [`Resolved`] and its parts. Invariant: nothing in it has to be looked up
//! again.

use bimetal_manifest::schema::Kind;
use camino::Utf8PathBuf;

use crate::model::{
    Base, Cc, CrateSpec, Dist, GoModule, GoTool, Linkage, LocalCrate, RustProfile, RustTools,
};

/// The configuration, resolved.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// `dist:` as written, except that it holds no path that a later step would use.
    pub dist: Dist,
    /// The output directory, absolute.
    pub out: Utf8PathBuf,
    /// What the flags ask for.
    pub options: Options,
    /// `None` when nothing will run Go.
    pub go: Option<GoTool>,
    /// `None` when nothing Rust is built.
    pub rust: Option<RustTools>,
    /// `None` when main has no plugin host.
    pub cc: Option<Cc>,
    /// What the container of a hermetic build starts from; `None` when the build runs on this
    /// machine.
    pub container: Option<Base>,
    /// Whether main gets the plugin host: something is Rust or a plugin, or `dist.plugins_dir` is
    /// set.
    pub host: bool,
    /// Whether cgo is on: as the user said, or because Rust or plugins need it.
    pub cgo: bool,
    pub components: Vec<Component>,
    pub local_crates: Vec<LocalCrate>,
    pub telemetry: GoModule,
    pub providers: Vec<GoModule>,
    pub converters: Vec<GoModule>,
    pub replaces: Vec<String>,
    pub excludes: Vec<String>,
    pub default_uri_scheme: String,
    /// Whether main is built for Windows.
    pub windows: bool,
    /// What a person should know, one line each.
    pub notes: Vec<String>,
    /// What may surprise, and should be decided by a person.
    pub warnings: Vec<String>,
}

impl Resolved {
    /// How everything in Rust is optimised.
    pub fn rust_profile(&self) -> RustProfile {
        // What comes out of a container is shipped; a daily build does not run there.
        self.dist.rust_profile.unwrap_or(match self.container {
            Some(_) => RustProfile::Dist,
            None => RustProfile::Release,
        })
    }
}

/// The process's own environment; read once, at its start.
#[derive(Clone, Debug)]
pub struct HostEnvironment {
    /// The current directory, absolute.
    pub current_directory: Utf8PathBuf,
    /// `PATH`.
    pub search_path: String,
    /// `GOFLAGS`.
    pub go_flags: String,
    /// The system that is built for, as Go names it.
    pub goos: String,
    /// Where the distribution goes when no directory is named; does not exist yet.
    pub fresh_directory: Utf8PathBuf,
    /// A directory for what tools leave behind; removed at the end.
    pub scratch: Utf8PathBuf,
}

/// What the command line asks for, typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one of OCB's flags")]
pub struct Options {
    pub skip_generate: bool,
    pub skip_modules: bool,
    pub skip_compilation: bool,
    pub strict_versioning: bool,
    pub ldflags: Option<String>,
    pub gcflags: Option<String>,
    pub output_path: Option<String>,
    pub hermetic: bool,
    pub dockerfile_only: bool,
}

/// One component with its language.
#[derive(Clone, Debug)]
pub struct Component {
    pub kind: Kind,
    pub linkage: Linkage,
    pub source: Source,
}

/// Where a component comes from.
#[derive(Clone, Debug)]
pub enum Source {
    Go(GoModule),
    Rust(CrateSpec),
}
