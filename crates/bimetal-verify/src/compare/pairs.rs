//! Pairs of Go plugins that fit main and not each other.
//!
//! In: package hashes. Out: [`Conflict`]s. Invariant: pure; their number is bounded, also for a
//! directory made to have many.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::mismatch::NAMES_LIMIT;
use super::packages::{Candidate, PAIR_HELP, PATH_HELP};
use bimetal_manifest::object::{PackageHash, PackageHashes};
use bimetal_terminal::escape;

/// Most pairs that [`conflicts`] lists.
pub const PAIRS_LIMIT: usize = 1000;

/// Two plugins that cannot be in one process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Conflict {
    /// The two files, sorted.
    pub files: [String; 2],
    /// How many packages of theirs have different hashes.
    pub count: usize,
    /// The first of these packages by name.
    pub packages: Vec<String>,
    /// The import path that both have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugin_path: Option<String>,
    /// What would happen if both were used.
    pub on_load: String,
    /// What repairs it.
    pub help: String,
}

/// How many times two plugins are compared at most.
const STEPS_LIMIT: usize = 1_000_000;

/// The pairs that were found.
#[derive(Clone, Debug, Default)]
pub struct Conflicts {
    /// Sorted by file.
    pub pairs: Vec<Conflict>,
    /// There may be more, or more packages in one.
    pub is_cut: bool,
}

/// The pairs of plugins that cannot be used together although `main` has nothing against either, at
/// most [`PAIRS_LIMIT`].
pub fn conflicts(main: &PackageHashes, plugins: &[Candidate<'_>]) -> Conflicts {
    let mut pairs = Pairs::default();
    for (package, owners) in owners(main, plugins) {
        for (place, (first, hash)) in owners.iter().enumerate() {
            for (second, other) in &owners[place + 1..] {
                if !pairs.step() {
                    break;
                }
                if other == hash {
                    continue;
                }
                if let Some(pair) = pairs.get(*first, *second) {
                    pair.count += 1;
                    if pair.packages.len() < NAMES_LIMIT {
                        pair.packages.push(package);
                    }
                }
            }
        }
    }
    for (path, owners) in same_paths(plugins) {
        for (place, first) in owners.iter().enumerate() {
            for second in &owners[place + 1..] {
                if !pairs.step() {
                    break;
                }
                if let Some(pair) = pairs.get(*first, *second) {
                    pair.plugin_path = Some(path);
                }
            }
        }
    }
    let mut found: Vec<_> = pairs
        .found
        .iter()
        .map(|(&(one, other), pair)| conflict(&plugins[one], &plugins[other], pair))
        .collect();
    found.sort_by(|one, other| one.files.cmp(&other.files));
    Conflicts {
        pairs: found,
        is_cut: pairs.is_cut,
    }
}

#[derive(Default)]
struct Pair<'a> {
    count: usize,
    packages: Vec<&'a str>,
    plugin_path: Option<&'a str>,
}

#[derive(Default)]
struct Pairs<'a> {
    found: BTreeMap<(usize, usize), Pair<'a>>,
    steps: usize,
    is_cut: bool,
}

impl<'a> Pairs<'a> {
    /// Whether there is room for one more comparison.
    fn step(&mut self) -> bool {
        self.steps += 1;
        self.is_cut |= self.steps > STEPS_LIMIT;
        self.steps <= STEPS_LIMIT
    }

    fn get(&mut self, first: usize, second: usize) -> Option<&mut Pair<'a>> {
        let key = (first.min(second), first.max(second));
        if self.found.len() >= PAIRS_LIMIT && !self.found.contains_key(&key) {
            self.is_cut = true;
            return None;
        }
        Some(self.found.entry(key).or_default())
    }
}

/// Package that main does not have -> the plugins that do, with their hash.
fn owners<'a>(
    main: &PackageHashes,
    plugins: &[Candidate<'a>],
) -> BTreeMap<&'a str, Vec<(usize, PackageHash)>> {
    let mut owners: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for (index, plugin) in plugins.iter().enumerate() {
        for (package, hash) in plugin
            .hashes
            .iter()
            .filter(|(package, _)| !main.contains_key(*package))
        {
            owners.entry(package).or_default().push((index, *hash));
        }
    }
    owners
}

fn same_paths<'a>(plugins: &[Candidate<'a>]) -> BTreeMap<&'a str, Vec<usize>> {
    let mut paths: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for (index, plugin) in plugins.iter().enumerate() {
        if let Some(path) = plugin.plugin_path {
            paths.entry(path).or_default().push(index);
        }
    }
    paths
}

fn conflict(one: &Candidate<'_>, other: &Candidate<'_>, pair: &Pair<'_>) -> Conflict {
    let mut files = [one.file, other.file].map(|file| escape(file).into_owned());
    files.sort();
    let help = if pair.plugin_path.is_some() {
        PATH_HELP
    } else {
        PAIR_HELP
    };
    Conflict {
        files,
        count: pair.count,
        packages: pair
            .packages
            .iter()
            .map(|package| escape(package).into_owned())
            .collect(),
        plugin_path: pair.plugin_path.map(|path| escape(path).into_owned()),
        on_load:
            "a Collector whose configuration uses both would not start: the later one is refused"
                .to_owned(),
        help: help.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::packages::tests::{candidate, hashes};

    #[test]
    fn conflicting_pairs_are_those_that_main_does_not_decide() {
        let main = hashes(&[("fmt", 1)]);
        let one = hashes(&[("fmt", 1), ("x", 1)]);
        let two = hashes(&[("fmt", 2), ("x", 2), ("y", 2)]);
        let three = hashes(&[("x", 1), ("y", 3)]);
        let all = [
            candidate("3", &three),
            candidate("1", &one),
            candidate("2", &two),
        ];
        let found: Vec<_> = conflicts(&main, &all)
            .pairs
            .into_iter()
            .map(|found| (found.files, found.count))
            .collect();
        assert_eq!(
            found,
            [
                (["1".to_owned(), "2".to_owned()], 1),
                (["2".to_owned(), "3".to_owned()], 2)
            ]
        );
    }

    #[test]
    fn two_plugins_with_one_import_path_conflict() {
        let (main, none) = (hashes(&[]), hashes(&[]));
        let copy = Candidate {
            file: "copy",
            plugin_path: Some("one"),
            hashes: &none,
        };
        let found = conflicts(&main, &[candidate("one", &none), copy]);
        assert_eq!(found.pairs[0].plugin_path.as_deref(), Some("one"));
    }

    #[test]
    fn many_conflicts_are_cut_at_the_limit() {
        let main = hashes(&[]);
        let sets: Vec<_> = (0..=255).map(|byte| hashes(&[("x", byte)])).collect();
        let names: Vec<_> = (0..=255).map(|number: u32| number.to_string()).collect();
        let all: Vec<_> = sets
            .iter()
            .zip(&names)
            .map(|(set, name)| candidate(name, set))
            .collect();
        let found = conflicts(&main, &all);
        assert_eq!((found.pairs.len(), found.is_cut), (PAIRS_LIMIT, true));
        assert!(!conflicts(&main, &all[..10]).is_cut);
    }

    #[test]
    fn the_work_for_many_plugins_is_bounded() {
        let packages: Vec<_> = (0..100).map(|number: u32| format!("p{number}")).collect();
        let hashes = hashes(
            &packages
                .iter()
                .map(|name| (name.as_str(), 1))
                .collect::<Vec<_>>(),
        );
        let names: Vec<_> = (0..2000).map(|number: u32| number.to_string()).collect();
        let all: Vec<_> = names.iter().map(|name| candidate(name, &hashes)).collect();
        assert!(conflicts(&self::hashes(&[]), &all).is_cut);
    }
}
