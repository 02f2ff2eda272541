//! Measures verification, and whole pipelines with a component linked in and the same component as
//! a plugin.
//!
//! In: the quickstart's distribution and the same without `plugin: true`. Out: the tables of
//! `BENCHMARKS.md`. Invariant: the Collectors that are compared run at the same time and are
//! measured in turn, so that a machine whose speed drifts changes both; a figure is a ratio of
//! medians with the ratio of two equal Collectors (A/A) beside it.

pub(crate) mod component;
mod history;
pub(crate) mod instructions;
mod page;
mod plot;
mod process;
pub(crate) mod rendered;
pub(crate) mod verification;

use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use bimetal_conformance::collector::{Collector, Start, free_endpoint, send};
use bimetal_conformance::distribution::{Distribution, build, repository};
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

use self::instructions::Part;
use crate::chore::ChoreError;

/// Rounds measured; an odd number has a middle.
const ROUNDS: usize = 31;
/// Rounds before the first one that counts.
const WARM_UP: usize = 3;
/// OTLP requests in a round.
const REQUESTS: usize = 20;
/// Log records in a request.
const RECORDS: usize = 1000;

/// A component and the section that configures it.
struct Subject {
    name: &'static str,
    section: &'static str,
}

const SUBJECTS: [Subject; 2] = [
    Subject {
        name: "attributes",
        section: "  attributes:\n    actions:\n      - {key: language, value: rust, action: \
            upsert}\n",
    },
    Subject {
        name: "transform",
        section: "  transform:\n    log_statements:\n      - set(log.attributes[\"language\"], \
            \"go\")\n",
    },
];

struct Lane {
    endpoint: SocketAddr,
    collector: Collector,
    seconds: Vec<f64>,
}

/// Measures everything, or single rows at the component. Tables that are not kept are printed.
pub(crate) fn run(options: &component::Options) -> Result<(), ChoreError> {
    if options.render {
        return rendered::write();
    }
    // What cannot be read, or not be counted, is found out before everything is measured.
    history::read()?;
    let everything = options.rows.is_none();
    let counts = if everything {
        instructions::of_telemetry()?
    } else {
        Vec::new()
    };
    let measured = rows(options)?;
    if everything || options.record {
        println!("kept in `{}`", history::record(&measured, counts)?);
        rendered::write()?;
    }
    if !everything {
        return Ok(());
    }
    verification::run_all()?;
    println!();
    pipelines()
}

/// Measures the rows that were asked for, one after the other, and shows each as it comes.
fn rows(options: &component::Options) -> Result<component::Run, ChoreError> {
    let text = options.rows.as_deref().unwrap_or_default();
    let tables = [component::tables(), process::tables()].concat();
    let names: Vec<_> = tables.into_iter().flat_map(|(_, names)| names).collect();
    let is_one = names.iter().any(|name| name == text);
    let wanted = |name: &str| name == text || !is_one && name.contains(text);
    if !names.iter().any(|name| wanted(name)) {
        return Err(ChoreError::Found("no row has that name".to_owned()));
    }
    let mut run = component::Run::begin(options.rounds)?;
    component::measure(&wanted, &mut run)?;
    process::measure(&wanted, &mut run)?;
    if let Some(path) = &options.json {
        let text = serde_json::to_string_pretty(&run.rows).expect("figures are JSON");
        fs::write(path, text)?;
    }
    Ok(run)
}

/// Counts instructions. Those of telemetry are kept, the others are printed.
pub(crate) fn count(part: Part) -> Result<(), ChoreError> {
    match part {
        Part::Verification => instructions::of_verification().map(drop),
        Part::Telemetry => {
            let run = component::Run::begin(0)?;
            let kept = history::record(&run, instructions::of_telemetry()?)?;
            println!("kept in `{kept}`");
            rendered::write()
        }
    }
}

/// Measures every subject and prints the table.
fn pipelines() -> Result<(), ChoreError> {
    let example = repository().join("examples/quickstart");
    let plugins = build("otelcol-quickstart", &example.join("builder-config.yaml"))?;
    let linked = build(
        "otelcol-quickstart-static",
        &example.join("builder-config-static.yaml"),
    )?;
    let directory = tempfile::tempdir()?;
    let directory = Utf8PathBuf::try_from(directory.path().to_owned()).map_err(io::Error::other)?;
    println!(
        "| Pipeline otlp -> component -> nop | linked in, records/s | plugin, records/s | plugin / \
         linked in | A/A |"
    );
    println!("|---|---|---|---|---|");
    for subject in &SUBJECTS {
        measure(subject, &linked, &plugins, &directory)?;
    }
    Ok(())
}

fn measure(
    subject: &Subject,
    linked: &Distribution,
    plugins: &Distribution,
    directory: &Utf8Path,
) -> Result<(), ChoreError> {
    let request = request();
    let mut lanes = [
        lane(subject, linked, directory)?,
        lane(subject, plugins, directory)?,
        lane(subject, linked, directory)?,
    ];
    for round in 0..WARM_UP + ROUNDS {
        for turn in 0..lanes.len() {
            // Who goes first changes with the round, so that no lane always follows the same one.
            let index = (round + turn) % lanes.len();
            let lane = &mut lanes[index];
            let start = Instant::now();
            for _ in 0..REQUESTS {
                send(lane.endpoint, "logs", &request)?;
            }
            if round >= WARM_UP {
                lane.seconds.push(start.elapsed().as_secs_f64());
            }
        }
    }
    let [first, plugin, second] = lanes.map(finish);
    let (first, plugin, second) = (first?, plugin?, second?);
    println!(
        "| {} | {first:.0} | {plugin:.0} | {:.3} | {:.3} |",
        subject.name,
        plugin / first,
        second / first
    );
    Ok(())
}

fn lane(
    subject: &Subject,
    distribution: &Distribution,
    directory: &Utf8Path,
) -> Result<Lane, ChoreError> {
    let endpoint = free_endpoint()?;
    let config = directory.join(format!("{}-{}.yaml", subject.name, endpoint.port()));
    let text = format!(
        "receivers:\n  otlp:\n    protocols:\n      http:\n        endpoint: {endpoint}\n\
         processors:\n{}exporters:\n  nop:\n\
         service:\n  telemetry:\n    metrics:\n      level: none\n  \
         pipelines:\n    logs: {{receivers: [otlp], processors: [{}], exporters: [nop]}}\n",
        subject.section, subject.name
    );
    fs::write(&config, text)?;
    let collector = Start::new(&distribution.main, &config).run()?;
    Ok(Lane {
        endpoint,
        collector,
        seconds: Vec::new(),
    })
}

/// Stops the lane's Collector and gives its median speed in records per second.
fn finish(lane: Lane) -> Result<f64, ChoreError> {
    lane.collector.stop()?;
    let mut seconds = lane.seconds;
    seconds.sort_by(f64::total_cmp);
    #[expect(clippy::cast_precision_loss, reason = "a few thousand fit")]
    let records = (REQUESTS * RECORDS) as f64;
    Ok(records / seconds[seconds.len() / 2])
}

/// One OTLP/JSON request with [`RECORDS`] log records of ten attributes.
fn request() -> Vec<u8> {
    let attributes =
        (0..10).map(|n| format!(r#"{{"key":"key.{n}","value":{{"stringValue":"value {n}"}}}}"#));
    let attributes = attributes.collect::<Vec<_>>().join(",");
    let record = format!(
        r#"{{"timeUnixNano":"1763900000000000000","body":{{"stringValue":"hello"}},
            "attributes":[{attributes}]}}"#
    );
    let records = vec![record; RECORDS].join(",");
    format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{records}]}}]}}]}}"#).into_bytes()
}
