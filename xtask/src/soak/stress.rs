//! Rust components under the checks that Go has for its memory.
//!
//! In: how long. Out: how many batches passed, and under which checks. Invariant: each check has an
//! equal share; compiling does not count as time; a check that found something does not keep the
//! others from running.

use std::time::{Duration, Instant, SystemTime};

use bimetal_conformance::stress::{CHECKS, program, run};
use fs_err as fs;

use super::Outcome;
use super::fuzz::log_of;
use crate::chore::ChoreError;

/// Every check for its share of `time`.
pub(super) fn stress(time: Duration) -> Result<Outcome, ChoreError> {
    let programs: Vec<_> = CHECKS.iter().map(program).collect::<Result<_, _>>()?;
    // Not the seed of the gate, and another each time.
    let seed = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let share = (time.as_secs() / CHECKS.len() as u64).max(1);
    let words = [format!("-seed={seed}"), format!("-seconds={share}")];
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let start = Instant::now();
    let (mut inputs, mut notes, mut findings) = (0, Vec::new(), Vec::new());
    for (check, program) in CHECKS.iter().zip(programs) {
        let ended = run(&program, check, &words)?;
        let count = batches(&ended.text);
        notes.push(format!("{}: {count}", check.name));
        inputs += count;
        if !ended.passed {
            let log = log_of(&format!("stress-{}", findings.len()));
            fs::create_dir_all(log.parent().unwrap_or(&log))?;
            fs::write(&log, &ended.text)?;
            let words = words.join(" ");
            findings.push(format!("{} ({words}); its words are in {log}", check.name));
        }
    }
    Ok(Outcome {
        inputs,
        note: format!("batches of each signal; {}", notes.join("; ")),
        seconds: start.elapsed().as_secs(),
        findings,
    })
}

/// How many batches a run says that it passed.
fn batches(text: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix("stress: "));
    let number = line.and_then(|line| line.split_once(" batches")?.0.parse().ok());
    number.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_run_that_passed_says_how_many_batches() {
        assert_eq!(
            batches("x\nstress: 17 batches of each signal; logs view\n"),
            17
        );
        assert_eq!(batches("stress: logs, batch 3: in place: came out as\n"), 0);
    }
}
