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

/// The pairs of plugins that cannot be used together although `main` has nothing against either, at
/// most [`PAIRS_LIMIT`].
pub fn conflicts(main: &PackageHashes, plugins: &[Candidate<'_>]) -> Vec<Conflict> {
    let mut pairs = Pairs::new();
    for (package, owners) in owners(main, plugins) {
        for (place, (first, hash)) in owners.iter().enumerate() {
            for (second, _) in owners[place + 1..]
                .iter()
                .filter(|(_, other)| other != hash)
            {
                if let Some(pair) = pair(&mut pairs, *first, *second) {
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
                if let Some(pair) = pair(&mut pairs, *first, *second) {
                    pair.plugin_path = Some(path);
                }
            }
        }
    }
    let mut found: Vec<_> = pairs
        .iter()
        .map(|(&(one, other), pair)| conflict(&plugins[one], &plugins[other], pair))
        .collect();
    found.sort_by(|one, other| one.files.cmp(&other.files));
    found
}

#[derive(Default)]
struct Pair<'a> {
    count: usize,
    packages: Vec<&'a str>,
    plugin_path: Option<&'a str>,
}

type Pairs<'a> = BTreeMap<(usize, usize), Pair<'a>>;

fn pair<'p, 'a>(pairs: &'p mut Pairs<'a>, first: usize, second: usize) -> Option<&'p mut Pair<'a>> {
    let key = (first.min(second), first.max(second));
    if pairs.len() >= PAIRS_LIMIT && !pairs.contains_key(&key) {
        return None;
    }
    Some(pairs.entry(key).or_default())
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
        assert_eq!(found[0].plugin_path.as_deref(), Some("one"));
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
        assert_eq!(conflicts(&main, &all).len(), PAIRS_LIMIT);
    }
}
