//! Measures what deciding from bytes costs.
//!
//! In: the benches of `bimetal-conformance`, the builder as it is released. Out: tables for
//! `BENCHMARKS.md`. Invariant: figures are ratios with their A/A, peaks of memory or counts of
//! instructions; a time stands beside them only to say how large the whole is.

use std::process::{Command, Stdio};
use std::time::Instant;

use bimetal_conformance::distribution::{repository, target};
use bimetal_conformance::subject;
use camino::Utf8Path;

use super::instructions;
use crate::chore::{ChoreError, run};

/// Runs of `plugins check`; an odd number has a middle.
const CHECKS: usize = 5;

/// Prints all tables about verification.
pub(crate) fn run_all() -> Result<(), ChoreError> {
    for bench in ["ratios", "memory"] {
        run(
            "cargo",
            &[
                "bench",
                "--quiet",
                "--locked",
                "--package",
                "bimetal-conformance",
                "--bench",
                bench,
            ],
        )?;
        println!();
    }
    check_a_hundred()?;
    println!();
    instructions::of_verification().map(drop)
}

/// `plugins check` of a directory with a hundred plugins, from start to end of the process, digests
/// included.
fn check_a_hundred() -> Result<(), ChoreError> {
    let found = |error: Box<dyn std::error::Error>| ChoreError::Found(error.to_string());
    run(
        "cargo",
        &[
            "build",
            "--quiet",
            "--locked",
            "--release",
            "--package",
            "bimetal",
            "--bin",
            "bimetal",
        ],
    )?;
    let program = target().join("release/bimetal");
    let subject = subject::subject().map_err(found)?;
    let directory = tempfile::tempdir_in(target())?;
    let directory = Utf8Path::from_path(directory.path())
        .ok_or_else(|| ChoreError::Found("the directory's name is not UTF-8".to_owned()))?;
    let plugins = subject::set(&subject, directory).map_err(found)?;
    let mut bytes = 0;
    for plugin in &plugins {
        bytes += fs_err::metadata(plugin)?.len();
    }
    let mut seconds = Vec::new();
    for _ in 0..CHECKS {
        let start = Instant::now();
        check(&program, &subject.main_path, directory)?;
        seconds.push(start.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    println!("| End to end | plugins | MB | median of {CHECKS}, s |");
    println!("|---|---|---|---|");
    println!(
        "| `plugins check`, digests included | {} | {} | {:.2} |",
        plugins.len(),
        bytes / 1_000_000,
        seconds[CHECKS / 2]
    );
    Ok(())
}

fn check(program: &Utf8Path, main: &Utf8Path, directory: &Utf8Path) -> Result<(), ChoreError> {
    #[expect(
        clippy::disallowed_methods,
        reason = "chores run the tools of a developer with the developer's environment"
    )]
    let mut command = Command::new(program);
    let status = command
        .args(["plugins", "check", "--format", "json", "--main"])
        .args([main.as_str(), "--plugins-dir", directory.as_str()])
        .current_dir(repository())
        .stdout(Stdio::null())
        .status()
        .map_err(|source| ChoreError::Spawn {
            program: program.to_string(),
            source,
        })?;
    if status.success() {
        return Ok(());
    }
    Err(ChoreError::Failed {
        command: format!("{program} plugins check"),
        status,
    })
}
