//! The publish gate: re-reads every artifact from disk, compares every plugin with main, and lets main load each once in a child.
//!
//! In: [`Built`]. Out: [`Verified`], or everything that does not fit. Invariant: what memory believes about an artifact does not count; the
//! builder itself never loads a plugin. What passed once with the same bytes is compared again, and not loaded again.

mod error;
mod load;
mod passed;
mod read;
mod stage;

use bimetal_manifest::Digest;
use bimetal_manifest::compat::{self, Candidate, Rules};
use bimetal_manifest::object::{Artifact, Facts};
use camino::Utf8PathBuf;

pub(crate) use error::VerifyError;
pub(super) use stage::lock;

use super::build::{Built, BuiltPlugin};
use super::plan::{Plan, Step};
use crate::toolchain::Runner;
use passed::Passed;
use read::ReadPlugin;

/// A distribution whose artifacts were checked. Only [`verify`] makes one.
#[derive(Debug)]
pub(crate) struct Verified {
    plan: Plan,
    main: Option<Checked>,
    plugins: Vec<CheckedPlugin>,
}

/// An artifact as it stands on disk.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) path: Utf8PathBuf,
    pub(crate) sha256: Digest,
    pub(crate) size: u64,
    /// Manifest text and facts; `None` without a plugin host.
    pub(crate) about: Option<About>,
}

/// What an artifact says about itself.
#[derive(Debug)]
pub(crate) struct About {
    pub(crate) text: String,
    pub(crate) facts: Facts,
}

/// A plugin that main takes.
#[derive(Debug)]
pub(crate) struct CheckedPlugin {
    pub(crate) built: BuiltPlugin,
    pub(crate) checked: Checked,
}

impl Verified {
    /// Takes it apart, for the step that puts it into place.
    pub(super) fn into_parts(self) -> (Plan, Option<Checked>, Vec<CheckedPlugin>) {
        (self.plan, self.main, self.plugins)
    }

    #[cfg(test)]
    pub(super) fn for_test(plan: Plan, main: Checked, plugins: Vec<CheckedPlugin>) -> Self {
        Self {
            plan,
            main: Some(main),
            plugins,
        }
    }
}

/// Checks every artifact; without a plugin host only that main is a program.
pub(crate) fn verify(built: Built, runner: &Runner<'_>) -> Result<Verified, VerifyError> {
    let Built {
        stamped,
        main,
        mut plugins,
    } = built;
    let plan = stamped.plan;
    let Some(main) = main else {
        return Ok(Verified {
            plan,
            main: None,
            plugins: Vec::new(),
        });
    };
    if !plan.has(Step::Verify) {
        let main = Some(read::program(main)?);
        return Ok(Verified {
            plan,
            main,
            plugins: Vec::new(),
        });
    }

    runner.activity.doing("reading the artifacts back");
    // The order in which main opens them.
    plugins.sort_by_key(BuiltPlugin::file_name);
    let (own, main) = read::main(&main.path, stamped.texts.main.as_deref())?;
    let (mut read, mut findings) = (Vec::new(), Vec::new());
    for plugin in plugins {
        let text = stamped.texts.plugins.get(&plugin.name).map(String::as_str);
        match read::plugin(plugin, text)? {
            Ok(plugin) => read.push(plugin),
            Err(finding) => findings.push(finding),
        }
    }
    compare(&own, &mut read);
    findings.extend(
        read.iter()
            .map(|plugin| plugin.finding.clone())
            .filter(|finding| !finding.is_empty()),
    );
    if !findings.is_empty() {
        findings.sort_by(|one, other| one.file.cmp(&other.file));
        return Err(VerifyError::Refused { findings });
    }

    let plugins: Vec<CheckedPlugin> = read.into_iter().map(|plugin| plugin.plugin).collect();
    let passed = Passed::of(&main, &plugins);
    if !passed.is_remembered(&plan.out) {
        load::load(&plan.out, &main.path, &plugins, runner)?;
        passed.remember(&plan.out)?;
    }
    Ok(Verified {
        plan,
        main: Some(main),
        plugins,
    })
}

/// Every plugin alone against main, then those that fit all together in the order in which main would open them.
fn compare(own: &Artifact, plugins: &mut [ReadPlugin]) {
    let rules = Rules::of(own, None);
    for plugin in plugins.iter_mut() {
        plugin.finding.mismatches = compat::compare(own, &plugin.artifact, rules);
    }
    let Some(go) = &own.facts.go else { return };
    let fitting = plugins.iter().filter(|plugin| plugin.finding.is_empty());
    let candidates: Vec<_> = fitting
        .filter_map(|plugin| Candidate::of(&plugin.finding.file, &plugin.artifact))
        .collect();
    let predictions = compat::predict(&go.package_hashes, &[], &candidates);
    for prediction in predictions {
        if let Some(plugin) = plugins
            .iter_mut()
            .find(|plugin| plugin.finding.file == prediction.file)
        {
            plugin.finding.mismatches.extend(prediction.mismatches);
        }
    }
}

#[cfg(test)]
mod tests;
