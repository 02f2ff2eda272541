//! Replays the committed seeds of every target, without the fuzzer.
//!
//! In: `corpus/`. Out: nothing. Invariant: a target without seeds, a directory of seeds without a
//! target and a target without its way in for the fuzzer fail.

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use bimetal_fuzz::targets::ALL;
use bimetal_fuzz::{memory_file, samples};
use bimetal_manifest::object::read;
use bimetal_manifest::schema::Policy;
use bimetal_verify::compare;

fn below(name: &str) -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let entries = fs::read_dir(&directory).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
fn every_target_passes_its_seeds() {
    let mut failed = Vec::new();
    for (name, run) in ALL {
        let seeds = below(&format!("corpus/{name}"));
        assert!(!seeds.is_empty(), "`{name}` has no seeds");
        for seed in seeds {
            let bytes = fs::read(&seed).unwrap();
            if catch_unwind(|| run(&bytes)).is_err() {
                failed.push(seed);
            }
        }
    }
    assert!(failed.is_empty(), "the reasons stand above: {failed:#?}");
}

/// The committed ones may be of an earlier form.
#[test]
fn every_target_passes_samples_of_the_types_as_they_are_now() {
    for (target, name, bytes) in samples::all() {
        let (_, run) = ALL.iter().find(|(name, _)| *name == target).unwrap();
        assert!(catch_unwind(|| run(&bytes)).is_ok(), "{target}: {name}");
    }
}

#[test]
fn every_target_has_seeds_and_a_way_in_and_nothing_else_does() {
    let names = |directory: &str| -> BTreeSet<String> {
        let stem = |path: &PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
        below(directory).iter().map(stem).collect()
    };
    let targets: BTreeSet<String> = ALL.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names("corpus"), targets);
    assert_eq!(names("fuzz_targets"), targets);
}

/// A fuzzer finds what is accepted wrongly near what is accepted rightly.
#[test]
fn the_plugins_among_the_seeds_fit_the_main_among_them() {
    let seed = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("corpus/object")
            .join(name);
        read(memory_file::holding(&fs::read(path).unwrap())).unwrap()
    };
    let main = seed("main");
    for name in ["go-plugin", "rust-plugin"] {
        let found = compare(&main, &seed(name), Policy::Exact);
        assert!(found.is_empty(), "{name}: {found:?}");
    }
}
