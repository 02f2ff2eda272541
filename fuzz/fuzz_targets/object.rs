//! The reader of object files, and the comparison of what it found with a real main.
//!
//! In: bytes as a file. Out: nothing. Invariant: whatever the bytes are, lists are bounded, what is
//! accepted equals main, and a listed file with other bytes is refused.
#![no_main]

use std::sync::LazyLock;

use bimetal_files::Digest;
use bimetal_fuzz::memory_file;
use bimetal_fuzz::verdict::{assert_bounded, assert_equal_where_compared};
use bimetal_manifest::lock::LockedPlugin;
use bimetal_manifest::object::{exported_symbols, read};
use bimetal_manifest::schema::{Kind, Policy};
use bimetal_manifest::{Artifact, Lock};
use bimetal_verify::catalog::{CatalogEntry, Verdict};
use bimetal_verify::compare::{Candidate, Rules, predict};
use bimetal_verify::{Catalog, CheckOptions, compare};
use libfuzzer_sys::fuzz_target;

const FILE: &str = "processor-crab.so";
const SYMBOLS: usize = 100;

static MAIN_BYTES: &[u8] = include_bytes!("../corpus/object/main");
static LISTED: &[u8] = include_bytes!("../corpus/object/rust-plugin");

static MAIN: LazyLock<Artifact> = LazyLock::new(|| {
    read(memory_file::holding(MAIN_BYTES)).expect("the seed is a main that can be read")
});

static LOCK: LazyLock<Lock> = LazyLock::new(|| {
    Lock::new(vec![LockedPlugin {
        file: FILE.to_owned(),
        sha256: Digest::of(LISTED),
        size: LISTED.len() as u64,
        kind: Kind::Processor,
        type_name: "crab".to_owned(),
    }])
    .expect("one name is a good lock")
});

fuzz_target!(|data: &[u8]| {
    let main = &*MAIN;
    let file = memory_file::holding(data);
    let symbols = exported_symbols(file, SYMBOLS);
    let artifact = read(file);
    if let Ok(artifact) = &artifact {
        assert_eq!(artifact.facts.size, data.len() as u64);
        assert_bounded(&artifact.facts);
        // Names of a program's functions are read only when they are asked for, so a damaged one
        // shows only then.
        if let Ok(symbols) = symbols {
            assert!(symbols.symbols.len() <= SYMBOLS);
            assert_eq!(symbols.total, artifact.facts.exported);
        }
        serde_json::to_string(&artifact.facts).expect("facts are always JSON");
        for policy in [Policy::Exact, Policy::Abi] {
            compare(artifact, main, policy);
            compare(artifact, artifact, policy);
        }
        if let (Some(go), Some(candidate)) = (&main.facts.go, Candidate::of(FILE, artifact)) {
            predict(&go.package_hashes, &[candidate], &[candidate]);
        }
    }
    judge(main, data, artifact);
});

/// A directory with the file alone: listed with other bytes, and not listed.
fn judge(main: &Artifact, data: &[u8], artifact: Result<Artifact, bimetal_manifest::ReadError>) {
    let digest = Digest::of_file(memory_file::holding(data)).expect("a memory file can be read");
    let catalog = Catalog {
        directory: "plugins".into(),
        entries: vec![CatalogEntry {
            file: FILE.to_owned(),
            sha256: Some(digest),
            artifact,
        }],
    };
    let rules = Rules::from(Policy::Exact);
    let options = CheckOptions {
        rules,
        ..CheckOptions::default()
    };
    let alone = catalog.check(main, options);
    let listed = catalog.check(
        main,
        CheckOptions {
            lock: Some(&LOCK),
            ..options
        },
    );
    if data != LISTED {
        assert_ne!(listed.plugins[0].verdict, Verdict::Accepted);
    }
    if alone.plugins[0].verdict == Verdict::Accepted {
        let artifact = catalog.entries[0].artifact.as_ref();
        assert_equal_where_compared(main, artifact.expect("what is accepted was read"));
    }
}
