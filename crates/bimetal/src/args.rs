//! The flags: OCB's with their spelling and defaults, and ours. Only describes; `build` turns them
//! into typed values.
//!
//! In: the words of the command line. Out: [`Arguments`]. Invariant: no flag is looked at here, and
//! no default depends on the machine.

use std::ffi::OsString;

use bimetal_hermetic::engine::Name as EngineName;
use camino::Utf8PathBuf;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

/// Builds OpenTelemetry Collectors out of Go and Rust
///
/// Reads a builder configuration (the same YAML that ocb reads), writes the sources of a Collector,
/// and compiles them. Components come from Go modules (`gomod:`) or Rust crates (`cargo:`). With
/// `plugin: true` a component becomes a shared library of its own, which the Collector verifies
/// before it loads it.
#[derive(Debug, Parser)]
#[command(
    name = "bimetal",
    version,
    max_term_width = 100,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    after_long_help = EXAMPLES,
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) build: BuildArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a directory with everything that a Collector of your own needs
    ///
    /// Writes a builder configuration, a Collector configuration that runs at once, a Makefile and
    /// a README. Files that exist are never overwritten.
    Init(InitArgs),
    /// Look at plugins without starting a Collector: list, validate, inspect, check
    #[command(visible_alias = "plugin", disable_help_flag = true)]
    Plugins(PluginsArgs),
    /// Build a distribution again from its recorded inputs, and compare
    ///
    /// Takes the sources as they stand in the output directory. For a hermetic distribution
    /// modules, crates and base image are as they were recorded, and a container builds; any other
    /// is built on this machine, by the recorded plan. No artifact in the directory is changed.
    /// With --compare it ends with 2 if a file is not what was rebuilt; the first sections that
    /// differ are named.
    Rebuild(RebuildArgs),
    /// Build what was collected for a container; run by the Dockerfile of a hermetic build
    #[command(hide = true)]
    HermeticInside(HermeticInsideArgs),
    /// Print the version of the builder
    Version,
    /// Print a script that completes commands and flags in your shell
    Completion(CompletionArgs),
}

/// Flags of a build.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "they are OCB's")]
pub(crate) struct BuildArgs {
    /// The builder configuration; without it, a Collector with the core components is built
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<Utf8PathBuf>,
    /// Print what would be done, and do nothing
    ///
    /// Reads the configuration and asks the tools for their versions, then prints the steps, the
    /// files and the artifacts.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Form of what `--dry-run` prints
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "table",
        requires = "dry_run"
    )]
    pub(crate) format: Format,
    /// Do not write the sources: compile what is in the output directory
    #[arg(
        long,
        value_name = "BOOL",
        default_value = "false",
        default_missing_value = "true",
        num_args = 0..=1,
        require_equals = true,
        value_parser = truth,
        action = ArgAction::Set,
        hide_possible_values = true,
    )]
    pub(crate) skip_generate: bool,
    /// Do not compile: write the sources only
    #[arg(
        long,
        value_name = "BOOL",
        default_value = "false",
        default_missing_value = "true",
        num_args = 0..=1,
        require_equals = true,
        value_parser = truth,
        action = ArgAction::Set,
    )]
    pub(crate) skip_compilation: bool,
    /// Do not update go.mod and download nothing
    #[arg(
        long,
        value_name = "BOOL",
        default_value = "false",
        default_missing_value = "true",
        num_args = 0..=1,
        require_equals = true,
        value_parser = truth,
        action = ArgAction::Set,
    )]
    pub(crate) skip_get_modules: bool,
    /// Accept modules whose version, after all are resolved, is not the one in the configuration
    #[arg(
        long,
        value_name = "BOOL",
        default_value = "true",
        default_missing_value = "true",
        num_args = 0..=1,
        require_equals = true,
        value_parser = truth,
        action = ArgAction::Set,
    )]
    pub(crate) skip_strict_versioning: bool,
    /// Show every command line that is run
    #[arg(
        long,
        value_name = "BOOL",
        default_value = "false",
        default_missing_value = "true",
        num_args = 0..=1,
        require_equals = true,
        value_parser = truth,
        action = ArgAction::Set,
    )]
    pub(crate) verbose: bool,
    /// Flags for Go's linker, instead of `-s -w`
    #[arg(long, value_name = "FLAGS", allow_hyphen_values = true)]
    pub(crate) ldflags: Option<String>,
    /// Flags for Go's compiler
    #[arg(long, value_name = "FLAGS", allow_hyphen_values = true)]
    pub(crate) gcflags: Option<String>,
    /// Build in a container without a network, from inputs that are all recorded
    ///
    /// Main and all plugins then carry the hash of one environment, equal inputs give equal bytes
    /// on every machine, and the output directory also has the Dockerfile, `environment.json`,
    /// `SHA256SUMS`, an SBOM and a provenance statement. `dist.hermetic: true` does the same.
    #[arg(long)]
    pub(crate) hermetic: bool,
    /// The program that makes the container; without it, the first of docker, podman and buildah
    /// that works
    #[arg(long, value_name = "ENGINE")]
    pub(crate) engine: Option<EngineName>,
    /// Write the Dockerfile of a hermetic build, and stop
    #[arg(long)]
    pub(crate) dockerfile_only: bool,
    /// Where the distribution goes [deprecated: use `dist.output_path` in the configuration]
    #[arg(long, value_name = "DIR")]
    pub(crate) output_path: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// The directory; made if it does not exist. Its name becomes the name of the Collector
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) path: Utf8PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct RebuildArgs {
    /// The output directory of a build
    #[arg(value_name = "OUT")]
    pub(crate) out: Utf8PathBuf,
    /// Compare every file with the one that is there
    #[arg(long)]
    pub(crate) compare: bool,
    /// The program that makes the container of a hermetic build; another one than before makes the
    /// check stronger
    #[arg(long, value_name = "ENGINE")]
    pub(crate) engine: Option<EngineName>,
    /// The root file system, if it is not in the work directory any more
    #[arg(long, value_name = "FILE")]
    pub(crate) base_image: Option<Utf8PathBuf>,
    /// Form of the comparison
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(crate) format: Format,
    /// Show every command line that is run
    #[arg(long)]
    pub(crate) verbose: bool,
}

#[derive(Debug, Args)]
pub(crate) struct HermeticInsideArgs {
    /// The directory of the inputs
    #[arg(long, value_name = "DIR", default_value = "/bimetal")]
    pub(crate) root: Utf8PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct PluginsArgs {
    /// What to do with which plugins; `bimetal plugins --help` explains it
    #[arg(
        value_name = "ARGS",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub(crate) words: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionArgs {
    /// The shell that the script is for
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Table,
    /// For programs
    Json,
}

const EXAMPLES: &str = "\
Examples:
  bimetal init --path my-collector             a first configuration to change
  bimetal --config builder-config.yaml         build what it describes
  bimetal --config b.yaml --dry-run            what would be built, from what, in which steps
  bimetal --config b.yaml --hermetic           build it in a container without a network
  bimetal rebuild --compare build              is this what its inputs give?
  bimetal plugins check --main build/otelcol   do these plugins fit this Collector?

Configuration beyond ocb's:
  dist.plugins_dir       where the Collector looks for plugins, relative to its own place
  dist.plugins_policy    exact (default): Rust plugins need main's compiler, crates; abi: its C ABI
  dist.plugin_languages  what main loads (default: [go, rust]); without go it starts faster
  dist.hermetic          true: build in a container, as --hermetic does
  dist.base_image        its image by digest, or the path of a root file system (.tar)
  dist.rust_profile      release (default), dist (fat LTO; default with --hermetic) or dev
  cargo: NAME = SPEC     a Rust component, as a line of [dependencies]; paths start at this file
  plugin: true           build this component as a plugin instead of linking it in
  type:, signals:        what a Go component is, if its module has no metadata.yaml

Exit codes:
  0    done
  1    something is wrong
  2    built, but a plugin does not fit the Collector, so nothing was published;
       or a rebuild gave other bytes
  130  interrupted";

/// A truth value as Go's flags take it.
fn truth(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err("expected `true` or `false`".to_owned()),
    }
}
