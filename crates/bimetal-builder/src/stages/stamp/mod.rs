//! Writes the manifest texts that are linked into the artifacts.
//!
//! In: [`Described`]. Out: [`Stamped`]: the texts, in place among the sources. Invariant: equal
//! inputs give equal texts, with the build time of the first; a file that did not change is not
//! touched.

mod abi;
mod environment;
mod error;
mod files;
mod manifests;
mod time;

use std::collections::BTreeMap;

pub use error::StampError;
pub use time::stamped_times;

use super::describe::{Components, Described};
use crate::model::Profile;
use crate::model::{Linkage, Plan, Step};
use crate::toolchain::Runner;

/// A described plan whose manifests stand among the sources.
#[derive(Clone, Debug)]
pub struct Stamped {
    pub plan: Plan,
    pub components: Components,
    pub texts: Texts,
    /// What guides Go's compiler.
    pub profile: Option<Profile>,
}

/// The manifests as JSON, exactly as they are linked in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    /// Go part and Rust part of main.
    pub main: Option<String>,
    /// By the plugin's name in the plan.
    pub plugins: BTreeMap<String, String>,
}

/// Writes every manifest, if the plan has the step.
pub fn stamp(described: Described, runner: &Runner<'_>) -> Result<Stamped, StampError> {
    let plan = &described.plan;
    if !plan.has(Step::Stamp) {
        return Ok(Stamped {
            texts: Texts::default(),
            profile: described.sources.profile,
            components: described.components,
            plan: described.plan,
        });
    }
    let makers = manifests::Makers::new(&described, runner)?;
    let tree = &described.tree;
    let mut texts = Texts::default();
    let mut written = files::Written::default();

    let main = [makers.go_main(), makers.rust_main()];
    let text = time::settle(plan, time::MAIN, &main, &time::inputs_of_main(tree))?;
    written.go("", &text);
    texts.main = Some(text);
    for plugin in &plan.go_plugins {
        let manifest = [makers.go_plugin(&plugin.name)?];
        let text = time::settle(
            plan,
            &plugin.name,
            &manifest,
            &time::inputs_of_plugin(tree, &plugin.dir),
        )?;
        written.go(plugin.dir.as_str(), &text);
        texts.plugins.insert(plugin.name.clone(), text);
    }
    for plugin in plan.rust_with(Linkage::Plugin) {
        let manifest = [makers.rust_plugin(&plugin.name)?];
        let text = time::settle(
            plan,
            &plugin.name,
            &manifest,
            &time::inputs_of_plugin(tree, &plugin.dir),
        )?;
        written.rust(plugin.dir.as_str(), &text);
        texts.plugins.insert(plugin.name.clone(), text);
    }
    files::write(plan, &written)?;
    Ok(Stamped {
        texts,
        profile: described.sources.profile,
        components: described.components,
        plan: described.plan,
    })
}

#[cfg(test)]
mod tests;
