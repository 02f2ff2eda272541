//! The publish gate: re-reads every artifact from disk, compares every plugin with main, and lets
//! main load each once in a child.
//!
//! In: [`Built`]. Out: [`Verified`], or everything that does not fit. Invariant: what memory
//! believes about an artifact does not count; the builder itself never loads a plugin. What passed
//! once with the same bytes is compared again, and not loaded again.

mod check;
mod error;
mod load;
mod passed;
mod read;
mod stage;

use bimetal_files::Digest;
use bimetal_manifest::object::Facts;
use camino::Utf8PathBuf;

pub use error::VerifyError;
pub use stage::lock;

use super::build::{Built, BuiltMain, BuiltPlugin};
use crate::model::Plan;
use crate::toolchain::{Runner, side_by_side};
use passed::Passed;
use stage::Stage;

/// A distribution whose artifacts were checked. Only this module makes one.
#[derive(Debug)]
pub struct Verified<'p> {
    plan: &'p Plan,
    main: Checked,
    plugins: Vec<CheckedPlugin>,
}

/// An artifact as it stands on disk.
#[derive(Debug)]
pub struct Checked {
    pub path: Utf8PathBuf,
    pub sha256: Digest,
    pub size: u64,
    /// Manifest text and facts; `None` without a plugin host, and for a file that cannot be read as
    /// an artifact.
    pub about: Option<About>,
}

/// What an artifact says about itself.
#[derive(Debug)]
pub struct About {
    pub text: String,
    pub facts: Facts,
}

/// A plugin that main takes.
#[derive(Debug)]
pub struct CheckedPlugin {
    pub built: BuiltPlugin,
    pub checked: Checked,
}

impl<'p> Verified<'p> {
    /// Takes it apart, for the step that puts it into place.
    pub(super) fn into_parts(self) -> (&'p Plan, Checked, Vec<CheckedPlugin>) {
        (self.plan, self.main, self.plugins)
    }

    #[cfg(test)]
    pub(super) fn for_test(plan: &'p Plan, main: Checked, plugins: Vec<CheckedPlugin>) -> Self {
        Self {
            plan,
            main,
            plugins,
        }
    }
}

/// Checks that a main of OCB's shape is a program.
pub fn verify_main(plan: &Plan, main: BuiltMain) -> Result<Verified<'_>, VerifyError> {
    Ok(Verified {
        plan,
        main: read::program(main)?,
        plugins: Vec::new(),
    })
}

/// Checks every artifact.
pub fn verify<'p>(built: Built<'p>, runner: &Runner<'_>) -> Result<Verified<'p>, VerifyError> {
    let Built {
        stamped,
        main,
        mut plugins,
    } = built;
    let (plan, texts) = (stamped.described.locked.plan, stamped.texts);
    runner.activity.doing("reading the artifacts back");
    // The order in which main opens them.
    plugins.sort_by_key(BuiltPlugin::file_name);
    let (main, plugins) = side_by_side(
        || read::main(&main.path, &texts.main),
        || {
            let read = plugins.into_iter().map(|plugin| {
                let text = texts.plugins.get(&plugin.name).map(String::as_str);
                read::plugin(plugin, text)
            });
            read.collect::<Result<Vec<_>, _>>()
        },
    );
    // Of several errors, that of main.
    let (main, plugins) = (main?, plugins?);
    if !plugins.is_empty() {
        gate(plan, &main, &plugins, runner)?;
    }
    Ok(Verified {
        plan,
        main,
        plugins,
    })
}

/// Compares all plugins with main and with each other, then lets main load each.
fn gate(
    plan: &Plan,
    main: &Checked,
    plugins: &[CheckedPlugin],
    runner: &Runner<'_>,
) -> Result<(), VerifyError> {
    runner.activity.doing("staging the plugins");
    let stage = Stage::make(&plan.out, plugins)?;
    runner.activity.doing("comparing the plugins with main");
    check::check(&main.path, &stage, plugins)?;
    let passed = Passed::of(main, plugins);
    if !passed.is_remembered(&plan.out) {
        let known = passed.known(&plan.out);
        load::load(&plan.out, &main.path, &stage, &known, runner)?;
        passed.remember(&plan.out)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
