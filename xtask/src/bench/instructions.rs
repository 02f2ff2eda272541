//! Counts the instructions of single steps of a verification under callgrind.
//!
//! In: the bench `counted`, built as the product is. Out: rows for `BENCHMARKS.md`. Invariant: only
//! what happens inside of the one call is counted, so the figure changes with the code and its
//! input and with nothing else on the machine.

use bimetal_conformance::distribution::target;
use camino::Utf8PathBuf;
use serde_json::Value;

use crate::chore::{ChoreError, needs, output};

/// Name of a step, and what it is.
const STEPS: [(&str, &str); 5] = [
    ("verify", "open, read and compare the Go plugin"),
    ("main", "open and read main"),
    ("manifest", "parse the plugin's manifest"),
    ("predict", "predict a set of 100"),
    ("sha256", "SHA-256 of the Go plugin"),
];

/// Counts every step and prints the table.
pub(crate) fn run() -> Result<(), ChoreError> {
    needs("valgrind", "valgrind")?;
    let program = build()?;
    println!("| Step | instructions |");
    println!("|---|---|");
    for (step, name) in STEPS {
        println!("| {name} | {} |", count(&program, step)?);
    }
    Ok(())
}

/// Builds the bench and asks cargo where it is.
fn build() -> Result<Utf8PathBuf, ChoreError> {
    let arguments = [
        "bench",
        "--quiet",
        "--locked",
        "--package",
        "bimetal-conformance",
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
