//! What the host answers to the question which plugins may be loaded.
//!
//! In: plugins that passed, plugins that did not. Out: [`Answer`]. Invariant: a handle is not
//! a plugin: it is worth one load.

use bimetal_files::Digest;
use bimetal_manifest::schema::{Component, Kind, Language};

use crate::catalog::Item;
use crate::refusal::Refusal;
use bimetal_verify::catalog::Problem;

/// Kind and type of a component.
pub(crate) type Key = (Kind, String);

/// What became of the question which plugins may be loaded.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// Verified, in load order: handle and what it is.
    pub(crate) verified: Vec<PluginHandle>,
    /// Not to be loaded.
    pub(crate) refused: Vec<Refusal>,
    /// Neither linked in nor in the directory.
    pub(crate) unknown: Vec<Key>,
    /// Sentences for the log.
    pub(crate) warnings: Vec<String>,
}

/// A verified plugin that waits to be loaded.
#[derive(Debug)]
pub(crate) struct PluginHandle {
    /// Single-use.
    pub(crate) handle: u64,
    /// Name of the file.
    pub(crate) file: String,
    /// Its component.
    pub(crate) component: Component,
    /// Its language.
    pub(crate) language: Language,
    /// The compiler that made it.
    pub(crate) toolchain_version: String,
    /// Digest of the bytes that will be loaded.
    pub(crate) digest: Digest,
}

/// More than one file brings the component: none of them is taken.
pub(crate) fn several(key: &Key, items: &[&Item]) -> Vec<Refusal> {
    let files: Vec<_> = items
        .iter()
        .map(|item| format!("`{}`", bimetal_terminal::escape(&item.file.name)))
        .collect();
    let problem = Problem {
        message: format!(
            "{} {} bring the same component",
            files.join(" and "),
            if files.len() == 2 { "both" } else { "all" }
        ),
        help: Some("keep one of them in the plugin directory".to_owned()),
    };
    items
        .iter()
        .map(|item| item.refused_for(&problem, Some(key)))
        .collect()
}

/// The component is linked in as well.
pub(crate) fn taken(key: &Key, item: &Item) -> Refusal {
    let mut refusal = Refusal::new(&item.file.name, None).because(
        format!("{} `{}` is linked into this Collector already", key.0.as_str(), key.1),
        Some("remove the file from the plugin directory, or build the Collector without the component"),
    );
    (refusal.kind, refusal.type_name) = (Some(key.0), Some(key.1.clone()));
    refusal
}
