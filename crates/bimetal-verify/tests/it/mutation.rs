//! Whatever is changed in a real file, reading it ends with a result, and what is accepted still
//! equals main.

use std::sync::OnceLock;

use bimetal_manifest::object::{exported_symbols, read as read_file};
use bimetal_manifest::schema::{Policy, parse_main};
use bimetal_manifest::{Lock, Manifest};
use bimetal_verify::compare;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::fixture::{fixtures, main, read, temporary, write_at};
use crate::verdict::assert_sound;

/// Places that readers look at first: the headers, and with them the tables at the end.
fn place(length: usize) -> impl Strategy<Value = usize> {
    prop_oneof![
        0..length.min(64),
        0..length.min(1024),
        length.saturating_sub(4096)..length,
        any::<Index>().prop_map(move |index| index.index(length)),
    ]
}

fn interesting() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(any::<u8>(), 1..9),
        any::<u64>().prop_map(|number| number.to_le_bytes().to_vec()),
        (0u32..64).prop_map(|shift| (1u64 << shift).to_le_bytes().to_vec()),
        Just(u64::MAX.to_le_bytes().to_vec()),
        Just(vec![0; 8]),
    ]
}

/// Reads a changed file in every way that there is.
fn use_it(original: &[u8], changes: &[(usize, Vec<u8>)], cut: Option<usize>) {
    let file = temporary(original);
    for (offset, bytes) in changes {
        write_at(&file, bytes, *offset as u64);
    }
    if let Some(length) = cut {
        file.set_len(length as u64).unwrap();
    }
    let _ = exported_symbols(&file, 100);
    if let Ok(artifact) = read_file(&file) {
        let main = main();
        if compare(main, &artifact, Policy::Exact).is_empty() {
            assert_sound(main, &artifact, "changed");
        }
        for (one, other) in [(main, &artifact), (&artifact, main), (&artifact, &artifact)] {
            let _ = serde_json::to_string(&compare(one, other, Policy::Exact)).unwrap();
        }
        let _ = serde_json::to_string(&artifact.facts).unwrap();
    }
}

fn check(path: &camino::Utf8Path, cases: u32) {
    let original = fs_err::read(path).unwrap();
    let length = original.len();
    let changes = vec((place(length), interesting()), 1..6);
    let cut = prop_oneof![4 => Just(None), 1 => (0..length).prop_map(Some)];
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(changes in changes, cut in cut)| use_it(&original, &changes, cut));
}

#[test]
fn a_changed_small_library_never_makes_the_reader_panic() {
    check(&fixtures().library, 2000);
}

#[test]
fn a_changed_rust_plugin_never_makes_the_reader_panic() {
    check(&fixtures().rust_plugin, 300);
}

#[test]
fn a_changed_go_plugin_never_makes_the_reader_panic() {
    check(&fixtures().go_plugin, 100);
}

#[test]
fn the_seeds_of_the_fuzz_targets_are_read_and_accepted() {
    // A fuzzer that starts from refused files stays among them; `fuzz/src/bin/seeds.rs` makes new
    // ones.
    let seeds = camino::Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/object");
    let main = read(&seeds.join("main"));
    for plugin in ["go-plugin", "rust-plugin"] {
        let found = compare(&main, &read(&seeds.join(plugin)), Policy::Exact);
        assert!(found.is_empty(), "{plugin}: {found:?}");
    }
}

#[test]
fn every_single_byte_of_the_headers_can_be_wrong() {
    let original = fs_err::read(&fixtures().library).unwrap();
    let headers = (0..1024).chain(original.len() - 2048..original.len());
    let file = temporary(&original);
    for offset in headers {
        for value in [0x00, 0x01, 0x7f, 0x80, 0xff] {
            write_at(&file, &[value], offset as u64);
            let _ = read_file(&file);
        }
        write_at(&file, &[original[offset]], offset as u64);
    }
}

static GOOD: OnceLock<String> = OnceLock::new();

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 500, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn no_text_makes_the_manifest_or_the_lock_panic(
        text in "\\PC*", place in any::<Index>(), byte in any::<char>(),
    ) {
        let _ = (Manifest::parse(&text), parse_main(&text), Lock::parse(&text));
        let good = GOOD.get_or_init(|| read(&fixtures().rust_plugin).manifests.unwrap().text);
        let mut changed: Vec<char> = good.chars().collect();
        let place = place.index(changed.len());
        changed[place] = byte;
        let changed: String = changed.into_iter().collect();
        let _ = (Manifest::parse(&changed), Lock::parse(&changed));
    }
}
