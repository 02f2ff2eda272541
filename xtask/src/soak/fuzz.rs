//! Fuzzes everything that reads untrusted bytes, and replays the seeds.
//!
//! In: the targets below `fuzz/` and their seeds. Out: what a run of one target came to. Invariant:
//! the seeds in the repository are only read; what the fuzzer adds to them stays below `target/`.

use std::process::{Command, ExitStatus};
use std::time::Duration;

use bimetal_conformance::distribution::{repository, target};
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

use super::Outcome;
use crate::chore::{ChoreError, needs, run, run_with};

/// Version of cargo-fuzz that is fetched.
const CARGO_FUZZ: &str = "0.13.2";
/// The most memory that the process may take, with the fuzzer's own and the sanitizer's.
const MEMORY: &str = "-rss_limit_mb=512";
/// The largest single piece of memory: far above every limit of a reader, far below what a file may
/// claim.
const PIECE: &str = "-malloc_limit_mb=64";
/// The sanitizer keeps freed memory for a while; so much of it does not hide what a reader takes.
const SANITIZER: &str = "quarantine_size_mb=16";

/// Runs every target over its seeds, with the plain compiler and without the fuzzer.
pub(crate) fn replay() -> Result<(), ChoreError> {
    let directory = target();
    let place = ["--target-dir", directory.as_str()];
    let manifest = ["--manifest-path", "fuzz/Cargo.toml"];
    let lints = ["clippy", "--quiet", "--locked", "--all-targets"];
    let strict = ["--", "-D", "warnings"];
    run("cargo", &[&lints[..], &manifest, &place, &strict].concat())?;
    let tests = ["test", "--quiet", "--locked"];
    run("cargo", &[&tests[..], &manifest, &place].concat())
}

fn directory() -> Utf8PathBuf {
    target().join("fuzz")
}

/// Fetches cargo-fuzz where it is missing, and builds every target with the sanitizer.
pub(super) fn build() -> Result<(), ChoreError> {
    // The fuzzer itself is written in C++.
    needs("c++", "g++")?;
    let tools = repository().join(".tools/cargo-fuzz");
    let program = tools.join("bin/cargo-fuzz");
    if !has_version(&program) {
        run(
            "cargo",
            &[
                "install",
                "--quiet",
                "--locked",
                "--root",
                tools.as_str(),
                "--version",
                CARGO_FUZZ,
                "cargo-fuzz",
            ],
        )?;
    }
    // cargo-fuzz passes no `--locked` on; this fails where the lock file does not fit.
    run(
        "cargo",
        &[
            "fetch",
            "--quiet",
            "--locked",
            "--manifest-path",
            "fuzz/Cargo.toml",
        ],
    )?;
    let directory = directory();
    run_with(
        program.as_str(),
        &[
            "fuzz",
            "build",
            "--fuzz-dir",
            "fuzz",
            "--features",
            "fuzzer",
            "--target-dir",
            directory.as_str(),
        ],
        &[("RUSTC_BOOTSTRAP", "1")],
    )
}

fn has_version(program: &Utf8Path) -> bool {
    command(program, &["--version"])
        .output()
        .is_ok_and(|output| {
            String::from_utf8_lossy(&output.stdout)
                .trim()
                .ends_with(CARGO_FUZZ)
        })
}

fn command(program: &Utf8Path, arguments: &[&str]) -> Command {
    #[expect(
        clippy::disallowed_methods,
        reason = "chores run the tools of a developer with the developer's environment"
    )]
    let mut command = Command::new(program);
    command.args(arguments).current_dir(repository());
    command
}

/// Fuzzes one target for `time`.
pub(super) fn fuzz(name: &str, longest: u32, time: Duration) -> Result<Outcome, ChoreError> {
    // To the fuzzer, none means for ever.
    let seconds = time.as_secs().max(1);
    let directory = directory();
    let (corpus, artifacts) = (
        directory.join("corpus").join(name),
        directory.join("artifacts").join(name),
    );
    for directory in [&corpus, &artifacts] {
        fs::create_dir_all(directory)?;
    }
    // What crashed in an earlier run is tried first in this one, and counts again only if it
    // crashes again.
    for entry in fs::read_dir(&artifacts)? {
        let entry = entry?;
        fs::rename(entry.path(), corpus.as_std_path().join(entry.file_name()))?;
    }
    let program = directory
        .join("x86_64-unknown-linux-gnu/release")
        .join(name);
    let seeds = repository().join("fuzz/corpus").join(name);
    let (status, text) = logged(
        name,
        program.as_str(),
        &[
            corpus.as_str(),
            seeds.as_str(),
            &format!("-artifact_prefix={artifacts}/"),
            &format!("-max_total_time={seconds}"),
            &format!("-max_len={longest}"),
            "-timeout=10",
            MEMORY,
            PIECE,
            "-print_final_stats=1",
        ],
        &[("ASAN_OPTIONS", SANITIZER)],
    )?;
    let mut crashes = Vec::new();
    for entry in fs::read_dir(&artifacts)? {
        crashes.push(format!(
            "crashed on {}; its words are in {}",
            entry?.path().display(),
            log_of(name)
        ));
    }
    if !status.success() && crashes.is_empty() {
        crashes.push(format!(
            "ended with {status}; its words are in {}",
            log_of(name)
        ));
    }
    Ok(Outcome {
        inputs: statistic(&text, "stat::number_of_executed_units:"),
        note: format!(
            "{} edges covered, {} MB at most",
            coverage(&text),
            statistic(&text, "stat::peak_rss_mb:")
        ),
        seconds,
        findings: crashes,
    })
}

/// Where the last run of a part left what it said.
pub(super) fn log_of(name: &str) -> Utf8PathBuf {
    target().join(format!("soak/{name}.log"))
}

/// Runs a program and keeps what it says, for a part that is counted by it.
pub(super) fn logged(
    name: &str,
    program: &str,
    arguments: &[&str],
    variables: &[(&str, &str)],
) -> Result<(ExitStatus, String), ChoreError> {
    let path = log_of(name);
    fs::create_dir_all(target().join("soak"))?;
    let log = fs::File::create(&path)?.into_parts().0;
    let status = command(Utf8Path::new(program), arguments)
        .envs(variables.iter().copied())
        .stdout(log.try_clone()?)
        .stderr(log)
        .status()
        .map_err(|source| ChoreError::Spawn {
            program: program.to_owned(),
            source,
        })?;
    Ok((
        status,
        String::from_utf8_lossy(&fs::read(&path)?).into_owned(),
    ))
}

/// The number after `key`.
fn statistic(log: &str, key: &str) -> u64 {
    log.lines()
        .filter_map(|line| line.strip_prefix(key)?.trim().parse().ok())
        .next_back()
        .unwrap_or(0)
}

/// The last `cov:` that the fuzzer printed.
fn coverage(log: &str) -> u64 {
    log.lines()
        .filter_map(|line| {
            let (_, rest) = line.split_once(" cov: ")?;
            rest.split_whitespace().next()?.parse().ok()
        })
        .next_back()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_figures_of_a_log_are_taken() {
        let log = "#2\tINITED cov: 10 ft: 11 corp: 1/1b exec/s: 0 rss: 30Mb\n\
            #9\tDONE   cov: 580 ft: 1604 corp: 222/53Kb\n\
            stat::number_of_executed_units: 213416\nstat::peak_rss_mb:              79\n";
        assert_eq!(coverage(log), 580);
        assert_eq!(statistic(log, "stat::number_of_executed_units:"), 213_416);
        assert_eq!(statistic(log, "stat::peak_rss_mb:"), 79);
        assert_eq!((coverage(""), statistic("", "x")), (0, 0));
    }
}
