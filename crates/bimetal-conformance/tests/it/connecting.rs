//! A connector in Rust between pipelines whose exporters are in Rust: linked in, and as plugins.

use std::net::SocketAddr;

use bimetal_conformance::collector::{Collector, free_endpoint, send};
use bimetal_conformance::collector::{CollectorError, Start};
use fs_err as fs;
use serde_json::{Value, json};

use crate::scene::Scene;

/// Types of the connector, each with that of the exporter behind it.
const TYPES: [(&str, &str); 2] = [("relay", "lines"), ("relay_linked", "lines_linked")];

struct Connecting {
    scene: Scene,
    endpoint: SocketAddr,
}

impl Connecting {
    fn new() -> Self {
        let (scene, endpoint) = (Scene::pinned(), free_endpoint().unwrap());
        Self { scene, endpoint }
    }

    fn file(&self, of: &str) -> camino::Utf8PathBuf {
        self.scene.directory.join(format!("{of}.jsonl"))
    }

    /// Main, where one connector begins what the other does, too, into a file each.
    fn run(&self, view: &str, keys: &Value) -> Collector {
        let exporter = |of: &str| {
            let mut section = keys.clone();
            section["path"] = self.file(of).as_str().into();
            section
        };
        let connectors = TYPES.map(|(connector, _)| connector);
        let input = json!({"receivers": ["otlp"], "exporters": connectors});
        let mut pipelines = json!({"logs/in": input, "traces/in": input, "metrics/in": input});
        for (connector, exporter) in TYPES {
            for signal in ["logs", "metrics"] {
                pipelines[format!("{signal}/{connector}")] =
                    json!({"receivers": [connector], "exporters": [exporter]});
            }
        }
        let config = json!({
            "receivers": {"otlp": {"protocols": {"http": {"endpoint": self.endpoint}}}},
            "connectors": {"relay": {}, "relay_linked": {}},
            "exporters": {"lines": exporter("lines"), "lines_linked": exporter("lines_linked")},
            "runtime": {"rust": {"pdata_view": view}},
            "service": {"telemetry": {"metrics": {"level": "none"}}, "pipelines": pipelines},
        });
        let file = self.scene.directory.join("collector.yaml");
        // JSON is YAML.
        fs::write(&file, config.to_string()).unwrap();
        let start = Start::new(&self.scene.main, &file);
        let plugins = format!("--plugins-dir={}", self.scene.plugins);
        start.argument(plugins).run().unwrap()
    }

    fn send_logs(&self, bodies: &[&str]) -> Result<(), CollectorError> {
        let record = |body: &&str| json!({"body": {"stringValue": body}});
        let records: Vec<_> = bodies.iter().map(record).collect();
        let request = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]});
        send(self.endpoint, "logs", request.to_string().as_bytes())
    }

    fn exported(&self, of: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.file(of)).unwrap();
        let mut lines: Vec<_> = text.lines().collect();
        lines.sort_unstable();
        let read = |line| serde_json::from_str(line).unwrap();
        lines.into_iter().map(read).collect()
    }
}

fn stopped(collector: Collector) -> String {
    let ended = collector.stop().unwrap();
    assert!(ended.status.success(), "{}", ended.log);
    ended.log
}

#[test]
fn each_pair_of_signals_gives_the_same_linked_in_and_as_a_plugin_in_place_and_encoded() {
    for view in ["required", "off"] {
        let connecting = Connecting::new();
        let collector = connecting.run(view, &json!({}));
        connecting.send_logs(&["first", "drop", "second"]).unwrap();
        connecting.send_logs(&["drop"]).unwrap();
        let span = json!({"traceId": "5b8efff798038103d269b633813fc60c",
            "spanId": "eee19b7ec3c1b174", "name": "a span"});
        let traces = json!({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]});
        send(connecting.endpoint, "traces", traces.to_string().as_bytes()).unwrap();
        let metric =
            json!({"name": "passes", "unit": "s", "gauge": {"dataPoints": [{"asInt": "1"}]}});
        let metrics = json!({"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]});
        send(
            connecting.endpoint,
            "metrics",
            metrics.to_string().as_bytes(),
        )
        .unwrap();
        stopped(collector);
        let wanted = [
            json!({"logs": "a span", "attributes": {"span": true}}),
            json!({"logs": "first", "attributes": {"relayed": true}}),
            json!({"logs": "second", "attributes": {"relayed": true}}),
            json!({"metrics": "log.count.2", "unit": "{record}"}),
            json!({"metrics": "passes", "unit": "s"}),
        ];
        for (_, exporter) in TYPES {
            assert_eq!(connecting.exported(exporter), wanted, "{view}");
        }
    }
}

#[test]
fn the_answer_of_what_comes_behind_reaches_the_sender() {
    let connecting = Connecting::new();
    let keys = json!({
        "failures": 1,
        "failure": "permanent",
        "sending_queue": {"enabled": false},
    });
    let collector = connecting.run("auto", &keys);
    let refused = connecting.send_logs(&["first"]).unwrap_err();
    assert!(matches!(refused, CollectorError::Send { .. }), "{refused}");
    connecting.send_logs(&["second"]).unwrap();
    stopped(collector);
    for (_, exporter) in TYPES {
        let logs = connecting.exported(exporter);
        assert!(logs.iter().all(|line| line["logs"] != "first"), "{logs:?}");
        assert!(logs.iter().any(|line| line["logs"] == "second"), "{logs:?}");
    }
}

#[test]
fn a_panic_within_one_pair_leaves_the_other_pairs_alone() {
    let connecting = Connecting::new();
    let collector = connecting.run("auto", &json!({"sending_queue": {"enabled": false}}));
    assert!(connecting.send_logs(&["panic"]).is_err());
    assert!(connecting.send_logs(&["first"]).is_err());
    let log = stopped(collector);
    assert!(log.contains("as asked"), "{log}");
    for (_, exporter) in TYPES {
        let wanted = json!({"metrics": "log.count.1", "unit": "{record}"});
        assert_eq!(connecting.exported(exporter), [wanted.clone(), wanted]);
    }
}
