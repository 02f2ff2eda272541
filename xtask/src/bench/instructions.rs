//! Counts the instructions of single steps under callgrind.
//!
//! In: the benches `counted`, built as the product is. Out: counts. Invariant: only what happens
//! inside of the one call is counted, so the figure changes with the code and its input and with
//! nothing else on the machine.

use bimetal_conformance::distribution::target;
use camino::Utf8PathBuf;
use serde_json::Value;

use super::history::Count;
use crate::chore::{ChoreError, needs, output};

/// Whose steps are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Part {
    /// What deciding from bytes takes.
    Verification,
    /// What Rust does with telemetry; kept in `benchmarks/history`.
    Telemetry,
}

/// Name of a step, and what it is.
type Step = (&'static str, &'static str);

const OF_VERIFICATION: [Step; 5] = [
    ("verify", "open, read and compare the Go plugin"),
    ("main", "open and read main"),
    ("manifest", "parse the plugin's manifest"),
    ("predict", "predict a set of 100"),
    ("sha256", "SHA-256 of the Go plugin"),
];
const OF_TELEMETRY: [Step; 9] = [
    ("in_place-scan", "in place, no key matches"),
    ("in_place-upsert", "in place, upsert an existing key"),
    ("in_place-delete", "in place, delete"),
    (
        "alone-scan",
        "in place, each record a batch, no key matches",
    ),
    (
        "alone-upsert",
        "in place, each record a batch, upsert an existing key",
    ),
    ("alone-delete", "in place, each record a batch, delete"),
    ("encoded-scan", "encoded, no key matches"),
    ("encoded-upsert", "encoded, upsert an existing key"),
    ("encoded-delete", "encoded, delete"),
];

/// Counts what is done to verify.
pub(super) fn of_verification() -> Result<Vec<Count>, ChoreError> {
    counts("bimetal-conformance", &OF_VERIFICATION)
}

/// What is done with telemetry.
pub(super) fn of_telemetry() -> Result<Vec<Count>, ChoreError> {
    counts("bimetal-pdata", &OF_TELEMETRY)
}

/// The names of what is done with telemetry.
pub(super) fn names() -> Vec<String> {
    let names = OF_TELEMETRY.iter().map(|(_, name)| (*name).to_owned());
    names.collect()
}

/// Counts every step, and shows each as it comes.
fn counts(package: &str, steps: &[Step]) -> Result<Vec<Count>, ChoreError> {
    needs("valgrind", "valgrind")?;
    let program = build(package)?;
    println!("| Step, under callgrind | instructions |");
    println!("|---|---|");
    let counts = steps.iter().map(|(step, name)| {
        let instructions = count(&program, step)?;
        println!("| {name} | {instructions} |");
        Ok(Count {
            name: (*name).to_owned(),
            instructions,
        })
    });
    counts.collect()
}

/// Builds the bench and asks cargo where it is.
fn build(package: &str) -> Result<Utf8PathBuf, ChoreError> {
    let arguments = [
        "bench",
        "--quiet",
        "--locked",
        "--package",
        package,
        "--bench",
        "counted",
        "--no-run",
        "--message-format=json",
    ];
    let text = output("cargo", &arguments)?.0;
    text.lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == "counted")
        .find_map(|message| message["executable"].as_str().map(Utf8PathBuf::from))
        .ok_or_else(|| ChoreError::Found("cargo names no executable for `counted`".to_owned()))
}

fn count(program: &Utf8PathBuf, step: &str) -> Result<u64, ChoreError> {
    let file = format!(
        "--callgrind-out-file={}",
        target().join(format!("callgrind.{step}"))
    );
    let arguments = [
        "--tool=callgrind",
        "--collect-atstart=no",
        "--toggle-collect=*counted*counted*",
        &file,
        program.as_str(),
        step,
    ];
    let (_, log) = output("valgrind", &arguments)?;
    let collected = log
        .lines()
        .find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    match collected {
        Some(count) if count > 0 => Ok(count),
        _ => Err(ChoreError::Found(format!(
            "callgrind counted nothing:\n{log}"
        ))),
    }
}
