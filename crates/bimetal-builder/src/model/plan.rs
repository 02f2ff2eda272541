//! The plan as types: everything that the later steps need, and nothing that they would have to
//! look up.
//!
//! In: nothing. Out: [`Plan`] and its parts. Invariant: no IO happened to make these values beyond
//! what `resolve` saw; equal inputs give equal plans.

use std::collections::BTreeMap;

use bimetal_manifest::schema::{Hermetic, Language, Policy};
use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};

use super::base::Base;
use super::component::{GoComponent, GoModule, GoPlugin, Linkage, LocalCrate, RustComponent};
use super::dist::RustProfile;
use super::step::Step;
use super::tools::{Cc, GoTool, RustTools};

/// What will be done, in which order, to get which files.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Plan {
    /// The output directory, absolute. No record has it: who reads one knows where it stands.
    #[serde(skip)]
    pub out: Utf8PathBuf,
    /// What the Collector says about itself.
    pub distribution: Distribution,
    /// The steps that will run, in order. A `--skip-*` flag is a step that is absent.
    pub steps: Vec<Step>,
    /// How Go is called.
    pub go: GoSettings,
    /// How cargo is called; `None` when nothing Rust is built.
    pub rust: Option<RustSettings>,
    /// The C compiler that cgo uses; `Some` exactly if there is a host.
    pub cc: Option<Cc>,
    /// The plugin host in main; `None` for a distribution of OCB's shape.
    pub host: Option<Host>,
    /// What the container starts from that the distribution is built in; `None` when it is built
    /// here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<Base>,
    /// The environment of a hermetic build, once it is known: in the container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hermetic: Option<Hermetic>,
    /// When each artifact says it was built, by its name in the plan, where a rebuild repeats that;
    /// else the clock or the user says it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub times: BTreeMap<String, String>,
    /// Go components that are linked into main, grouped by kind in OCB's order.
    pub go_components: Vec<GoComponent>,
    /// Go components that become plugins.
    pub go_plugins: Vec<GoPlugin>,
    /// Rust components, linked in or plugins.
    pub rust_components: Vec<RustComponent>,
    /// Path crates that are copied below `rust/local/`.
    pub local_crates: Vec<LocalCrate>,
    /// `telemetry:`.
    pub telemetry: GoModule,
    /// `providers:`.
    pub providers: Vec<GoModule>,
    /// `converters:`.
    pub converters: Vec<GoModule>,
    /// `replaces:`, literal.
    pub replaces: Vec<String>,
    /// `excludes:`, literal.
    pub excludes: Vec<String>,
    /// `conf_resolver.default_uri_scheme`.
    pub default_uri_scheme: String,
    /// What the build gives, relative to `out`.
    pub artifacts: Vec<Artifact>,
}

/// What the Collector says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distribution {
    /// Path of the generated Go module.
    pub module: String,
    /// `dist.name`.
    pub name: String,
    /// File name of main: `dist.name`, with `.exe` for Windows.
    pub binary: String,
    /// `dist.description`.
    pub description: String,
    /// `dist.version`.
    pub version: String,
}

/// How Go is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoSettings {
    /// The program; `None` when no step needs it.
    pub tool: Option<GoTool>,
    /// Value of `-ldflags`, as the user or OCB's default has it; what plugins need besides is added
    /// by `build`.
    pub ldflags: String,
    /// Value of `-gcflags`.
    pub gcflags: String,
    /// Value of `-tags`; empty when there are none.
    pub tags: String,
    /// Value of `CGO_ENABLED`.
    pub cgo: bool,
    /// `dist.debug_compilation`.
    pub debug: bool,
    /// Value of `-compat` of `go mod tidy`, which is also the `go` line of go.mod before tidying.
    pub language: String,
    /// Whether `--skip-strict-versioning=false` was given.
    pub strict: bool,
}

/// How cargo is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RustSettings {
    /// cargo and rustc.
    pub tools: RustTools,
    /// `dist.rust_profile`.
    pub profile: RustProfile,
}

/// The plugin host in main.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// Where main looks for plugins by default; `None` when it has Rust components but no plugins.
    pub plugins_dir: Option<String>,
    /// `dist.plugins_policy`.
    pub policy: Policy,
    /// Languages of the plugins that main can load. Without Go, main neither imports Go's package
    /// `plugin` nor exports its symbols.
    pub plugin_languages: Vec<Language>,
    /// Directory of the plugins below `out`: `plugins_dir` where it stays inside, else `plugins`.
    pub plugins_out: Utf8PathBuf,
    /// Import path of the package that has `NewCommand`.
    pub command_import: String,
    /// Import path of the package that calls `plugin.Open`, where main loads Go plugins.
    pub opener_import: Option<String>,
    /// Directory of the package `pluginhost` below `out`, where the Rust archive belongs.
    pub package_dir: Utf8PathBuf,
}

/// One file that the build gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Where it ends, relative to the output directory. A plugin's type is in angle brackets until
    /// `describe` learns it.
    pub path: Utf8PathBuf,
    /// One line for people.
    pub about: String,
}

impl Host {
    /// Whether main can load plugins in `language`.
    pub fn loads(&self, language: Language) -> bool {
        self.plugin_languages.contains(&language)
    }
}

impl Plan {
    /// Whether `step` is part of this plan.
    pub fn has(&self, step: Step) -> bool {
        self.steps.contains(&step)
    }

    /// Every Go module of the configuration, in the order in which OCB writes them.
    pub fn go_modules(&self) -> impl Iterator<Item = &GoModule> {
        self.converters
            .iter()
            .chain(&self.providers)
            .chain(self.component_modules())
            .chain([&self.telemetry])
    }

    /// The Go modules of components, linked in or plugins.
    pub fn component_modules(&self) -> impl Iterator<Item = &GoModule> {
        self.go_components
            .iter()
            .map(|component| &component.module)
            .chain(self.go_plugins.iter().map(|plugin| &plugin.module))
    }

    /// The Rust components with this linkage.
    pub fn rust_with(&self, linkage: Linkage) -> impl Iterator<Item = &RustComponent> {
        self.rust_components
            .iter()
            .filter(move |component| component.linkage == linkage)
    }
}
