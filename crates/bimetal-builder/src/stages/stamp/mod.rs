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

use bimetal_manifest::schema::Manifest;
use camino::Utf8Path;

pub use error::StampError;
pub use time::stamped_times;

use super::describe::Described;
use crate::model::Linkage;
use crate::toolchain::Runner;

/// A described plan whose manifests stand among the sources.
#[derive(Debug)]
pub struct Stamped<'p> {
    pub described: Described<'p>,
    pub texts: Texts,
}

/// The manifests as JSON, exactly as they are linked in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    /// Go part and Rust part of main.
    pub main: String,
    /// By the plugin's name in the plan.
    pub plugins: BTreeMap<String, String>,
}

/// Writes every manifest.
pub fn stamp<'p>(described: Described<'p>, runner: &Runner<'_>) -> Result<Stamped<'p>, StampError> {
    let (plan, tree) = (described.locked.plan, described.locked.tree);
    let makers = manifests::Makers::new(&described, runner)?;
    let mut texts = Texts::default();
    let mut written = files::Written::default();

    let main = [makers.go_main(), makers.rust_main()];
    texts.main = time::settle(plan, time::MAIN, &main, &time::inputs_of_main(tree))?;
    written.go("", &texts.main);
    let of_plugin = |name: &str, dir: &Utf8Path, manifest: Manifest| {
        time::settle(plan, name, &[manifest], &time::inputs_of_plugin(tree, dir))
    };
    for plugin in &plan.go_plugins {
        let manifest = makers.go_plugin(&plugin.name)?;
        let text = of_plugin(&plugin.name, &plugin.dir, manifest)?;
        written.go(plugin.dir.as_str(), &text);
        texts.plugins.insert(plugin.name.clone(), text);
    }
    for plugin in plan.rust_with(Linkage::Plugin) {
        let manifest = makers.rust_plugin(&plugin.name)?;
        let text = of_plugin(&plugin.name, &plugin.dir, manifest)?;
        written.rust(plugin.dir.as_str(), &text);
        texts.plugins.insert(plugin.name.clone(), text);
    }
    files::write(&plan.out, &written)?;
    Ok(Stamped { described, texts })
}

#[cfg(test)]
mod tests;
