//! The plan as types: everything that the later steps need, and nothing that they would have to
//! look up.
//!
//! In: nothing. Out: [`Plan`] and its parts. Invariant: no IO happened to make these values beyond
//! what `resolve` saw; equal inputs give equal plans.

use std::collections::BTreeMap;

use bimetal_manifest::schema::{Hermetic, Kind, Policy};
use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};

use crate::stages::resolve::{Base, Cc, GoModule, GoTool, LocalCrate, RustTools};

/// What will be done, in which order, to get which files.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Plan {
    /// The output directory, absolute.
    pub(crate) out: Utf8PathBuf,
    /// What the Collector says about itself.
    pub(crate) distribution: Distribution,
    /// The steps that will run, in order. A `--skip-*` flag is a step that is absent.
    pub(crate) steps: Vec<Step>,
    /// How Go is called.
    pub(crate) go: GoSettings,
    /// How cargo is called; `None` when nothing Rust is built.
    pub(crate) rust: Option<RustSettings>,
    /// The C compiler that cgo uses; `Some` exactly if there is a host.
    pub(crate) cc: Option<Cc>,
    /// The plugin host in main; `None` for a distribution of OCB's shape.
    pub(crate) host: Option<Host>,
    /// What the container starts from that the distribution is built in; `None` when it is built
    /// here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) container: Option<Base>,
    /// The environment of a hermetic build, once it is known: in the container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) hermetic: Option<Hermetic>,
    /// When each artifact says it was built, by its name in the plan, where a rebuild repeats that;
    /// else the clock or the user says it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) times: BTreeMap<String, String>,
    /// Go components that are linked into main, grouped by kind in OCB's order.
    pub(crate) go_components: Vec<GoComponent>,
    /// Go components that become plugins.
    pub(crate) go_plugins: Vec<GoPlugin>,
    /// Rust components, linked in or plugins.
    pub(crate) rust_components: Vec<RustComponent>,
    /// Path crates that are copied below `rust/local/`.
    pub(crate) local_crates: Vec<LocalCrate>,
    /// `telemetry:`.
    pub(crate) telemetry: GoModule,
    /// `providers:`.
    pub(crate) providers: Vec<GoModule>,
    /// `converters:`.
    pub(crate) converters: Vec<GoModule>,
    /// `replaces:`, literal.
    pub(crate) replaces: Vec<String>,
    /// `excludes:`, literal.
    pub(crate) excludes: Vec<String>,
    /// `conf_resolver.default_uri_scheme`.
    pub(crate) default_uri_scheme: String,
    /// The sources that `generate` writes, relative to `out`; carried directories by their name
    /// only.
    pub(crate) files: Vec<Utf8PathBuf>,
    /// What the build gives, relative to `out`.
    pub(crate) artifacts: Vec<Artifact>,
}

/// One step of the build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Step {
    /// Write the sources.
    Generate,
    /// Update go.mod, go.sum and Cargo.lock, and download what they name.
    Modules,
    /// Collect everything that a container without a network needs.
    Fetch,
    /// Write the Dockerfile, and nothing else.
    Dockerfile,
    /// Run the steps from `lock` on in a container without a network.
    Container,
    /// Hash the sources that the compilers will read.
    Lock,
    /// Learn identity and schema of every component.
    Describe,
    /// Write the manifest texts that are linked in.
    Stamp,
    /// Run the compilers.
    Build,
    /// Re-read every artifact from disk and load each plugin once in a child.
    Verify,
    /// Put the artifacts into place.
    Package,
}

/// What the Collector says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Distribution {
    /// Path of the generated Go module.
    pub(crate) module: String,
    /// `dist.name`.
    pub(crate) name: String,
    /// File name of main: `dist.name`, with `.exe` for Windows.
    pub(crate) binary: String,
    /// `dist.description`.
    pub(crate) description: String,
    /// `dist.version`.
    pub(crate) version: String,
}

/// How Go is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GoSettings {
    /// The program; `None` when no step needs it.
    pub(crate) tool: Option<GoTool>,
    /// Value of `-ldflags`, as the user or OCB's default has it; what plugins need besides is added
    /// by `build`.
    pub(crate) ldflags: String,
    /// Value of `-gcflags`.
    pub(crate) gcflags: String,
    /// Value of `-tags`; empty when there are none.
    pub(crate) tags: String,
    /// Value of `CGO_ENABLED`.
    pub(crate) cgo: bool,
    /// `dist.debug_compilation`.
    pub(crate) debug: bool,
    /// Value of `-compat` of `go mod tidy`, which is also the `go` line of go.mod before tidying.
    pub(crate) language: String,
    /// Whether `--skip-strict-versioning=false` was given.
    pub(crate) strict: bool,
}

/// How cargo is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RustSettings {
    /// cargo and rustc.
    pub(crate) tools: RustTools,
    /// `dist.rust_profile`.
    pub(crate) profile: String,
}

/// The plugin host in main.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Host {
    /// Where main looks for plugins by default; `None` when it has Rust components but no plugins.
    pub(crate) plugins_dir: Option<String>,
    /// `dist.plugins_policy`.
    pub(crate) policy: Policy,
    /// Directory of the plugins below `out`: `plugins_dir` where it stays inside, else `plugins`.
    pub(crate) plugins_out: Utf8PathBuf,
    /// Import path of the package that has `NewCommand`.
    pub(crate) command_import: String,
    /// Directory of the package `pluginhost` below `out`, where the Rust archive belongs.
    pub(crate) package_dir: Utf8PathBuf,
}

/// Whether a component is linked into main or built as a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Linkage {
    /// Linked into main.
    Static,
    /// A shared library of its own.
    Plugin,
}

/// One Go component of main.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GoComponent {
    pub(crate) kind: Kind,
    pub(crate) module: GoModule,
}

/// One Go plugin: a `package main` of the generated module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GoPlugin {
    pub(crate) kind: Kind,
    pub(crate) module: GoModule,
    /// `<kind>-<alias>`: name of its directory and of its build output until its type is known.
    pub(crate) name: String,
    /// `internal/plugin/<name>`.
    pub(crate) dir: Utf8PathBuf,
    /// Import path of the generated package, unique in the distribution.
    pub(crate) package: String,
}

/// One Rust component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RustComponent {
    pub(crate) kind: Kind,
    pub(crate) linkage: Linkage,
    /// `<kind>-<crate>`: name of its directory below `rust/plugin/` if it is a plugin.
    pub(crate) name: String,
    /// `rust/plugin/<name>`; used by plugins only.
    pub(crate) dir: Utf8PathBuf,
    /// Package name of the generated cdylib; its library file is
    /// `lib<package with underscores>.so`.
    pub(crate) package: String,
    /// Key of the user's crate in `[dependencies]`.
    pub(crate) key: String,
    /// The key as Rust code names it.
    pub(crate) ident: String,
    /// Value in the generated `[workspace.dependencies]`: a path crate's `path` is
    /// `local/<crate_name>`.
    pub(crate) value: String,
    /// Package name of the user's crate (`package =`, else the key).
    pub(crate) crate_name: String,
    /// Directory of a path crate, absolute, as the user wrote it.
    pub(crate) path: Option<Utf8PathBuf>,
}

/// One file that the build gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Artifact {
    /// Where it ends, relative to the output directory. A plugin's type is in angle brackets until
    /// `describe` learns it.
    pub(crate) path: Utf8PathBuf,
    /// One line for people.
    pub(crate) about: String,
}

/// The signals that a user named for a Go component: signal -> stability.
pub(crate) type Signals = BTreeMap<String, String>;

impl Plan {
    /// Whether `step` is part of this plan.
    pub(crate) fn has(&self, step: Step) -> bool {
        self.steps.contains(&step)
    }

    /// This plan as it is carried out in a container, where the sources stand in `out`.
    pub(crate) fn inside(&self, out: Utf8PathBuf) -> Self {
        let hosted = [Step::Lock, Step::Describe, Step::Stamp];
        let mut steps = Vec::new();
        if self.host.is_some() {
            steps.extend(hosted);
        }
        steps.push(Step::Build);
        if self.host.is_some() {
            steps.push(Step::Verify);
        }
        steps.push(Step::Package);
        Self {
            out,
            steps,
            container: None,
            ..self.clone()
        }
    }

    /// The Rust components with this linkage.
    pub(crate) fn rust_with(&self, linkage: Linkage) -> impl Iterator<Item = &RustComponent> {
        self.rust_components
            .iter()
            .filter(move |component| component.linkage == linkage)
    }
}
