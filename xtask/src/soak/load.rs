//! A Collector under load and reloads.
//!
//! In: how long. Out: how many requests it took; its log, if it did not end well. Invariant: every
//! request is answered before the next one, so a Collector that hangs is a finding and no silence.

use std::io;
use std::time::{Duration, Instant};

use bimetal_conformance::collector::{Start, free_endpoint, send};
use bimetal_conformance::distribution::{build, repository};
use camino::Utf8PathBuf;
use fs_err as fs;

use super::Outcome;
use crate::chore::ChoreError;

/// Requests between two reloads.
const REQUESTS_PER_RELOAD: u64 = 500;

/// Builds the quickstart's Collector, and keeps it under load for `time`.
pub(super) fn load_and_reload(time: Duration) -> Result<Outcome, ChoreError> {
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
    let (start, mut reloads, mut inputs) = (Instant::now(), 0, 0);
    while start.elapsed() < time {
        for _ in 0..REQUESTS_PER_RELOAD {
            send(endpoint, "logs", &logs)?;
            inputs += 1;
        }
        collector.reload()?;
        collector.wait_for("Everything is ready")?;
        reloads += 1;
    }
    let seconds = start.elapsed().as_secs();
    let ended = collector.stop()?;
    let findings = if ended.status.success() {
        Vec::new()
    } else {
        vec![format!("ended with {}: {}", ended.status, ended.log)]
    };
    Ok(Outcome {
        inputs,
        note: format!("requests; {reloads} reloads"),
        seconds,
        findings,
    })
}
