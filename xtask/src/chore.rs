//! What all chores share: how they run programs and how they fail.
//!
//! In: a program and its arguments. Out: nothing, or why it failed. Invariant: a program's output
//! is shown as it comes.

use std::io;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::time::Instant;

use bimetal_conformance::collector::CollectorError;
use bimetal_conformance::distribution::{DistributionError, repository};
use bimetal_conformance::tamper::TamperError;

/// Runs targets of the crate that tests whole Collectors; their names follow.
pub(crate) const CONFORMANCE: [&str; 5] = [
    "test",
    "--quiet",
    "--locked",
    "--package",
    "bimetal-conformance",
];

/// Why a chore failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChoreError {
    /// A program is missing or cannot be started.
    #[error("cannot run `{program}`")]
    Spawn { program: String, source: io::Error },
    /// A program said no.
    #[error("`{command}` failed with {status}")]
    Failed { command: String, status: ExitStatus },
    /// A check found something.
    #[error("{0}")]
    Found(String),
    /// A distribution could not be built.
    #[error("the distribution could not be built")]
    Distribution(#[from] DistributionError),
    /// A Collector misbehaved.
    #[error("the Collector misbehaved")]
    Collector(#[from] CollectorError),
    /// A file could not be changed for a demonstration.
    #[error("cannot change the copy of a plugin")]
    Tamper(#[from] TamperError),
    /// A file could not be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Runs a program at the top of the repository and shows what it writes.
pub(crate) fn run(program: &str, arguments: &[&str]) -> Result<(), ChoreError> {
    run_with(program, arguments, &[])
}

/// Like [`run`], with variables added to the environment.
pub(crate) fn run_with(
    program: &str,
    arguments: &[&str],
    variables: &[(&str, &str)],
) -> Result<(), ChoreError> {
    start(repository().as_std_path(), program, arguments, variables)
}

/// Like [`run`], in another directory.
pub(crate) fn run_in(
    directory: &Path,
    program: &str,
    arguments: &[&str],
) -> Result<(), ChoreError> {
    start(directory, program, arguments, &[])
}

fn start(
    directory: &Path,
    program: &str,
    arguments: &[&str],
    variables: &[(&str, &str)],
) -> Result<(), ChoreError> {
    #[expect(
        clippy::disallowed_methods,
        reason = "chores run the tools of a developer with the developer's environment"
    )]
    let mut command = Command::new(program);
    let status = command
        .args(arguments)
        .envs(variables.iter().copied())
        .current_dir(directory)
        .status()
        .map_err(|source| ChoreError::Spawn {
            program: program.to_owned(),
            source,
        })?;
    if status.success() {
        return Ok(());
    }
    Err(ChoreError::Failed {
        command: format!("{program} {}", arguments.join(" ")),
        status,
    })
}

/// What a program writes to its output and to its error output.
pub(crate) fn output(program: &str, arguments: &[&str]) -> Result<(String, String), ChoreError> {
    #[expect(
        clippy::disallowed_methods,
        reason = "chores run the tools of a developer with the developer's environment"
    )]
    let mut command = Command::new(program);
    let output = command
        .args(arguments)
        .current_dir(repository())
        .output()
        .map_err(|source| ChoreError::Spawn {
            program: program.to_owned(),
            source,
        })?;
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() {
        return Ok((String::from_utf8_lossy(&output.stdout).into_owned(), log));
    }
    Err(ChoreError::Found(format!(
        "`{program} {}` failed with {}:\n{log}",
        arguments.join(" "),
        output.status
    )))
}

/// Stops with one line where a tool that only this chore needs is missing.
pub(crate) fn needs(program: &str, package: &str) -> Result<(), ChoreError> {
    #[expect(
        clippy::disallowed_methods,
        reason = "chores run the tools of a developer with the developer's environment"
    )]
    let mut command = Command::new(program);
    match command.arg("--version").output() {
        Ok(output) if output.status.success() => Ok(()),
        _ => Err(ChoreError::Found(format!(
            "`{program}` is missing: run `apt-get install {package}`"
        ))),
    }
}

/// Runs one named step and says how long it took.
pub(crate) fn step(
    name: &str,
    work: impl FnOnce() -> Result<(), ChoreError>,
) -> Result<(), ChoreError> {
    println!("== {name}");
    let start = Instant::now();
    work()?;
    println!("== {name}: {:.1} s", start.elapsed().as_secs_f64());
    Ok(())
}
