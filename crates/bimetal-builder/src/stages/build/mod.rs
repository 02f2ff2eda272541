//! Runs the compilers.
//!
//! In: [`Stamped`]. Out: [`Built`]: every artifact in the work directory, with the invocation that
//! made it. Invariant: nothing is written where a user would look for a finished artifact.

mod error;
mod static_library;

use bimetal_manifest::schema::{Component, Language};
use camino::Utf8PathBuf;

pub use error::BuildError;

use super::stamp::Stamped;
use crate::flags::{cargo, go};
use crate::model::{Linkage, Plan, Step};
use crate::owned::stamped;
use crate::toolchain::{Invocation, Runner, work};

/// Artifacts in the work directory that nobody has checked yet.
#[derive(Clone, Debug)]
pub struct Built {
    pub stamped: Stamped,
    /// `None` when the plan does not build.
    pub main: Option<BuiltMain>,
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
        format!(
            "{}-{}.so",
            self.component.kind.as_str(),
            self.component.type_name
        )
    }
}

/// Builds Rust, then Go, if the plan has the step.
pub fn build(stamped: Stamped, runner: &Runner<'_>) -> Result<Built, BuildError> {
    if !stamped.plan.has(Step::Build) {
        return Ok(Built {
            stamped,
            main: None,
            plugins: Vec::new(),
        });
    }
    let plan = &stamped.plan;
    check_flags(plan)?;
    if plan.host.is_none() {
        stamped::retire(&plan.out)?;
    }
    let directory = work::built(&plan.out);
    bimetal_files::create_directory(&directory)?;
    let mut plugins = rust(&stamped, runner)?;
    for plugin in &plan.go_plugins {
        let path = directory.join(format!("{}.so", plugin.name));
        let invocation = go::plugin(plan, plugin, stamped.profile.as_ref(), &path);
        runner
            .run(&format!("go-build-{}", plugin.name), &invocation)
            .map_err(|source| BuildError::Plugin {
                entry: plugin.module.gomod.clone(),
                source,
            })?;
        plugins.push(BuiltPlugin {
            name: plugin.name.clone(),
            language: Language::Go,
            component: component(&stamped, &plugin.name)?,
            path,
            invocation,
        });
    }
    let path = directory.join(&plan.distribution.binary);
    let invocation = go::main(plan, stamped.profile.as_ref(), &path);
    runner
        .run("go-build-main", &invocation)
        .map_err(|source| BuildError::Main { source })?;
    Ok(Built {
        main: Some(BuiltMain { path, invocation }),
        plugins,
        stamped,
    })
}

/// Refuses flags that would make a main that cannot load its plugins.
pub fn check(plan: &Plan) -> Result<(), BuildError> {
    if plan.host.is_none() {
        return Ok(());
    }
    match go::refused(&plan.go.ldflags) {
        None => Ok(()),
        Some(reason) => Err(BuildError::Flags {
            flags: plan.go.ldflags.clone(),
            reason,
        }),
    }
}

/// Refuses flags that would make a main that cannot load its plugins.
fn check_flags(plan: &Plan) -> Result<(), BuildError> {
    if plan.host.is_none() {
        return Ok(());
    }
    match go::refused(&plan.go.ldflags) {
        None => Ok(()),
        Some(reason) => Err(BuildError::Flags {
            flags: plan.go.ldflags.clone(),
            reason,
        }),
    }
}

/// One run of cargo for main's static library and all cdylibs.
fn rust(stamped: &Stamped, runner: &Runner<'_>) -> Result<Vec<BuiltPlugin>, BuildError> {
    let plan = &stamped.plan;
    let (Some(_), Some(host)) = (&plan.rust, &plan.host) else {
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

fn component(stamped: &Stamped, name: &str) -> Result<Component, BuildError> {
    stamped
        .components
        .plugins
        .get(name)
        .cloned()
        .ok_or_else(|| BuildError::Unknown {
            name: name.to_owned(),
        })
}
