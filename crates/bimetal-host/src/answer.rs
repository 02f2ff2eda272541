//! What the host answers to the question which plugins may be loaded.
//!
//! In: plugins that passed, plugins that did not. Out: [`Answer`]. Invariant: a handle is not a
//! plugin: it is worth one load.

use bimetal_verify::{Key, Verdict};

use crate::index::PluginIndex;
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
    /// Files of which only the manifest was read.
    pub(crate) unverified: Vec<String>,
    /// Sentences for the log.
    pub(crate) warnings: Vec<String>,
}

impl Answer {
    /// Adds what the index knows of the files that are no part of the answer yet.
    pub(crate) fn complete(&mut self, index: &PluginIndex) {
        for candidate in &index.candidates {
            let verdict = candidate.verdict();
            let mut said = self.refused.iter().chain(&self.unneeded);
            if candidate.is_unverified() {
                self.unverified.push(verdict.file.clone());
            } else if candidate.is_refused_late()
                && !said.any(|refusal| refusal.verdict.file == verdict.file)
            {
                self.unneeded.push(verdict.clone().into());
            }
        }
    }
}

/// A verified plugin that waits to be loaded.
#[derive(Debug)]
pub(crate) struct PluginHandle {
    /// Single-use.
    pub(crate) handle: u64,
    /// What was decided about the bytes that will be loaded.
    pub(crate) verdict: Verdict,
}
