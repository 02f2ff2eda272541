//! Starts of Collectors, and what every host pays that opens a Go plugin.
//!
//! In: mains, a plugin. Out: what a start took. Invariant: a start ends where the Collector says
//! that every component runs; it is killed there, so that its end counts for nothing.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use bimetal_conformance::collector::{READY, free_endpoint};
use bimetal_conformance::distribution::{Distribution, repository, run, target};
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use serde::Deserialize;

use super::turns::{Taken, since, taken};
use crate::chore::ChoreError;

/// A Go program that opens a plugin as main does, and then hashes it.
const OPENER: &str = "crates/bimetal-conformance/fixtures/bench/opener/main.go";

/// What the opener prints: nanoseconds.
#[derive(Deserialize)]
struct Opened {
    cpu: f64,
    wall: f64,
}

/// A configuration with these processors between a receiver and an exporter that drops all.
pub(super) fn configuration(
    directory: &Utf8Path,
    processors: &[&str],
) -> Result<Utf8PathBuf, ChoreError> {
    let path = directory.join(format!("{}.yaml", processors.join("-")));
    let sections = processors.iter().map(|name| match *name {
        "attributes" => "  attributes: {actions: [{key: language, value: rust, action: upsert}]}\n",
        _ => "  transform: {log_statements: ['set(log.attributes[\"language\"], \"go\")']}\n",
    });
    let text = format!(
        "receivers:\n  otlp: {{protocols: {{http: {{endpoint: {}}}}}}}\n\
         processors:\n{}exporters:\n  nop:\n\
         service:\n  telemetry: {{metrics: {{level: none}}}}\n  \
         pipelines:\n    logs: {{receivers: [otlp], processors: [{}], exporters: [nop]}}\n",
        free_endpoint()?,
        sections.collect::<String>(),
        processors.join(", ")
    );
    fs::write(&path, text)?;
    Ok(path)
}

/// From the start of the process until every component runs.
pub(super) fn start(
    distribution: &Distribution,
    configuration: &Utf8Path,
) -> Result<Taken, ChoreError> {
    let main = &distribution.main;
    #[expect(
        clippy::disallowed_methods,
        reason = "chores run the tools of a developer with the developer's environment"
    )]
    let mut command = Command::new(main);
    command
        .args(["--config", configuration.as_str()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    taken(|| {
        let start = Instant::now();
        let mut child = command.spawn().map_err(|source| ChoreError::Spawn {
            program: main.to_string(),
            source,
        })?;
        let mut log = BufReader::new(child.stderr.take().expect("it is a pipe"));
        let mut text = String::new();
        let mut from = 0;
        while !text[from..].contains(READY) {
            from = text.len();
            if log.read_line(&mut text)? == 0 {
                let status = child.wait()?;
                let what = format!("`{main}` ended with {status}:\n{text}");
                return Err(ChoreError::Found(what));
            }
        }
        let wall = since(start);
        child.kill()?;
        child.wait()?;
        Ok(wall)
    })
}

/// The program that opens a plugin, compiled with the flags of mains: Go opens no other plugins.
pub(super) fn opener() -> Result<Utf8PathBuf, ChoreError> {
    let program = target().join("tools/opener");
    let source = repository().join(OPENER);
    let flags = ["-trimpath", "-buildvcs=false", "-o", program.as_str()];
    let arguments = [&["CGO_ENABLED=1", "GOFLAGS=", "go", "build"], &flags[..]].concat();
    run("env", &[&arguments[..], &[source.as_str()]].concat())?;
    Ok(program)
}

/// `plugin.Open` of the file and one SHA-256 of it, without the start of the process that does so.
pub(super) fn open(opener: &Utf8Path, plugin: &Utf8Path) -> Result<Taken, ChoreError> {
    let text = run(opener.as_str(), &[plugin.as_str()])?.stdout;
    let Opened { cpu, wall } = serde_json::from_slice(&text)
        .map_err(|error| ChoreError::Found(format!("`{opener}` gave no times: {error}")))?;
    Ok(Taken { cpu, wall })
}
