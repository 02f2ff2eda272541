//! A receiver in Rust before a processor, a connector and an exporter in Rust, beside an extension
//! in Rust: linked in, and as plugins.

use bimetal_conformance::collector::{Collector, Start};
use camino::Utf8PathBuf;
use fs_err as fs;
use serde_json::{Value, json};

use crate::scene::Scene;

/// Types of the kinds: receiver, connector, exporter, extension.
const PLUGINS: [&str; 4] = ["steps", "relay", "lines", "listener"];
const LINKED_IN: [&str; 4] = [
    "steps_linked",
    "relay_linked",
    "lines_linked",
    "listener_linked",
];

fn file(scene: &Scene, of: &str) -> Utf8PathBuf {
    scene.directory.join(format!("{of}.jsonl"))
}

fn started(scene: &Scene, config: &Value, view: &str) -> Collector {
    let path = scene.directory.join("collector.yaml");
    // JSON is YAML.
    fs::write(&path, config.to_string()).unwrap();
    Start::new(&scene.main, &path)
        .argument(format!("--plugins-dir={}", scene.plugins))
        .argument(format!("--set=runtime.rust.pdata_view={view}"))
        .run()
        .unwrap()
}

/// A Collector of these types alone, whose receiver has these keys.
fn config(scene: &Scene, types: [&str; 4], receiver: &Value, exporter: &Value) -> Value {
    let [steps, relay, lines, listener] = types;
    let mut exporter = exporter.clone();
    exporter["path"] = file(scene, lines).as_str().into();
    json!({
        "receivers": {steps: receiver},
        "processors": {"rust_probe": {}},
        "connectors": {relay: {}},
        "exporters": {lines: exporter},
        "extensions": {listener: {"path": file(scene, listener).as_str()}},
        "service": {
            "extensions": [listener],
            "telemetry": {"metrics": {"level": "none"}},
            "pipelines": {
                "logs/in": {
                    "receivers": [steps], "processors": ["rust_probe"], "exporters": [relay],
                },
                "traces/in": {"receivers": [steps], "exporters": [relay, lines]},
                "metrics/in": {"receivers": [steps], "exporters": [relay]},
                "logs/out": {"receivers": [relay], "exporters": [lines]},
                "metrics/out": {"receivers": [relay], "exporters": [lines]},
            },
        },
    })
}

fn lines(scene: &Scene, of: &str) -> Vec<Value> {
    let text = fs::read_to_string(file(scene, of)).unwrap();
    let mut lines: Vec<_> = text.lines().collect();
    lines.sort_unstable();
    let read = |line| serde_json::from_str(line).unwrap();
    lines.into_iter().map(read).collect()
}

/// Its receivers end when they have sent every batch.
fn stopped(collector: Collector) -> String {
    let ended = collector.stop().unwrap();
    assert!(ended.status.success(), "{}: {}", ended.status, ended.log);
    ended.log
}

#[test]
fn a_collector_of_rust_alone_gives_the_same_linked_in_and_as_plugins_built_and_encoded() {
    let mut wanted = Vec::new();
    for number in 0..2 {
        let log = json!({"logs": format!("logs {number}"),
            "attributes": {"number": number, "relayed": true}});
        let name = format!("traces {number}");
        let span = json!({"logs": name, "attributes": {"span": true}});
        let metric = json!({"metrics": format!("metrics {number}"), "unit": "1"});
        let count = json!({"metrics": "log.count.1", "unit": "{record}"});
        let trace = json!({"traces": name, "attributes": {"number": number}});
        wanted.extend([log, span, metric, count, trace]);
    }
    wanted.sort_by_key(ToString::to_string);
    for (view, encoded) in [("auto", false), ("auto", true), ("off", false)] {
        for types in [PLUGINS, LINKED_IN] {
            let scene = Scene::pinned();
            let keys = json!({"batches": 2, "encoded": encoded});
            let config = config(&scene, types, &keys, &json!({}));
            stopped(started(&scene, &config, view));
            assert_eq!(
                lines(&scene, types[2]),
                wanted,
                "{types:?} {view} {encoded}"
            );
            let heard = fs::read_to_string(file(&scene, types[3])).unwrap();
            assert!(
                heard.contains(&format!("\"id\":\"{}\"", types[0])),
                "{heard}"
            );
        }
    }
}

#[test]
fn the_class_of_an_error_of_the_pipeline_reaches_the_receiver() {
    for (failure, class) in [("retryable", "again"), ("permanent", "never")] {
        let scene = Scene::pinned();
        let exporter = json!({
            "failures": 1,
            "failure": failure,
            "sending_queue": {"enabled": false},
            "retry_on_failure": {"enabled": false},
        });
        let config = config(&scene, PLUGINS, &json!({"batches": 1}), &exporter);
        let log = stopped(started(&scene, &config, "auto"));
        assert!(log.contains(&format!("refused, {class}: ")), "{log}");
        assert!(log.contains("as asked"), "{log}");
        // Each instance of the exporter fails once.
        let traces = lines(&scene, "lines");
        let traces = traces
            .iter()
            .filter(|line| line.get("traces").is_some())
            .count();
        assert_eq!(traces, usize::from(class == "again"), "{log}");
    }
}

#[test]
fn what_is_no_telemetry_is_refused_for_good_and_the_receiver_goes_on() {
    let scene = Scene::pinned();
    let keys = json!({"batches": 1, "malformed": true});
    let config = config(&scene, LINKED_IN, &keys, &json!({}));
    let log = stopped(started(&scene, &config, "auto"));
    let refused = "refused, never: Permanent error: cannot decode what the receiver sent";
    assert_eq!(log.matches(refused).count(), 3, "{log}");
    assert_eq!(lines(&scene, "lines_linked").len(), 5);
}
