//! What takes long: fuzzing, properties over many more inputs, the C ABI under an address
//! sanitizer, a Collector under load and reloads.
//!
//! In: the work tree. Out: nothing, or the first thing that broke. Invariant: the only chore that
//! uses unstable compiler flags.

pub(crate) mod fuzz;

use std::io;
use std::time::{Duration, Instant};

use bimetal_conformance::collector::{Start, free_endpoint, send};
use bimetal_conformance::distribution::{build, repository, target};
use camino::Utf8PathBuf;
use fs_err as fs;

use crate::chore::{ChoreError, run_with, step};

/// Inputs per property; the gate takes proptest's default of 256.
const CASES: &str = "20000";
/// How long the Collector is kept under load.
const LOAD: Duration = Duration::from_mins(1);
/// Requests between two reloads.
const REQUESTS_PER_RELOAD: usize = 500;

/// Runs all of it.
pub(crate) fn run() -> Result<(), ChoreError> {
    step("fuzzing", || fuzz::run_each(&[]))?;
    step("properties over many inputs", || {
        run_with(
            "cargo",
            &[
                "test",
                "--quiet",
                "--locked",
                "--release",
                "--package",
                "bimetal-verify",
                "--package",
                "bimetal-pdata",
                "--package",
                "bimetal",
            ],
            &[("PROPTEST_CASES", CASES)],
        )
    })?;
    step("the C ABI under the address sanitizer", || {
        let directory = target().join("sanitizer");
        run_with(
            "cargo",
            &[
                "test",
                "--quiet",
                "--locked",
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
            ],
            // The guard forgets, on purpose, a panic payload whose drop panics; a test of it would
            // count as a leak.
            &[
                ("RUSTC_BOOTSTRAP", "1"),
                ("RUSTFLAGS", "-Zsanitizer=address"),
                ("ASAN_OPTIONS", "detect_leaks=0"),
            ],
        )
    })?;
    step("a Collector under load and reloads", load_and_reload)?;
    println!("soak: all steps passed");
    Ok(())
}

fn load_and_reload() -> Result<(), ChoreError> {
    let example = repository().join("examples/quickstart");
    let distribution = build("otelcol-quickstart", &example.join("builder-config.yaml"))?;
    let directory = tempfile::tempdir()?;
    let directory = Utf8PathBuf::try_from(directory.path().to_owned()).map_err(io::Error::other)?;
    let endpoint = free_endpoint()?;
    let mut collector = Start::new(&distribution.main, &example.join("collector.yaml"))
        .variable("QUICKSTART_ENDPOINT", endpoint)
        .variable("QUICKSTART_OUTPUT", directory.join("received.json"))
        .run()?;
    let logs = fs::read(example.join("telemetry/logs.json"))?;
    let (start, mut reloads, mut requests) = (Instant::now(), 0, 0);
    while start.elapsed() < LOAD {
        for _ in 0..REQUESTS_PER_RELOAD {
            send(endpoint, "logs", &logs)?;
            requests += 1;
        }
        collector.reload()?;
        collector.wait_for("Everything is ready")?;
        reloads += 1;
    }
    let ended = collector.stop()?;
    println!(
        "{requests} requests, {reloads} reloads, ended with {}",
        ended.status
    );
    if ended.status.success() {
        Ok(())
    } else {
        Err(ChoreError::Found(ended.log))
    }
}
