//! What the host answers to the question which plugins may be loaded.
//!
//! In: plugins that passed, plugins that did not. Out: [`Answer`]. Invariant: a handle is not a
//! plugin: it is worth one load.

use bimetal_verify::{Key, Verdict};

use crate::refusal::Refusal;

/// What became of the question which plugins may be loaded.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// Verified, in load order: handle and what it is.
    pub(crate) verified: Vec<PluginHandle>,
    /// Not to be loaded.
    pub(crate) refused: Vec<Refusal>,
    /// Not to be loaded, and not needed: a good file brings the component.
    pub(crate) unneeded: Vec<Refusal>,
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
    /// What was decided about the bytes that will be loaded.
    pub(crate) verdict: Verdict,
}
