//! What takes long: fuzzing, mutated plugins, properties over many more inputs, the C ABI under an
//! address sanitizer, Rust components under Go's checks, a Collector under load and reloads.
//!
//! In: the work tree; `SOAK_MINUTES` for all parts together, `PART` for one that takes all of it.
//! Out: a line for each part with its figures, a table of all; an error if a part found something.
//! Invariant: the only chore that uses unstable compiler flags; a part that found something does
//! not keep the others from running.

pub(crate) mod fuzz;
mod load;
mod parts;
mod rounds;
mod stress;

use std::time::Duration;

pub(crate) use rounds::MUTANTS;

use crate::chore::{ChoreError, step};
use parts::{PARTS, Part, Work};

/// How long all parts take together, and its default.
const MINUTES_VARIABLE: &str = "SOAK_MINUTES";
const MINUTES: u64 = 90;
/// The one part that runs.
const PART_VARIABLE: &str = "PART";

/// What a part came to.
pub(crate) struct Outcome {
    /// Inputs, tests or requests, and what else there is to say of them.
    inputs: u64,
    note: String,
    seconds: u64,
    /// Each with the place of its details.
    findings: Vec<String>,
}

/// Runs every part for its share of the time, or one for all of it.
pub(crate) fn run() -> Result<(), ChoreError> {
    let whole = parts::whole(std::env::var(MINUTES_VARIABLE).ok().as_deref(), MINUTES)
        .map_err(|text| ChoreError::Found(format!("{MINUTES_VARIABLE}=`{text}` is no number")))?;
    let chosen = std::env::var(PART_VARIABLE).ok();
    let wanted = parts::wanted(chosen.as_deref(), whole).map_err(|unknown| {
        let names: Vec<_> = PARTS.iter().map(|part| part.name).collect();
        let names = names.join(", ");
        ChoreError::Found(format!("{PART_VARIABLE}=`{unknown}` is none of: {names}"))
    })?;
    if wanted.iter().any(|(part, _)| part.is_fuzzed()) {
        step("building the fuzz targets", fuzz::build)?;
    }
    let mut outcomes = Vec::new();
    for (part, time) in wanted {
        println!("== {}: {} s", part.name, time.as_secs());
        let outcome = carry_out(part, time)?;
        println!("soak {}", line(part, &outcome));
        outcomes.push((part, outcome));
    }
    println!("| Part | inputs | seconds | findings | |\n|---|---|---|---|---|");
    for (part, outcome) in &outcomes {
        println!(
            "| {} | {} | {} | {} | {} |",
            part.name,
            outcome.inputs,
            outcome.seconds,
            outcome.findings.len(),
            outcome.note
        );
    }
    let findings: Vec<String> = outcomes
        .into_iter()
        .flat_map(|(part, outcome)| {
            let named = |finding| format!("{}: {finding}", part.name);
            outcome.findings.into_iter().map(named)
        })
        .collect();
    if findings.is_empty() {
        println!("soak: all parts passed");
        return Ok(());
    }
    Err(ChoreError::Found(findings.join("\n")))
}

fn carry_out(part: &Part, time: Duration) -> Result<Outcome, ChoreError> {
    match part.work {
        Work::Fuzz { longest } => fuzz::fuzz(part.name, longest, time),
        Work::Properties => rounds::properties(part.name, time),
        Work::Mutants => rounds::mutants(part.name, time),
        Work::Sanitizer => rounds::sanitizer(part.name, time),
        Work::Stress => stress::stress(time),
        Work::Load => load::load_and_reload(time),
    }
}

fn line(part: &Part, outcome: &Outcome) -> String {
    format!(
        "{}: {} inputs, {} s, {} findings ({})",
        part.name,
        outcome.inputs,
        outcome.seconds,
        outcome.findings.len(),
        outcome.note
    )
}
