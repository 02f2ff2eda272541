//! Random batches of every signal through Rust components, in place and encoded, and a component
//! that breaks the rule.

use std::sync::LazyLock;

use bimetal_conformance::stress::{BOTH_WAYS, CLOBBERED, Check, PLAIN, program, run};
use camino::{Utf8Path, Utf8PathBuf};

/// Built once, because tests run side by side.
static PLAINLY_BUILT: LazyLock<Utf8PathBuf> = LazyLock::new(|| program(&PLAIN).unwrap());

/// Enough batches of each signal that every kind of value met every kind of change.
const BATCHES: &str = "2000 batches of each signal";

/// The last line of a run that found nothing.
fn passed(program: &Utf8Path, check: &Check) -> String {
    let ended = run(program, check, &["-batches=2000"]).unwrap();
    assert!(ended.passed, "{}: {}", check.name, ended.text);
    let line = ended.text.lines().last().unwrap().to_owned();
    assert!(line.contains(BATCHES), "{line}");
    assert!(line.contains("logs otlp, logs view"), "{line}");
    line
}

/// Each run compares the two ways in. The digest is of all that came out.
#[test]
fn in_place_and_encoded_with_edits_and_without_the_same_comes_out() {
    let both_ways = program(&BOTH_WAYS).unwrap();
    assert_eq!(
        passed(&PLAINLY_BUILT, &PLAIN),
        passed(&both_ways, &BOTH_WAYS)
    );
}

/// On Go's heap, for 8,192 log records, beside what upstream's helper allocates.
#[test]
fn a_scan_in_place_allocates_nothing_and_an_upsert_a_dozen_times_at_most() {
    let ended = run(&PLAINLY_BUILT, &PLAIN, &["-allocations"]).unwrap();
    assert!(ended.passed, "{}", ended.text);
    let count = |work: &str| -> i64 {
        let counts = ended.text.lines().filter_map(|line| line.split_once(": "));
        let mut counts = counts.filter(|(name, _)| *name == work);
        let (_, count) = counts.next().unwrap_or_else(|| panic!("{}", ended.text));
        count.parse().unwrap()
    };
    assert_eq!(count("scan"), 0);
    assert!((1..=12).contains(&count("upsert")), "{}", ended.text);
}

#[test]
fn with_freed_memory_overwritten_a_component_that_keeps_an_address_is_noticed() {
    let program = program(&CLOBBERED).unwrap();
    let ended = run(&program, &CLOBBERED, &["-batches=50"]).unwrap();
    assert!(ended.passed, "{}", ended.text);
    let ended = run(&program, &CLOBBERED, &["-batches=5000", "-keep"]).unwrap();
    let noticed = "a kept address leads elsewhere";
    assert!(
        !ended.passed && ended.text.contains(noticed),
        "{}",
        ended.text
    );
}
