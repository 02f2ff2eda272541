//! The plugins whose code this process holds, and what they leave room for.
//!
//! In: plugins that passed, in load order. Out: the mismatches of the next one with them.
//! Invariant: a plugin that was refused was never opened, so it counts for nothing; one that passed
//! counts for ever, whatever the loader says to it.

use crate::compare::{Candidate, Check, same_name, thread_locals};
use crate::{Mismatch, Rules, predict};
use bimetal_manifest::Artifact;
use bimetal_manifest::object::PackageHashes;
use bimetal_terminal::escape;

/// What earlier plugins left in the process.
#[derive(Clone, Debug, Default)]
pub struct ProcessSet {
    plugins: Vec<Loaded>,
}

#[derive(Clone, Debug)]
struct Loaded {
    file: String,
    /// Bytes of the room that the C library keeps.
    thread_locals: u64,
    soname: Option<String>,
    go: Option<GoPlugin>,
}

#[derive(Clone, Debug)]
struct GoPlugin {
    plugin_path: Option<String>,
    hashes: PackageHashes,
}

impl ProcessSet {
    /// What keeps `plugin` from being opened beside the earlier plugins, of which it may be one
    /// that is checked again. What main has against it is not repeated.
    pub fn conflicts(
        &self,
        main: &Artifact,
        file: &str,
        plugin: &Artifact,
        rules: Rules<'_>,
    ) -> Vec<Mismatch> {
        let mut found = self.packages(main, file, plugin);
        let named = self
            .others(file)
            .find(|earlier| earlier.soname.is_some() && earlier.soname == plugin.facts.soname);
        found.extend(named.and_then(|earlier| {
            let other = format!("that of {}", escape(&earlier.file));
            Some(same_name(earlier.soname.as_deref()?, &other))
        }));
        let taken = self.others(file).map(|earlier| earlier.thread_locals).sum();
        if taken > 0 {
            found.extend(thread_locals(taken, plugin, rules));
        }
        found
    }

    fn packages(&self, main: &Artifact, file: &str, plugin: &Artifact) -> Vec<Mismatch> {
        let (Some(main), Some(candidate)) = (&main.facts.go, Candidate::of(file, plugin)) else {
            return Vec::new();
        };
        let loaded: Vec<_> = self.others(file).filter_map(Loaded::candidate).collect();
        let predictions = predict(&main.package_hashes, &loaded, &[candidate]);
        let mismatches = predictions
            .into_iter()
            .flat_map(|prediction| prediction.mismatches);
        mismatches
            .filter(|mismatch| mismatch.check == Check::PluginSet)
            .collect()
    }

    /// Counts a plugin in that passed.
    pub fn count_in(&mut self, file: &str, plugin: &Artifact) {
        // A plugin that was verified twice is the same plugin, and does not keep itself out.
        self.plugins.retain(|earlier| earlier.file != file);
        self.plugins.push(Loaded {
            file: file.to_owned(),
            thread_locals: plugin.facts.fixed_thread_locals(),
            soname: plugin.facts.soname.clone(),
            go: plugin.facts.go.as_ref().map(|go| GoPlugin {
                plugin_path: go.plugin_path.clone(),
                hashes: go.package_hashes.clone(),
            }),
        });
    }

    fn others(&self, file: &str) -> impl Iterator<Item = &Loaded> {
        self.plugins
            .iter()
            .filter(move |plugin| plugin.file != file)
    }
}

impl Loaded {
    fn candidate(&self) -> Option<Candidate<'_>> {
        let go = self.go.as_ref()?;
        Some(Candidate {
            file: &self.file,
            plugin_path: go.plugin_path.as_deref(),
            hashes: &go.hashes,
        })
    }
}
