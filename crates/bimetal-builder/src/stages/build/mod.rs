//! Runs the compilers.
//!
//! In: [`Stamped`]. Out: [`Built`]: every artifact, with the invocation that made it: in the work
//! directory, or in its place where an earlier build put the same. Invariant: nothing is written
//! where a user would look for a finished artifact.

mod artifact;
mod components;
mod earlier;
mod error;
mod inputs;
mod made;
mod static_library;

use bimetal_files::Digest;
use bimetal_manifest::schema::{Component, Language};
use camino::Utf8PathBuf;

pub use error::{BuildError, WrittenFor};

use super::stamp::Stamped;
use crate::flags::cargo;
use crate::flags::go::{self, GoBuild};
use crate::model::{Linkage, Plan};
use crate::owned::stamped;
use crate::toolchain::{Invocation, Runner, side_by_side, work};
use artifact::Artifact;

/// Artifacts that are not checked yet.
#[derive(Debug)]
pub struct Built<'p> {
    pub stamped: Stamped<'p>,
    pub main: BuiltMain,
    pub plugins: Vec<BuiltPlugin>,
}

/// Main as the linker left it.
#[derive(Clone, Debug)]
pub struct BuiltMain {
    pub path: Utf8PathBuf,
    pub invocation: Invocation,
}

/// A plugin as the linker left it.
#[derive(Clone, Debug)]
pub struct BuiltPlugin {
    /// Its name in the plan.
    pub name: String,
    pub language: Language,
    pub component: Component,
    pub path: Utf8PathBuf,
    pub invocation: Invocation,
}

impl BuiltPlugin {
    /// `<kind>-<type>.so`: its name in the plugin directory.
    pub fn file_name(&self) -> String {
        file_name(&self.component)
    }
}

fn file_name(component: &Component) -> String {
    format!("{}-{}.so", component.kind.as_str(), component.type_name)
}

/// Builds a main of OCB's shape.
pub fn build_main(plan: &Plan, runner: &Runner<'_>) -> Result<BuiltMain, BuildError> {
    stamped::retire(&plan.out)?;
    make_directory(plan)?;
    let go_build = GoBuild::plain(plan);
    components::compile(plan, go_build, runner)?;
    link_main(plan, go_build, &|_| None, runner)
}

/// Builds Rust and then main, and beside them the Go plugins.
pub fn build<'p>(stamped: Stamped<'p>, runner: &Runner<'_>) -> Result<Built<'p>, BuildError> {
    let locked = &stamped.described.locked;
    let plan = locked.plan;
    check_flags(plan)?;
    make_directory(plan)?;
    let go_build = GoBuild::hosted(plan, &locked.sources);
    components::compile_once(&stamped, go_build, runner)?;
    // Go compiles the packages of a plugin in another way than those of main, so that neither waits
    // for what the other compiles. Plugins share theirs, and come one after the other.
    let (rust_and_main, go_plugins) = side_by_side(
        || -> Result<_, BuildError> {
            let plugins = rust(&stamped, runner)?;
            let inputs = |command: &_| inputs::of_main(&stamped, command);
            Ok((plugins, link_main(plan, go_build, &inputs, runner)))
        },
        || go_plugins(&stamped, go_build, runner),
    );
    // Of several errors, the one of the part that always came first.
    let (mut plugins, main) = rust_and_main?;
    plugins.extend(go_plugins?);
    Ok(Built {
        main: main?,
        plugins,
        stamped,
    })
}

fn go_plugins(
    stamped: &Stamped<'_>,
    go_build: GoBuild<'_>,
    runner: &Runner<'_>,
) -> Result<Vec<BuiltPlugin>, BuildError> {
    let plan = stamped.described.locked.plan;
    let built = plan.go_plugins.iter().map(|plugin| {
        let built = work::built(&plan.out).join(format!("{}.so", plugin.name));
        let component = component(stamped, &plugin.name)?;
        let invocation = go_build.plugin(plugin, &built);
        let artifact = Artifact {
            name: &plugin.name,
            placed: plan
                .host
                .as_ref()
                .map(|host| host.plugins_out.join(file_name(&component))),
            built,
            command: &invocation,
            inputs: &|command| inputs::of_plugin(stamped, plugin, command),
        };
        let failed = |source| BuildError::Plugin {
            entry: plugin.module.spec.gomod.clone(),
            source,
        };
        let path = artifact.make(&plan.out, failed, runner)?;
        Ok(BuiltPlugin {
            name: plugin.name.clone(),
            language: Language::Go,
            component,
            path,
            invocation,
        })
    });
    built.collect()
}

fn make_directory(plan: &Plan) -> Result<(), BuildError> {
    Ok(bimetal_files::create_directory(&work::built(&plan.out))?)
}

fn link_main(
    plan: &Plan,
    go_build: GoBuild<'_>,
    inputs: &dyn Fn(&Invocation) -> Option<Digest>,
    runner: &Runner<'_>,
) -> Result<BuiltMain, BuildError> {
    let binary = &plan.distribution.binary;
    let built = work::built(&plan.out).join(binary);
    let invocation = go_build.main(&built);
    let artifact = Artifact {
        name: "main",
        placed: Some(binary.into()),
        built,
        command: &invocation,
        inputs,
    };
    let failed = |source| components::blamed(plan, source, runner);
    let path = artifact.make(&plan.out, failed, runner)?;
    Ok(BuiltMain { path, invocation })
}

/// Refuses flags that would make a main that cannot load its plugins.
fn check_flags(plan: &Plan) -> Result<(), BuildError> {
    match go::refused(&plan.go.ldflags) {
        None => Ok(()),
        Some(reason) => Err(BuildError::Flags {
            flags: plan.go.ldflags.clone(),
            reason,
        }),
    }
}

/// One run of cargo for main's static library and all cdylibs.
fn rust(stamped: &Stamped<'_>, runner: &Runner<'_>) -> Result<Vec<BuiltPlugin>, BuildError> {
    let plan = stamped.described.locked.plan;
    let Some(host) = &plan.host else {
        return Ok(Vec::new());
    };
    let target = cargo::Target::claim(plan)?;
    let mut invocation = target.build(plan).args(["-p", cargo::MAIN_PACKAGE]);
    for plugin in plan.rust_with(Linkage::Plugin) {
        invocation = invocation.args(["-p", &plugin.package]);
    }
    runner
        .run("cargo-build", &invocation)
        .map_err(|source| BuildError::Rust { source })?;

    let object = static_library::link(plan, &target.output(plan, "libbimetal_main.a"), runner)?;
    let name = host.package_dir.join(go::archive_name(plan));
    let bytes = bimetal_files::read(&object)?;
    stamped::record(&plan.out, name.as_str(), &bytes)?;
    put(&object, &plan.out.join(name))?;

    plan.rust_with(Linkage::Plugin)
        .map(|plugin| {
            let library = format!("lib{}.so", plugin.package.replace('-', "_"));
            let path = work::built(&plan.out).join(format!("{}.so", plugin.name));
            put(&target.output(plan, &library), &path)?;
            Ok(BuiltPlugin {
                name: plugin.name.clone(),
                language: Language::Rust,
                component: component(stamped, &plugin.name)?,
                path,
                invocation: invocation.clone(),
            })
        })
        .collect()
}

/// Copies only what changed: Go's cache looks at the bytes, other tools at the time.
fn put(from: &Utf8PathBuf, to: &Utf8PathBuf) -> Result<(), BuildError> {
    let bytes = bimetal_files::read(from)?;
    bimetal_files::write_if_changed(to, &bytes)?;
    Ok(())
}

fn component(stamped: &Stamped<'_>, name: &str) -> Result<Component, BuildError> {
    stamped
        .described
        .components
        .plugins
        .get(name)
        .cloned()
        .ok_or_else(|| BuildError::Unknown {
            name: name.to_owned(),
        })
}
