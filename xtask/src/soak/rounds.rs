//! Tests that draw their inputs, run again and again or for long.
//!
//! In: how long. Out: how many inputs or tests passed. Invariant: at least one round; compiling
//! does not count as time; the first round that fails is the last one.

use std::time::{Duration, Instant, SystemTime};

use bimetal_conformance::distribution::target;

use super::Outcome;
use super::fuzz::{log_of, logged};
use crate::chore::{CONFORMANCE, ChoreError, run_with};

/// Inputs per property in a round; the gate takes proptest's default of 256.
const CASES: u64 = 2000;

/// The properties over many more inputs.
pub(super) fn properties(name: &str, time: Duration) -> Result<Outcome, ChoreError> {
    let words = [
        "--release",
        "--package",
        "bimetal-files",
        "--package",
        "bimetal-verify",
        "--package",
        "bimetal-pdata",
        "--package",
        "bimetal",
    ];
    let cases = CASES.to_string();
    let (rounds, mut outcome) = rounds(name, time, &words, &[("PROPTEST_CASES", &cases)])?;
    outcome.inputs = rounds * CASES;
    "for each property".clone_into(&mut outcome.note);
    Ok(outcome)
}

/// Verifies changed plugins, and has the loader open what is accepted.
pub(crate) const MUTANTS: [&str; 2] = ["--test", "mutants"];

/// Changed plugins for all of the time; the log has the seed to go on from.
pub(super) fn mutants(name: &str, time: Duration) -> Result<Outcome, ChoreError> {
    let words = [&CONFORMANCE[..], &MUTANTS].concat();
    run_with("cargo", &[&words[..], &["--no-run"]].concat(), &[])?;
    let (start, seconds) = (Instant::now(), time.as_secs().to_string());
    // Not the seeds of the gate, and others each time.
    let seed = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let seed = seed.to_string();
    let variables = [
        ("BIMETAL_MUTANT_SECONDS", seconds.as_str()),
        ("BIMETAL_MUTANT_SEED", seed.as_str()),
    ];
    let (status, text) = logged(name, "cargo", &words, &variables)?;
    let counted = |line: &str| {
        let (_, rest) = line.split_once(".so: ")?;
        rest.split_once(" mutants")?.0.parse::<u64>().ok()
    };
    let lines: Vec<_> = text
        .lines()
        .filter(|line| counted(line).is_some())
        .collect();
    let failed = (!status.success()).then(|| format!("a mutant; see {}", log_of(name)));
    Ok(Outcome {
        inputs: lines.iter().filter_map(|line| counted(line)).sum(),
        note: lines.join("; "),
        seconds: start.elapsed().as_secs(),
        findings: failed.into_iter().collect(),
    })
}

/// The C ABI under the address sanitizer.
pub(super) fn sanitizer(name: &str, time: Duration) -> Result<Outcome, ChoreError> {
    let directory = target().join("sanitizer");
    let words = [
        "--target",
        "x86_64-unknown-linux-gnu",
        "--target-dir",
        directory.as_str(),
        "--package",
        "bimetal-abi",
        "--package",
        "bimetal-sdk",
        "--package",
        "bimetal-pdata",
        "--package",
        "bimetal-attributes-processor",
        "--lib",
        "--tests",
    ];
    // The guard forgets, on purpose, a panic payload whose drop panics; a test of it would count as
    // a leak.
    let variables = [
        ("RUSTC_BOOTSTRAP", "1"),
        ("RUSTFLAGS", "-Zsanitizer=address"),
        ("ASAN_OPTIONS", "detect_leaks=0"),
    ];
    let (rounds, mut outcome) = rounds(name, time, &words, &variables)?;
    outcome.note = format!("tests that passed; {rounds} rounds");
    Ok(outcome)
}

/// Runs `cargo test` until `time` is over or something fails. The inputs are the tests that passed.
fn rounds(
    name: &str,
    time: Duration,
    words: &[&str],
    variables: &[(&str, &str)],
) -> Result<(u64, Outcome), ChoreError> {
    let before = ["test", "--quiet", "--locked"];
    run_with(
        "cargo",
        &[&before[..], words, &["--no-run"]].concat(),
        variables,
    )?;
    let start = Instant::now();
    let (mut rounds, mut inputs, mut findings) = (0, 0, Vec::new());
    while findings.is_empty() && (rounds == 0 || start.elapsed() < time) {
        let (status, text) = logged(name, "cargo", &[&before[..], words].concat(), variables)?;
        rounds += 1;
        inputs += passed(&text);
        if !status.success() {
            findings.push(format!("a test failed; its words are in {}", log_of(name)));
        }
    }
    let outcome = Outcome {
        inputs,
        note: String::new(),
        seconds: start.elapsed().as_secs(),
        findings,
    };
    Ok((rounds, outcome))
}

/// How many tests passed, over all programs.
fn passed(log: &str) -> u64 {
    log.lines()
        .filter_map(|line| {
            let (_, rest) = line.strip_prefix("test result: ")?.split_once(". ")?;
            rest.split_once(" passed")?.0.parse::<u64>().ok()
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tests_that_passed_are_counted_over_all_programs() {
        let log = "running 2 tests\n..\ntest result: ok. 2 passed; 0 failed; 0 ignored\n\
            test result: FAILED. 40 passed; 1 failed; 0 ignored\n";
        assert_eq!(passed(log), 42);
        assert_eq!(passed(""), 0);
    }
}
