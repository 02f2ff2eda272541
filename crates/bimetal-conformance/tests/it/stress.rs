//! Random batches of every signal through Rust components, in place and encoded, and a component
//! that breaks the rule.

use bimetal_conformance::stress::{BOTH_WAYS, CLOBBERED, Check, PLAIN, program, run};

/// Enough batches of each signal that every kind of value met every kind of change.
const BATCHES: &str = "2000 batches of each signal";

/// The last line of a run that found nothing.
fn passed(check: &Check) -> String {
    let ended = run(&program(check).unwrap(), check, &["-batches=2000"]).unwrap();
    assert!(ended.passed, "{}: {}", check.name, ended.text);
    let line = ended.text.lines().last().unwrap().to_owned();
    assert!(line.contains(BATCHES), "{line}");
    assert!(line.contains("logs otlp, logs view"), "{line}");
    line
}

/// Each run compares the two ways in. The digest is of all that came out.
#[test]
fn in_place_and_encoded_with_edits_and_without_the_same_comes_out() {
    assert_eq!(passed(&PLAIN), passed(&BOTH_WAYS));
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
