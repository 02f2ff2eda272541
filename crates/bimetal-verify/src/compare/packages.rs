//! Go's package hashes, over a set of plugins.
//!
//! In: package hashes of main and of plugins. Out: what the runtime would refuse, for all packages
//! and not only the first. Invariant: pure; a plugin that is refused contributes nothing, because
//! it is never opened.

use std::collections::BTreeMap;

use serde::Serialize;

use super::mismatch::{Check, Mismatch, Outcome};
use bimetal_manifest::object::{Artifact, PackageHash, PackageHashes};

/// A Go plugin that is loaded, or might be.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// File name, for reports.
    pub file: &'a str,
    /// The import path that the runtime knows it by.
    pub plugin_path: Option<&'a str>,
    /// Its package hashes.
    pub hashes: &'a PackageHashes,
}

/// What would come of opening one candidate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Prediction {
    /// File name of the candidate.
    pub file: String,
    /// Nothing if it would be accepted.
    pub mismatches: Vec<Mismatch>,
}

impl<'a> Candidate<'a> {
    /// The candidate in `file`, if it is a Go plugin.
    pub fn of(file: &'a str, artifact: &'a Artifact) -> Option<Self> {
        let go = artifact.facts.go.as_ref()?;
        Some(Self {
            file,
            plugin_path: go.plugin_path.as_deref(),
            hashes: &go.package_hashes,
        })
    }
}

impl Prediction {
    /// The runtime would take it.
    pub fn is_accepted(&self) -> bool {
        self.mismatches.is_empty()
    }
}

/// Predicts what `plugin.Open` says to `candidates`, opened in this order after the `loaded` ones.
/// A refused one is not opened.
pub fn predict<'a>(
    main: &'a PackageHashes,
    loaded: &[Candidate<'a>],
    candidates: &[Candidate<'a>],
) -> Vec<Prediction> {
    let mut seen = Seen::default();
    seen.add(None, main);
    for plugin in loaded {
        seen.add_plugin(plugin);
    }
    let mut predictions = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        let mismatches = seen.mismatches(candidate);
        if mismatches.is_empty() {
            seen.add_plugin(candidate);
        }
        predictions.push(Prediction {
            file: candidate.file.to_owned(),
            mismatches,
        });
    }
    predictions
}

/// What the runtime knows after some plugins.
#[derive(Default)]
struct Seen<'a> {
    /// Package -> its first hash and the plugin that brought it; main's have none.
    packages: BTreeMap<&'a str, (PackageHash, Option<&'a str>)>,
    /// Plugin path -> file.
    paths: BTreeMap<&'a str, &'a str>,
}

impl<'a> Seen<'a> {
    fn add(&mut self, file: Option<&'a str>, hashes: &'a PackageHashes) {
        for (package, hash) in hashes {
            self.packages.entry(package).or_insert((*hash, file));
        }
    }

    fn add_plugin(&mut self, plugin: &Candidate<'a>) {
        self.add(Some(plugin.file), plugin.hashes);
        if let Some(path) = plugin.plugin_path {
            self.paths.entry(path).or_insert(plugin.file);
        }
    }

    /// One mismatch with main at most, and one with each plugin.
    fn mismatches(&self, candidate: &Candidate<'_>) -> Vec<Mismatch> {
        let mut by_owner: BTreeMap<Option<&str>, Vec<&str>> = BTreeMap::new();
        for (package, hash) in candidate.hashes {
            if let Some((known, owner)) = self.packages.get(package.as_str())
                && known != hash
            {
                by_owner.entry(*owner).or_default().push(package);
            }
        }
        let mut found = Vec::new();
        for (owner, packages) in &by_owner {
            match owner {
                None => {
                    let shared = candidate
                        .hashes
                        .keys()
                        .map(String::as_str)
                        .filter(|package| {
                            self.packages
                                .get(package)
                                .is_some_and(|(_, owner)| owner.is_none())
                        });
                    found.extend(fold_with_main(packages, shared));
                }
                Some(file) => found.push(fold_with_plugin(file, packages)),
            }
        }
        if let Some(path) = candidate.plugin_path
            && let Some(file) = self.paths.get(path)
        {
            found.push(same_path(file, path));
        }
        found
    }
}

fn fold_with_main<'p>(
    differing: &[&str],
    shared: impl Iterator<Item = &'p str>,
) -> Option<Mismatch> {
    if differing.is_empty() {
        return None;
    }
    let standard = shared.filter(|package| is_standard(package)).count();
    let mismatch = Mismatch::new(Outcome::Refused, Check::PackageHash, "Go packages")
        .names(differing.len(), differing.iter().copied())
        .on_load(
            "`plugin.Open` would refuse it, and its code would stay in the process and spoil \
            later plugins",
        )
        .help(cause(differing, standard));
    Some(mismatch)
}

fn fold_with_plugin(file: &str, differing: &[&str]) -> Mismatch {
    Mismatch::new(Outcome::Refused, Check::PluginSet, file)
        .names(differing.len(), differing.iter().copied())
        .on_load(format!(
            "`plugin.Open` would refuse it beside `{file}`, and its code would stay in the process"
        ))
        .help(PAIR_HELP)
}

fn same_path(file: &str, path: &str) -> Mismatch {
    Mismatch::new(Outcome::Refused, Check::PluginSet, file)
        .values(Some(path), Some(path))
        .on_load(format!(
            "`plugin.Open` would refuse it beside `{file}`: the runtime knows both by \
            one import path"
        ))
        .help(PATH_HELP)
}

pub(super) const PAIR_HELP: &str =
    "build both in one run of `bimetal`, so that they share one resolution of modules";
pub(super) const PATH_HELP: &str =
    "build each plugin as a package of its own: `bimetal` gives each its own import path";

/// Which flag or version makes a pattern like this, as an instruction.
pub(super) fn cause(differing: &[&str], standard_shared: usize) -> String {
    let standard: Vec<_> = differing
        .iter()
        .filter(|package| is_standard(package))
        .collect();
    if standard.len() * 10 >= standard_shared * 9 && !standard.is_empty() {
        return "build both with the same Go version, and both with `-trimpath`".to_owned();
    }
    if standard
        .iter()
        .any(|package| **package == "internal/goexperiment")
    {
        return "build both with the same GOEXPERIMENT".to_owned();
    }
    if !standard.is_empty() {
        let flags = "`-race`, `-gcflags`, `-pgo`, `-tags`, `-cover`, GOFIPS140 and the C headers";
        return format!("build both with the same Go version and the same {flags}");
    }
    "build both from the same modules: in one run of `bimetal`, or with the versions of main's \
     manifest"
        .to_owned()
}

/// Packages of the standard library have no dot in their first element.
pub(super) fn is_standard(package: &str) -> bool {
    !package.split('/').next().unwrap_or_default().contains('.')
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::compare) fn hashes(entries: &[(&str, u8)]) -> PackageHashes {
        entries
            .iter()
            .map(|(package, byte)| ((*package).to_owned(), PackageHash([*byte; 8])))
            .collect()
    }

    pub(in crate::compare) fn candidate<'a>(
        file: &'a str,
        hashes: &'a PackageHashes,
    ) -> Candidate<'a> {
        Candidate {
            file,
            plugin_path: Some(file),
            hashes,
        }
    }

    #[test]
    fn a_refused_plugin_contributes_nothing_to_the_set() {
        let main = hashes(&[("fmt", 1)]);
        let bad = hashes(&[("fmt", 2), ("a.com/x", 1)]);
        let good = hashes(&[("fmt", 1), ("a.com/x", 2)]);
        let found = predict(
            &main,
            &[],
            &[candidate("bad", &bad), candidate("good", &good)],
        );
        assert!(!found[0].is_accepted());
        assert!(found[1].is_accepted());
    }

    #[test]
    fn the_order_of_loading_decides_who_is_refused() {
        let main = hashes(&[("fmt", 1)]);
        let one = hashes(&[("a.com/x", 1), ("a.com/y", 1)]);
        let two = hashes(&[("a.com/x", 2), ("a.com/y", 2), ("fmt", 1)]);
        let found = predict(
            &main,
            &[],
            &[candidate("one", &one), candidate("two", &two)],
        );
        assert!(found[0].is_accepted());
        assert_eq!(found[1].mismatches[0].check, Check::PluginSet);
        assert_eq!(found[1].mismatches[0].subject, "one");
        assert_eq!(found[1].mismatches[0].names, ["a.com/x", "a.com/y"]);
        let found = predict(
            &main,
            &[],
            &[candidate("two", &two), candidate("one", &one)],
        );
        assert!(found[0].is_accepted() && !found[1].is_accepted());
    }

    #[test]
    fn what_is_loaded_already_counts() {
        let (main, one, two) = (hashes(&[]), hashes(&[("x", 1)]), hashes(&[("x", 2)]));
        let found = predict(&main, &[candidate("one", &one)], &[candidate("two", &two)]);
        assert_eq!(found[0].mismatches.len(), 1);
    }

    #[test]
    fn one_import_path_can_be_opened_once() {
        let (main, none) = (hashes(&[]), hashes(&[]));
        let copy = Candidate {
            file: "copy",
            plugin_path: Some("one"),
            hashes: &none,
        };
        let found = predict(&main, &[], &[candidate("one", &none), copy]);
        assert_eq!(found[1].mismatches[0].main.as_deref(), Some("one"));
    }

    #[test]
    fn the_help_names_the_likely_cause() {
        let text = |differing: &[&str], standard| cause(differing, standard);
        assert!(text(&["internal/goexperiment", "runtime"], 60).contains("GOEXPERIMENT"));
        assert!(text(&["fmt", "os"], 2).contains("-trimpath"));
        assert!(text(&["runtime", "a.com/x"], 60).contains("-race"));
        assert!(text(&["a.com/x"], 60).contains("modules"));
    }
}
