//! Finds out what a configuration means on this machine.
//!
//! In: [`Config`]. Out: [`Resolved`]. Invariant: asks `go`, `rustc`, `cargo` and reads; writes
//! nothing.

mod cargo_profile;
mod container;
mod error;
mod local;
mod local_error;
mod local_manifest;
mod model;
mod modules;
mod toolchain_file;
mod tools;
mod unfollowed;

use std::collections::{BTreeSet, HashSet};

use bimetal_manifest::schema::{Kind, Language};
use camino::{Utf8Path, Utf8PathBuf};

pub use error::ResolveError;
pub use local_error::LocalError;
pub use model::{Component, HostEnvironment, Options, Resolved, Source};

use crate::model::paths::absolute;
use crate::model::{Cc, CrateSpec, GoTool, Linkage, Plan, RustTools, Tools};
use crate::stages::config::{Config, Entry};
use crate::toolchain::{Runner, refuse, wants_checkout};
use local::Locals;
use modules::{Modules, check_replaces};

/// Said where the user asked for what the builder never does.
const CHECKOUT: &str = "`-buildvcs` of `GOFLAGS` has no effect: the state of a checkout is not \
    written into artifacts, so that equal sources give equal bytes; use `dist.version` for it";

/// What is wrong whatever the tools are; the answer is a note. Before Go is asked anything: some
/// flags make its answers useless.
fn check(
    config: &Config,
    options: &Options,
    host_environment: &HostEnvironment,
    out: &Utf8Path,
    hashed: bool,
) -> Result<Option<String>, ResolveError> {
    let flags = &host_environment.go_flags;
    refuse(flags, hashed)?;
    if !keeps_go_mod(options) {
        check_replaces(&config.replaces, out)?;
    }
    Ok(wants_checkout(flags).then(|| CHECKOUT.to_owned()))
}

/// Whether the go.mod that is there counts, or none.
fn keeps_go_mod(options: &Options) -> bool {
    options.skip_generate || (options.skip_compilation && options.skip_modules)
}

/// What of local modules has no effect in the generated one.
fn unfollowed(resolved: &Resolved, runner: &Runner<'_>) -> Result<Option<String>, ResolveError> {
    let (Some(go), false) = (&resolved.go, keeps_go_mod(&resolved.options)) else {
        return Ok(None);
    };
    let components = resolved.components.iter();
    let of_components = components.filter_map(|component| match &component.source {
        Source::Go(module) => Some(module),
        Source::Rust(_) => None,
    });
    let given = unfollowed::Given {
        out: &resolved.out,
        go,
        absolute_replaces: resolved.dist.use_absolute_replace_paths,
        modules: of_components
            .chain([&resolved.telemetry])
            .chain(&resolved.providers)
            .chain(&resolved.converters)
            .collect(),
        replaces: &resolved.replaces,
        excludes: &resolved.excludes,
    };
    unfollowed::warning(&given, runner)
}

/// Resolves `config` for this machine.
pub fn resolve(
    config: Config,
    options: Options,
    host_environment: &HostEnvironment,
    runner: &Runner<'_>,
) -> Result<Resolved, ResolveError> {
    let current = &host_environment.current_directory;
    let out = output_directory(&config, &options, host_environment);
    let why = why_host(&config);
    let host = why.is_some();
    let mut notes = Vec::new();
    let asks_go = !(options.skip_compilation && options.skip_modules);
    notes.extend(check(&config, &options, host_environment, &out, host)?);
    let needs_go = host || asks_go;
    let found = needs_go
        .then(|| {
            tools::go(
                &config.dist.go,
                current,
                &host_environment.search_path,
                runner,
            )
        })
        .transpose()?;
    let container = (options.hermetic || config.dist.hermetic)
        .then(|| container::base(&config, current))
        .transpose()?;
    // What a hermetic build compiles with, the container has to have.
    let here = container.is_none();
    if let (Some(why), Some((go, _)), true) = (&why, &found, here) {
        fits(&config, go, why)?;
    }
    let (rust, cc) = match (&why, &found) {
        (Some(why), Some((_, compiler))) => {
            let (rust, cc) = native(
                why,
                here.then_some(compiler),
                &out,
                host_environment,
                runner,
            )?;
            if config.dist.cgo_enabled.is_none() {
                notes.push(format!("cgo is turned on because {}", why.cgo));
            }
            (Some(rust), cc)
        }
        _ => (None, None),
    };

    let mut modules = Modules {
        current,
        out: &out,
        absolute_replaces: config.dist.use_absolute_replace_paths,
        given: HashSet::new(),
    };
    let mut crates = Crates {
        // Unlike OCB's `path`, this one starts where it is written.
        start: current.join(config.directory()),
        locals: Locals::new(
            rust.as_ref()
                .map_or(Utf8Path::new("cargo"), |tools| &tools.cargo),
            existing(&out),
            host_environment.scratch.clone(),
            runner,
        ),
    };
    let components = config
        .components
        .into_iter()
        .map(|(kind, entry)| component(kind, entry, &mut modules, &mut crates))
        .collect::<Result<_, _>>()?;
    let (local_crates, workspaces) = crates.locals.finish();
    let telemetry = modules.resolve(config.telemetry)?;
    let mut all = |entries: Vec<Entry>| {
        entries
            .into_iter()
            .map(|entry| modules.resolve(entry))
            .collect::<Result<Vec<_>, _>>()
    };
    let providers = all(config.providers)?;
    let converters = all(config.converters)?;
    let resolved = Resolved {
        cgo: host || config.dist.cgo_enabled == Some(true),
        dist: config.dist,
        options,
        go: found.map(|(go, _)| go),
        rust,
        cc,
        host,
        components,
        local_crates,
        telemetry,
        providers,
        converters,
        replaces: config.replaces,
        excludes: config.excludes,
        default_uri_scheme: config.default_uri_scheme,
        windows: here && host_environment.goos == "windows",
        container,
        notes,
        warnings: Vec::new(),
        out,
    };
    with_unfollowed(resolved, &workspaces, runner)
}

/// Says what of local modules and crates has no effect.
fn with_unfollowed(
    mut resolved: Resolved,
    workspaces: &BTreeSet<Utf8PathBuf>,
    runner: &Runner<'_>,
) -> Result<Resolved, ResolveError> {
    let warning = unfollowed(&resolved, runner)?;
    resolved.warnings.extend(warning);
    let warning = cargo_profile::not_followed(workspaces, resolved.rust_profile());
    resolved.warnings.extend(warning);
    if let Some(tools) = &resolved.rust {
        let (crates, out) = (&resolved.local_crates, existing(&resolved.out));
        let note = toolchain_file::not_followed(crates, out, &tools.version);
        resolved.notes.extend(note);
    }
    Ok(resolved)
}

/// Cargo and rustc, and the C compiler `compiler` if there is one to find.
fn native(
    why: &Why,
    compiler: Option<&String>,
    out: &Utf8Path,
    host_environment: &HostEnvironment,
    runner: &Runner<'_>,
) -> Result<(RustTools, Option<Cc>), ResolveError> {
    let (search, current) = (
        &host_environment.search_path,
        &host_environment.current_directory,
    );
    let rust = tools::rust(&why.rust, existing(out), search, runner)?;
    let cc = compiler
        .map(|compiler| tools::cc(compiler, &why.cgo, current, search, runner))
        .transpose()?;
    Ok((rust, cc))
}

/// The toolchains of this machine for a plan that was made on another one, or at another time;
/// `directory` is where its sources stand.
pub fn tools_again(
    plan: &Plan,
    directory: &Utf8Path,
    search_path: &str,
    runner: &Runner<'_>,
) -> Result<Tools, ResolveError> {
    let root = Utf8Path::new("/");
    let named = plan
        .go
        .tool
        .as_ref()
        .map_or("", |tool| tool.program.as_str());
    let (go, compiler) = tools::go(named, root, search_path, runner)?;
    if plan.host.is_none() {
        return Ok(Tools {
            go,
            rust: None,
            cc: None,
        });
    }
    tools::fit_for_plugins(&go)?;
    let why = "the distribution has a plugin host";
    // A rust-toolchain.toml around the sources may choose the toolchain.
    let rust = tools::rust(why, existing(directory), search_path, runner)?;
    let cc = tools::cc(&compiler, why, root, search_path, runner)?;
    Ok(Tools {
        go,
        rust: Some(rust),
        cc: Some(cc),
    })
}

/// `--output-path`, else `dist.output_path`, else a new directory for temporary files, as OCB has
/// it.
fn output_directory(
    config: &Config,
    options: &Options,
    host_environment: &HostEnvironment,
) -> Utf8PathBuf {
    let named = options
        .output_path
        .as_ref()
        .or(config.dist.output_path.as_ref());
    match named {
        Some(path) => absolute(&host_environment.current_directory, path),
        None => host_environment.fresh_directory.clone(),
    }
}

/// Why main gets the plugin host, in words that follow "because".
struct Why {
    label: String,
    not_on_windows: &'static str,
    rust: String,
    cgo: String,
}

fn why_host(config: &Config) -> Option<Why> {
    let mut entries = config.components.iter().map(|(_, entry)| entry);
    let crates = entries.clone().find(|entry| entry.cargo.is_some());
    let plugin = entries.find(|entry| entry.plugin);
    let rust = match (crates, plugin) {
        (Some(entry), _) => format!("`{}` is written in Rust", entry.label),
        (None, Some(entry)) => format!(
            "`{}` is a plugin, and main's plugin loader is written in Rust (also for Go plugins: \
             no Rust component is needed for that)",
            entry.label
        ),
        (None, None) => {
            config.dist.plugins_dir.as_ref()?;
            "`dist.plugins_dir` is set, and main's plugin loader is written in Rust".to_owned()
        }
    };
    let no_plugins = "Go's `plugin` package does not exist there";
    let (label, not_on_windows, cgo) = match (plugin, crates) {
        (Some(entry), _) => (
            entry.label.clone(),
            no_plugins,
            format!("`{}` is a plugin", entry.label),
        ),
        (None, Some(entry)) => {
            let no_host = "the part of main that Rust components need is not written for it";
            (
                entry.label.clone(),
                no_host,
                format!("`{}` is written in Rust", entry.label),
            )
        }
        (None, None) => (
            "dist.plugins_dir".to_owned(),
            no_plugins,
            "`dist.plugins_dir` is set".to_owned(),
        ),
    };
    Some(Why {
        label,
        not_on_windows,
        rust,
        cgo,
    })
}

/// What cannot be built with plugins or Rust.
fn fits(config: &Config, go: &GoTool, why: &Why) -> Result<(), ResolveError> {
    if go.os == "windows" {
        return Err(ResolveError::Windows {
            label: why.label.clone(),
            why: why.not_on_windows,
        });
    }
    let host = (go_os(std::env::consts::OS), go_arch(std::env::consts::ARCH));
    if (go.os.as_str(), go.arch.as_str()) != host {
        return Err(ResolveError::CrossBuild {
            wanted: format!("{}/{}", go.os, go.arch),
            host: format!("{}/{}", host.0, host.1),
        });
    }
    let has_plugins = config.dist.plugins_dir.is_some()
        || config.components.iter().any(|(_, entry)| entry.plugin);
    let languages = config.dist.plugin_languages.as_deref();
    if languages.map_or(has_plugins, |named| named.contains(&Language::Go)) {
        tools::fit_for_plugins(go)
    } else {
        Ok(())
    }
}

fn go_os(name: &'static str) -> &'static str {
    if name == "macos" { "darwin" } else { name }
}

fn go_arch(name: &'static str) -> &'static str {
    match name {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// The nearest directory around `path` that exists.
fn existing(path: &Utf8Path) -> &Utf8Path {
    path.ancestors()
        .find(|directory| directory.is_dir())
        .unwrap_or(Utf8Path::new("/"))
}

/// Takes path crates over.
struct Crates<'a> {
    /// The directory that their paths start from.
    start: Utf8PathBuf,
    locals: Locals<'a>,
}

fn component(
    kind: Kind,
    mut entry: Entry,
    modules: &mut Modules<'_>,
    crates: &mut Crates<'_>,
) -> Result<Component, ResolveError> {
    let linkage = if entry.plugin {
        Linkage::Plugin
    } else {
        Linkage::Static
    };
    let source = match entry.cargo.take() {
        None => Source::Go(modules.resolve(entry)?),
        Some(spec) => {
            crates
                .take_over(&spec)
                .map_err(|source| ResolveError::Local {
                    place: entry.place,
                    label: entry.label,
                    source: Box::new(source),
                })?;
            Source::Rust(spec)
        }
    };
    Ok(Component {
        kind,
        linkage,
        source,
    })
}

impl Crates<'_> {
    fn take_over(&mut self, spec: &CrateSpec) -> Result<(), LocalError> {
        match &spec.path {
            None => Ok(()),
            Some(path) => self
                .locals
                .add(&absolute(&self.start, path), &spec.crate_name),
        }
    }
}

#[cfg(test)]
mod tests;
