//! The whole way through once: build, check, run, send, show, refuse.
//!
//! In: `examples/quickstart`. Out: what the newcomer sees, or the first thing that is not as
//! promised. Invariant: everything shown comes from the built Collector; the distribution itself is
//! not changed, copies are.

use std::io;

use bimetal_conformance::collector::{Start, free_endpoint, send};
use bimetal_conformance::distribution::{Distribution, build_watched, copy_plugins, repository};
use bimetal_conformance::tamper;
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use serde_json::Value;

use crate::chore::{ChoreError, run};

/// Signals in the order in which they are sent, with the key that every OTLP message of the signal
/// starts with.
const SIGNALS: [(&str, &str); 3] = [
    ("logs", "resourceLogs"),
    ("traces", "resourceSpans"),
    ("metrics", "resourceMetrics"),
];

/// Builds the quickstart's Collector, sends telemetry through it and shows what is refused.
pub(crate) fn run_all() -> Result<(), ChoreError> {
    let example = repository().join("examples/quickstart");
    heading("1. one command builds main, a Go plugin and a Rust plugin");
    let distribution = build_watched("otelcol-quickstart", &example.join("builder-config.yaml"))?;
    heading("2. the plugins fit before they are loaded");
    run(distribution.main.as_str(), &["plugins", "check"])?;
    let scratch = tempfile::tempdir()?;
    let scratch = Utf8PathBuf::try_from(scratch.path().to_owned()).map_err(io::Error::other)?;
    heading("3. logs, traces and metrics over OTLP/HTTP, through both plugins");
    pass_telemetry(&distribution, &example, &scratch, "auto")?;
    heading("4. the same with telemetry encoded for the Rust plugin");
    pass_telemetry(&distribution, &example, &scratch, "off")?;
    heading("5. a plugin with one changed bit of code is refused");
    let changed = scratch.join("changed-code");
    copy_plugins(&distribution.plugins, &changed)?;
    tamper::flip_code_byte(&changed.join("processor-transform.so"))?;
    expect_refusal(&distribution, &example, &scratch, &changed)?;
    heading("6. a plugin built with another dependency is refused");
    let other = scratch.join("other-dependency");
    copy_plugins(&distribution.plugins, &other)?;
    // Without the lock file the plugin is merely unpinned, so what refuses it is the dependency.
    fs::remove_file(other.join("plugins.lock"))?;
    tamper::change_dependency(&other.join("processor-attributes.so"), "serde")?;
    expect_refusal(&distribution, &example, &scratch, &other)?;
    println!("\nquickstart: everything is as promised");
    Ok(())
}

fn heading(text: &str) {
    println!("\n--- {text}");
}

fn pass_telemetry(
    distribution: &Distribution,
    example: &Utf8Path,
    scratch: &Utf8Path,
    pdata_view: &str,
) -> Result<(), ChoreError> {
    let endpoint = free_endpoint()?;
    let received = scratch.join(format!("received-{pdata_view}.json"));
    let collector = Start::new(&distribution.main, &example.join("collector.yaml"))
        .variable("QUICKSTART_ENDPOINT", endpoint)
        .variable("QUICKSTART_OUTPUT", &received)
        .argument(format!("--set=runtime.rust.pdata_view={pdata_view}"))
        .run()?;
    for (signal, _) in SIGNALS {
        send(
            endpoint,
            signal,
            &fs::read(example.join(format!("telemetry/{signal}.json")))?,
        )?;
    }
    let ended = collector.stop()?;
    if !ended.status.success() {
        return Err(ChoreError::Found(format!(
            "the Collector ended with {}:\n{}",
            ended.status, ended.log
        )));
    }
    let received = fs::read_to_string(received)?;
    for line in ended.log.lines().filter_map(tier) {
        println!("{line}");
    }
    for (signal, key) in SIGNALS {
        let got = message(&received, key)
            .ok_or_else(|| ChoreError::Found(format!("no {signal} came out")))?;
        let sent = json(&example.join(format!("telemetry/{signal}.json")))?;
        let expected = json(&example.join(format!("expected/{signal}.json")))?;
        println!(
            "{signal}\n  sent      {}\n  came out  {}",
            attributes(&sent),
            attributes(&got)
        );
        if got != expected {
            return Err(ChoreError::Found(format!(
                "{signal} came out as {got}, expected was {expected}"
            )));
        }
    }
    Ok(())
}

/// Starts main with damaged plugins; it must say why and end with a failure.
fn expect_refusal(
    distribution: &Distribution,
    example: &Utf8Path,
    scratch: &Utf8Path,
    plugins: &Utf8Path,
) -> Result<(), ChoreError> {
    let ended = Start::new(&distribution.main, &example.join("collector.yaml"))
        .argument(format!("--plugins-dir={plugins}"))
        .variable("QUICKSTART_ENDPOINT", free_endpoint()?)
        .variable("QUICKSTART_OUTPUT", scratch.join("nothing.json"))
        .to_end()?;
    println!("{}", ended.log.trim_end());
    if ended.status.success() || scratch.join("nothing.json").exists() {
        return Err(ChoreError::Found(format!(
            "the Collector started with the damaged plugin in `{plugins}`"
        )));
    }
    Ok(())
}

/// What a line of the log says of the tier in which a Rust component gets its telemetry.
fn tier(line: &str) -> Option<&str> {
    line.split('\t').find(|part| part.contains(" in tier "))
}

/// The one message of a signal in the file exporter's output, which has a message a line.
fn message(received: &str, key: &str) -> Option<Value> {
    received
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .find(|value: &Value| value.get(key).is_some())
}

fn json(file: &Utf8Path) -> Result<Value, ChoreError> {
    serde_json::from_str(&fs::read_to_string(file)?)
        .map_err(|error| ChoreError::Found(format!("`{file}` is not JSON: {error}")))
}

/// The attributes of the innermost items, as `key=value`, for people.
fn attributes(value: &Value) -> String {
    fn innermost<'a>(value: &'a Value, found: &mut Option<&'a Value>) {
        match value {
            Value::Object(fields) => {
                for (name, field) in fields {
                    if name == "attributes" {
                        *found = Some(field);
                    } else if name != "resource" && name != "scope" {
                        innermost(field, found);
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| innermost(item, found)),
            _ => {}
        }
    }
    let mut found = None;
    innermost(value, &mut found);
    let Some(Value::Array(list)) = found else {
        return String::new();
    };
    let pairs = list.iter().map(|pair| {
        let value = pair["value"]
            .as_object()
            .and_then(|value| value.values().next());
        let value = value.map_or(String::new(), |value| {
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        });
        format!("{}={value}", pair["key"].as_str().unwrap_or_default())
    });
    pairs.collect::<Vec<_>>().join("  ")
}
