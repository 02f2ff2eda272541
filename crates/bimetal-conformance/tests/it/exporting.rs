//! An exporter in Rust inside of the Collector's `exporterhelper`: linked in, and as a plugin.

use std::net::SocketAddr;

use bimetal_conformance::collector::{Collector, CollectorError, Start, free_endpoint, send};
use bimetal_conformance::distribution::repository;
use camino::Utf8PathBuf;
use fs_err as fs;
use serde_json::{Value, json};

use crate::scene::Scene;

/// Types of the exporter: a plugin, and linked in.
const TYPES: [&str; 2] = ["lines", "lines_linked"];
const TWO_RECORDS: &str = r#"{"resourceLogs": [{"scopeLogs": [{"logRecords": [
    {"body": {"stringValue": "first"}}, {"body": {"stringValue": "second"}}
]}]}]}"#;

struct Exporting {
    scene: Scene,
    endpoint: SocketAddr,
}

impl Exporting {
    fn new() -> Self {
        let (scene, endpoint) = (Scene::pinned(), free_endpoint().unwrap());
        Self { scene, endpoint }
    }

    fn file(&self, of: &str) -> Utf8PathBuf {
        self.scene.directory.join(format!("{of}.jsonl"))
    }

    /// A command of main with exporters of these types, each with its own file and these keys.
    fn start(&self, command: &[&str], types: &[&str], keys: &Value) -> Start {
        let section = |of: &&str| {
            let mut section = keys.clone();
            section["path"] = self.file(of).as_str().into();
            ((*of).to_owned(), section)
        };
        let exporters: serde_json::Map<_, _> = types.iter().map(section).collect();
        let pipeline = json!({"receivers": ["otlp"], "exporters": types});
        // JSON is YAML.
        let config = json!({
            "receivers": {"otlp": {"protocols": {"http": {"endpoint": self.endpoint}}}},
            "exporters": exporters,
            "service": {
                "telemetry": {"metrics": {"level": "none"}},
                "pipelines": {"logs": pipeline, "traces": pipeline, "metrics": pipeline},
            },
        });
        let file = self.scene.directory.join("collector.yaml");
        fs::write(&file, config.to_string()).unwrap();
        Start::command(&self.scene.main, command)
            .argument(format!("--config={file}"))
            .argument(format!("--plugins-dir={}", self.scene.plugins))
    }

    fn run(&self, of: &str, keys: &Value) -> Collector {
        self.start(&[], &[of], keys).run().unwrap()
    }

    fn send_two(&self) -> Result<(), CollectorError> {
        send(self.endpoint, "logs", TWO_RECORDS.as_bytes())
    }

    /// What was exported, in an order of its own: each signal has an instance.
    fn exported(&self, of: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.file(of)).unwrap();
        let mut lines: Vec<_> = text.lines().collect();
        lines.sort_unstable();
        let read = |line| serde_json::from_str(line).unwrap();
        lines.into_iter().map(read).collect()
    }

    fn bodies(&self, of: &str) -> Vec<Value> {
        let lines = self.exported(of);
        lines.iter().map(|line| line["logs"].clone()).collect()
    }
}

fn stopped(collector: Collector) -> String {
    let ended = collector.stop().unwrap();
    assert!(ended.status.success(), "{}", ended.log);
    ended.log
}

fn status(answer: Result<(), CollectorError>) -> u16 {
    match answer {
        Err(CollectorError::Send { source, .. }) => match *source {
            ureq::Error::StatusCode(code) => code,
            other => panic!("{other}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn linked_in_and_as_a_plugin_an_exporter_writes_the_same_in_place_and_encoded() {
    let telemetry = repository().join("examples/quickstart/telemetry");
    let mut outputs = Vec::new();
    for (view, tier) in [("required", "view"), ("off", "otlp")] {
        let exporting = Exporting::new();
        let start = exporting.start(&[], &TYPES, &json!({}));
        let collector = start.argument(format!("--set=runtime.rust.pdata_view={view}"));
        let collector = collector.run().unwrap();
        for signal in ["logs", "traces", "metrics"] {
            let json = fs::read(telemetry.join(format!("{signal}.json"))).unwrap();
            send(exporting.endpoint, signal, &json).unwrap();
        }
        // What still waits in a queue is exported before the exporter is shut down.
        let log = stopped(collector);
        for of in TYPES {
            let sentence =
                format!("exporter \\\"{of}\\\" is written in Rust and gets its logs in tier");
            let plain = sentence.replace('\\', "");
            assert!(log.contains(&sentence) || log.contains(&plain), "{log}");
            assert!(log.contains(&format!("\"tier\": \"{tier}\"")), "{log}");
            outputs.push(exporting.exported(of));
        }
    }
    let first = &outputs[0];
    assert!(outputs.iter().all(|output| output == first), "{outputs:#?}");
    let of = |signal: &str| {
        first
            .iter()
            .filter(|line| line.get(signal).is_some())
            .count()
    };
    assert_eq!([of("logs"), of("traces"), of("metrics")], [1, 1, 1]);
    let log = first
        .iter()
        .find(|line| line["logs"] == "order placed")
        .unwrap();
    assert_eq!(log["attributes"]["order.id"], 4711);
}

#[test]
fn what_may_be_tried_again_is_and_is_exported_once() {
    for of in TYPES {
        let exporting = Exporting::new();
        let keys = json!({
            "failures": 2,
            // Its sender waits for the end.
            "sending_queue": {"enabled": false},
            "retry_on_failure": {"initial_interval": "1ms", "max_interval": "1ms"},
        });
        let mut collector = exporting.run(of, &keys);
        exporting.send_two().unwrap();
        for _ in 0..2 {
            collector.wait_for("Will retry the request").unwrap();
        }
        stopped(collector);
        assert_eq!(exporting.bodies(of), ["first", "second"]);
    }
}

#[test]
fn of_what_was_partly_taken_only_the_rest_comes_again() {
    let exporting = Exporting::new();
    let keys = json!({
        "failures": 1,
        "failure": "partial",
        "sending_queue": {"enabled": false},
        "retry_on_failure": {"initial_interval": "1ms"},
    });
    let mut collector = exporting.run("lines", &keys);
    exporting.send_two().unwrap();
    collector.wait_for("leaves some as asked").unwrap();
    stopped(collector);
    assert_eq!(exporting.bodies("lines"), ["first", "second"]);
}

#[test]
fn without_a_queue_the_class_of_an_error_reaches_the_sender() {
    for (failure, code) in [("permanent", 500), ("retryable", 503)] {
        let exporting = Exporting::new();
        let keys = json!({
            "failures": 1,
            "failure": failure,
            "sending_queue": {"enabled": false},
            "retry_on_failure": {"enabled": false},
        });
        let collector = exporting.run("lines", &keys);
        assert_eq!(status(exporting.send_two()), code, "{failure}");
        exporting.send_two().unwrap();
        stopped(collector);
        assert_eq!(exporting.bodies("lines"), ["first", "second"]);
    }
}

#[test]
fn a_far_end_that_asks_for_time_gets_it() {
    let exporting = Exporting::new();
    let keys = json!({
        "failures": 1,
        "failure": "throttled",
        "retry_on_failure": {"initial_interval": "1ms", "max_elapsed_time": 0},
    });
    let mut collector = exporting.run("lines", &keys);
    exporting.send_two().unwrap();
    let line = collector.wait_for("Will retry the request").unwrap();
    assert!(line.contains("\"interval\": \"1m0s\""), "{line}");
    // A shutdown does not wait for that minute, and says what it gave up.
    let log = stopped(collector);
    assert!(log.contains("\"dropped_items\": 2"), "{log}");
}

#[test]
fn the_time_limit_of_an_attempt_reaches_the_exporter() {
    let exporting = Exporting::new();
    let keys = json!({
        "failures": 1,
        "failure": "late",
        "sending_queue": {"enabled": false},
        "timeout": "10ms",
        "retry_on_failure": {"initial_interval": "1ms"},
    });
    let mut collector = exporting.run("lines", &keys);
    exporting.send_two().unwrap();
    collector.wait_for("the caller is gone").unwrap();
    stopped(collector);
    assert_eq!(exporting.bodies("lines"), ["first", "second"]);
}

#[test]
fn a_panic_ends_one_exporter_of_one_signal_and_nothing_else() {
    let exporting = Exporting::new();
    let keys = json!({"failures": 1, "failure": "panic", "sending_queue": {"enabled": false}});
    let mut collector = exporting.run("lines", &keys);
    assert_eq!(status(exporting.send_two()), 500);
    collector.wait_for("panics as asked").unwrap();
    assert_eq!(status(exporting.send_two()), 500);
    stopped(collector);
    assert_eq!(fs::read_to_string(exporting.file("lines")).unwrap(), "");
}

#[test]
fn the_keys_of_exporterhelper_are_printed_and_checked_as_those_of_a_go_exporter() {
    let exporting = Exporting::new();
    let start = exporting.start(&["print-config"], &TYPES, &json!({"timeout": "3s"}));
    let printed = start.to_end().unwrap();
    assert!(printed.status.success(), "{}", printed.log);
    for line in [
        "queue_size: 77",
        "num_consumers: 10",
        "timeout: 3s",
        "max_elapsed_time: 5m0s",
        "failure: retryable",
    ] {
        assert_eq!(
            printed.log.matches(line).count(),
            2,
            "{line} in:\n{}",
            printed.log
        );
    }
    for (keys, text) in [
        (
            json!({"sending_queue": {"queue_size": 0}}),
            "`queue_size` must be positive",
        ),
        (json!({"sending_queue": {"size": 1}}), "invalid keys: size"),
        (json!({"retry_on_fail": {}}), "retry_on_fail: unknown key"),
        (json!({"timeout": "-1s"}), "timeout"),
    ] {
        let ended = exporting
            .start(&["validate"], &["lines"], &keys)
            .to_end()
            .unwrap();
        assert!(!ended.status.success(), "{keys}");
        assert!(ended.log.contains(text), "{text} in:\n{}", ended.log);
        assert!(ended.log.contains("lines"), "{}", ended.log);
    }
}
