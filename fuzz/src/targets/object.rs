//! The reader of object files, and the comparison of what it found with a real main.
//!
//! In: bytes as a file. Out: nothing. Invariant: whatever the bytes are, lists are bounded, what is
//! accepted equals main, and a listed file with other bytes is refused.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use crate::memory_file;
use crate::verdict::{assert_bounded, assert_equal_where_compared};
use bimetal_files::Digest;
use bimetal_manifest::lock::LockedPlugin;
use bimetal_manifest::object::{exported_symbols, read};
use bimetal_manifest::schema::{Kind, Policy};
use bimetal_manifest::{Artifact, Lock};
use bimetal_verify::compare::{Candidate, Rules, predict};
use bimetal_verify::{FoundLock, PluginFile, Request, Status, Trust, compare, precheck};

const FILE: &str = "processor-crab.so";
const SYMBOLS: usize = 100;

static MAIN_BYTES: &[u8] = include_bytes!("../../corpus/object/main");
static LISTED: &[u8] = include_bytes!("../../corpus/object/rust-plugin");

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

/// One input.
pub fn run(data: &[u8]) {
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
    decide(main, data);
}

/// The file alone: listed with other bytes, and not listed.
fn decide(main: &Artifact, data: &[u8]) {
    let file = memory_file::holding(data);
    let digest = Digest::of_file(file).expect("a memory file can be read");
    let read = PluginFile::of_copy(FILE, file, digest);
    let none = BTreeSet::new();
    let verdict = |lock: &FoundLock| {
        let request = Request {
            main: Some(main),
            rules: Rules::from(Policy::Exact),
            lock,
            require_lock: false,
            trust: &Trust::Rights,
            directory: None,
            linked_in: &none,
        };
        precheck(&request, &read)
    };
    if data != LISTED {
        assert!(
            !verdict(&FoundLock::Usable(LOCK.clone()))
                .status
                .may_be_loaded()
        );
    }
    if verdict(&FoundLock::Absent).status == Status::Ok {
        let artifact = read.artifact.as_ref();
        assert_equal_where_compared(main, artifact.expect("what is accepted was read"));
    }
}
