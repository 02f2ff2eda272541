//! Decides everything that the later steps do.
//!
//! In: [`Resolved`]. Out: [`Plan`]. Invariant: pure; no IO, no clock, no environment. The later
//! steps read a plan, and none changes it.

mod again;
#[cfg(any(test, feature = "samples"))]
pub mod samples;
mod table;

use std::collections::BTreeMap;

use bimetal_manifest::schema::{Kind, Language};
use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

pub use again::{Again, again, portable};
pub use table::table;

use crate::flags::build_tags;
use crate::model::{
    Artifact, CrateSpec, Distribution, GoComponent, GoModule, GoPlugin, GoSettings, Host, Linkage,
    Plan, RustComponent, RustSettings, Step,
};
use crate::stages::resolve::{Component, Resolved, Source};

/// The `go` line of a generated go.mod, and what `go mod tidy` stays compatible with.
const GO_LANGUAGE: &str = "1.25";
/// OCB strips main unless the user says otherwise.
const DEFAULT_LDFLAGS: &str = "-s -w";
const DEBUG_GCFLAGS: &str = "all=-N -l";

/// Plans the build of `resolved`.
pub fn plan(resolved: Resolved) -> Plan {
    let distribution = distribution(&resolved);
    let profile = resolved.rust_profile();
    let host = resolved.host.then(|| host(&resolved, &distribution));
    let mut plan = Plan {
        steps: steps(&resolved),
        go: go_settings(&resolved),
        rust: resolved.rust.map(|tools| RustSettings { tools, profile }),
        cc: resolved.cc,
        host,
        container: resolved.container,
        hermetic: None,
        times: BTreeMap::new(),
        go_components: Vec::new(),
        go_plugins: Vec::new(),
        rust_components: Vec::new(),
        local_crates: resolved.local_crates,
        telemetry: resolved.telemetry,
        providers: resolved.providers,
        converters: resolved.converters,
        replaces: resolved.replaces,
        excludes: resolved.excludes,
        default_uri_scheme: resolved.default_uri_scheme,
        artifacts: Vec::new(),
        out: resolved.out,
        distribution,
    };
    add_components(&mut plan, resolved.components);
    plan.artifacts = artifacts(&plan);
    plan
}

fn distribution(resolved: &Resolved) -> Distribution {
    let dist = &resolved.dist;
    // Without a name, Go calls the program after its module.
    let name = if dist.name.is_empty() {
        program_name(&dist.module)
    } else {
        dist.name.clone()
    };
    let windows = resolved.windows && !name.to_ascii_lowercase().ends_with(".exe");
    Distribution {
        module: dist.module.clone(),
        name: dist.name.clone(),
        binary: if windows { format!("{name}.exe") } else { name },
        description: dist.description.clone(),
        version: dist.version.clone(),
    }
}

/// The last element of a module path that is not its major version.
fn program_name(module: &str) -> String {
    let is_version = |part: &str| {
        part.strip_prefix('v')
            .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
    };
    let mut parts = module.rsplit('/');
    let last = parts.next().unwrap_or(module);
    match parts.next() {
        Some(before) if is_version(last) => before.to_owned(),
        _ => last.to_owned(),
    }
}

/// The steps on this machine; what runs in a container, [`again`] says.
fn steps(resolved: &Resolved) -> Vec<Step> {
    let options = &resolved.options;
    let (compiles, hosted) = (!options.skip_compilation, resolved.host);
    if resolved.container.is_some() {
        return Step::in_order(|step| match step {
            Step::Dockerfile => options.dockerfile_only,
            _ if options.dockerfile_only => false,
            Step::Generate => !options.skip_generate,
            Step::Modules => !options.skip_modules,
            Step::Fetch => true,
            Step::Container | Step::Package => compiles,
            _ => false,
        });
    }
    Step::in_order(|step| match step {
        Step::Generate => !options.skip_generate,
        Step::Modules => !options.skip_modules,
        _ => compiles && compiling(step, hosted),
    })
}

/// Whether compiling takes this step. Only a main with a plugin host has manifests, and only they
/// need what most steps find out.
pub(super) fn compiling(step: Step, hosted: bool) -> bool {
    match step {
        Step::Build | Step::Package => true,
        Step::Lock | Step::Describe | Step::Stamp | Step::Verify => hosted,
        _ => false,
    }
}

fn go_settings(resolved: &Resolved) -> GoSettings {
    let (dist, options) = (&resolved.dist, &resolved.options);
    let ldflags = match (&options.ldflags, dist.debug_compilation) {
        (Some(flags), _) => flags.clone(),
        (None, true) => String::new(),
        (None, false) => DEFAULT_LDFLAGS.to_owned(),
    };
    let gcflags = if dist.debug_compilation {
        DEBUG_GCFLAGS.to_owned()
    } else {
        options.gcflags.clone().unwrap_or_default()
    };
    GoSettings {
        tool: resolved.go.clone(),
        ldflags,
        gcflags,
        tags: build_tags(&dist.build_tags, &dist.detectors),
        cgo: resolved.cgo,
        debug: dist.debug_compilation,
        language: GO_LANGUAGE.to_owned(),
        strict: options.strict_versioning,
    }
}

fn host(resolved: &Resolved, distribution: &Distribution) -> Host {
    let has_plugins = resolved
        .components
        .iter()
        .any(|component| component.linkage == Linkage::Plugin);
    let plugins_dir = resolved
        .dist
        .plugins_dir
        .clone()
        .or_else(|| has_plugins.then(|| "plugins".to_owned()));
    // A main with Rust components and no directory is given one at its start, if at all.
    let default: &[Language] = match plugins_dir {
        Some(_) => &[Language::Go, Language::Rust],
        None => &[Language::Rust],
    };
    let plugin_languages = resolved.dist.plugin_languages.as_deref();
    let plugin_languages = plugin_languages.unwrap_or(default).to_vec();
    let package = |name: &str| format!("{}/internal/{name}", distribution.module);
    Host {
        plugins_out: plugins_dir
            .as_deref()
            .and_then(inside)
            .unwrap_or_else(|| Utf8PathBuf::from("plugins")),
        plugins_dir,
        policy: resolved.dist.plugins_policy,
        command_import: package("plugincmd"),
        opener_import: plugin_languages
            .contains(&Language::Go)
            .then(|| package("goplugin")),
        plugin_languages,
        package_dir: Utf8PathBuf::from("internal/pluginhost"),
    }
}

/// A relative path that stays below where it starts.
fn inside(path: &str) -> Option<Utf8PathBuf> {
    let mut clean = Utf8PathBuf::new();
    for component in Utf8Path::new(path).components() {
        match component {
            Utf8Component::CurDir => {}
            Utf8Component::Normal(name) => clean.push(name),
            _ => return None,
        }
    }
    (!clean.as_str().is_empty()).then_some(clean)
}

fn add_components(plan: &mut Plan, components: Vec<Component>) {
    for component in components {
        match (component.source, component.linkage) {
            (Source::Go(module), Linkage::Static) => plan.go_components.push(GoComponent {
                kind: component.kind,
                module,
            }),
            (Source::Go(module), Linkage::Plugin) => {
                let plugin = go_plugin(component.kind, module, &plan.distribution.module);
                plan.go_plugins.push(plugin);
            }
            (Source::Rust(spec), linkage) => {
                let component = rust_component(component.kind, linkage, spec);
                plan.rust_components.push(component);
            }
        }
    }
    // OCB writes connectors first into go.mod, and the others in the order of their lists.
    plan.go_components
        .sort_by_key(|component| component.kind != Kind::Connector);
}

fn go_plugin(kind: Kind, module: GoModule, main_module: &str) -> GoPlugin {
    let name = format!("{}-{}", kind.as_str(), module.alias);
    let dir = Utf8PathBuf::from(format!("internal/plugin/{name}"));
    GoPlugin {
        kind,
        package: format!("{main_module}/{dir}"),
        name,
        dir,
        module,
    }
}

fn rust_component(kind: Kind, linkage: Linkage, spec: CrateSpec) -> RustComponent {
    let name = format!("{}-{}", kind.as_str(), spec.key);
    RustComponent {
        kind,
        linkage,
        dir: Utf8PathBuf::from(format!("rust/plugin/{name}")),
        package: format!("plugin-{name}"),
        name,
        spec,
    }
}

/// What a hermetic build tells about the distribution.
const DOCUMENTS: [(&str, &str); 6] = [
    ("Dockerfile", "how the container is made"),
    (
        "environment.json",
        "what the container is; its digest is the environment hash",
    ),
    (
        "rebuild.json",
        "what a rebuild starts from; `inputs.json` has the files",
    ),
    ("sbom.cdx.json", "what everything is made of"),
    ("provenance.json", "what was built from what"),
    ("SHA256SUMS", "digests of all these"),
];

fn artifacts(plan: &Plan) -> Vec<Artifact> {
    if !plan.has(Step::Package) {
        return Vec::new();
    }
    let mut artifacts = vec![Artifact {
        path: plan.distribution.binary.clone().into(),
        about: "the Collector".to_owned(),
    }];
    if let Some(host) = &plan.host {
        artifacts.extend(hosted(plan, host));
    }
    if plan.container.is_some() {
        artifacts.extend(DOCUMENTS.map(|(path, about)| Artifact {
            path: path.into(),
            about: about.to_owned(),
        }));
    }
    artifacts
}

/// Plugins, and the texts about each artifact.
fn hosted(plan: &Plan, host: &Host) -> Vec<Artifact> {
    let mut artifacts = Vec::new();
    let go = plan.go_plugins.iter().map(|plugin| {
        (
            plugin.kind,
            plugin.module.spec.type_name.as_deref(),
            plugin.module.spec.gomod.clone(),
        )
    });
    let rust = plan.rust_with(Linkage::Plugin).map(|component| {
        (
            component.kind,
            None,
            format!("crate {}", component.spec.crate_name),
        )
    });
    let mut plugins = 0;
    for (kind, type_name, from) in go.chain(rust) {
        let file = match type_name {
            Some(name) => format!("{}-{name}.so", kind.as_str()),
            None => format!("{}-<type>.so", kind.as_str()),
        };
        artifacts.push(Artifact {
            path: host.plugins_out.join(file),
            about: from,
        });
        plugins += 1;
    }
    if plugins > 0 {
        artifacts.push(Artifact {
            path: host.plugins_out.join("plugins.lock"),
            about: "digests of the plugins".to_owned(),
        });
    }
    artifacts.push(Artifact {
        path: "manifests/<artifact>.json".into(),
        about: "what each artifact says about itself".to_owned(),
    });
    artifacts
}

#[cfg(test)]
mod tests;
