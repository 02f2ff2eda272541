//! The `attributes` processor: one body, two drivers. The Rust test host calls the factory table in
//! this process; the real Collector loads the same component as a plugin, takes OTLP over HTTP and
//! writes OTLP to a file.

use bimetal_attributes_processor::component;
use bimetal_conformance::collector::{Start, free_endpoint, send_protobuf};
use bimetal_conformance::distribution::{build, repository};
use bimetal_sdk::Signal;
use bimetal_sdk::testing::TestHost;
use camino::Utf8PathBuf;
use fs_err as fs;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{
    Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics,
};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;
use serde_json::{Value, json};

#[derive(Clone, Copy, Debug)]
enum Driver {
    TestHost,
    Collector,
}

const DRIVERS: [Driver; 2] = [Driver::TestHost, Driver::Collector];

impl Driver {
    /// What the next component sees of `input`, as OTLP.
    fn process(self, config: &Value, signal: Signal, input: &[u8]) -> Vec<u8> {
        match self {
            Self::TestHost => {
                let instance = TestHost::new(component()).started(signal, config).unwrap();
                let output = instance.consume(input).unwrap().next(input).unwrap();
                instance.shutdown().unwrap();
                output
            }
            Self::Collector => through_collector(config, signal, input),
        }
    }

    /// Why a configuration is refused.
    fn refusal(self, config: &Value) -> String {
        match self {
            Self::TestHost => TestHost::new(component())
                .validate(config)
                .unwrap_err()
                .to_string(),
            Self::Collector => {
                let scene = Scene::new(config, Signal::Logs);
                let ended = scene.start(&["validate"]).to_end().unwrap();
                assert!(!ended.status.success(), "{}", ended.log);
                ended.log
            }
        }
    }
}

struct Scene {
    main: Utf8PathBuf,
    config: Utf8PathBuf,
    received: Utf8PathBuf,
    endpoint: std::net::SocketAddr,
    _keep: tempfile::TempDir,
}

impl Scene {
    fn new(section: &Value, signal: Signal) -> Self {
        let quickstart = repository().join("examples/quickstart/builder-config.yaml");
        let keep = tempfile::tempdir().unwrap();
        let directory = Utf8PathBuf::try_from(keep.path().to_owned()).unwrap();
        let (received, config) = (directory.join("received"), directory.join("collector.yaml"));
        let endpoint = free_endpoint().unwrap();
        // JSON is YAML, so the Collector reads it as it is.
        let text = json!({
            "receivers": {"otlp": {"protocols": {"http": {"endpoint": endpoint.to_string()}}}},
            "processors": {"attributes": section},
            "exporters": {"file": {"path": received, "format": "proto"}},
            "service": {
                "telemetry": {"metrics": {"level": "none"}},
                "pipelines": {signal.as_str(): {
                    "receivers": ["otlp"],
                    "processors": ["attributes"],
                    "exporters": ["file"],
                }},
            },
        });
        fs::write(&config, text.to_string()).unwrap();
        Self {
            main: build("otelcol-quickstart", &quickstart).unwrap().main,
            config,
            received,
            endpoint,
            _keep: keep,
        }
    }

    fn start(&self, command: &[&str]) -> Start {
        Start::command(&self.main, command).argument(format!("--config={}", self.config))
    }
}

fn through_collector(section: &Value, signal: Signal, input: &[u8]) -> Vec<u8> {
    through_collector_as("view", &[], section, signal, input)
}

fn through_collector_as(
    tier: &str,
    arguments: &[&str],
    section: &Value,
    signal: Signal,
    input: &[u8],
) -> Vec<u8> {
    let scene = Scene::new(section, signal);
    let collector = scene.start(arguments).run().unwrap();
    send_protobuf(scene.endpoint, signal.as_str(), input).unwrap();
    let ended = collector.stop().unwrap();
    assert!(ended.status.success(), "{}", ended.log);
    let tier = format!(r#""tier": "{tier}""#);
    assert!(ended.log.contains(&tier), "{}", ended.log);
    assert!(!ended.log.contains("cannot read"), "{}", ended.log);
    let written = fs::read(scene.received).unwrap();
    // The file exporter writes four bytes of length, big-endian, before every message.
    let (length, message) = written.split_at(4);
    assert_eq!(
        u32::from_be_bytes(length.try_into().unwrap()) as usize,
        message.len()
    );
    message.to_vec()
}

fn text(value: &str) -> AnyValue {
    AnyValue {
        value: Some(Any::StringValue(value.to_owned())),
    }
}

fn pair(key: &str, value: Any) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

fn word(key: &str, value: &str) -> KeyValue {
    pair(key, Any::StringValue(value.to_owned()))
}

fn logs(attributes: Vec<KeyValue>) -> ExportLogsServiceRequest {
    let record = LogRecord {
        body: Some(text("body")),
        attributes,
        time_unix_nano: 7,
        ..LogRecord::default()
    };
    let scope = ScopeLogs {
        log_records: vec![record],
        ..ScopeLogs::default()
    };
    ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            scope_logs: vec![scope],
            ..ResourceLogs::default()
        }],
    }
}

fn check_logs(config: &Value, before: Vec<KeyValue>, after: Vec<KeyValue>) {
    let (input, expected) = (logs(before).encode_to_vec(), logs(after));
    for driver in DRIVERS {
        let output = driver.process(config, Signal::Logs, &input);
        let output = ExportLogsServiceRequest::decode(&*output).unwrap();
        let of = |request: &ExportLogsServiceRequest| {
            request.resource_logs[0].scope_logs[0].log_records[0].clone()
        };
        assert_eq!(of(&output), of(&expected), "{driver:?}");
    }
}

#[test]
fn insert_update_upsert_and_delete_keep_to_their_rules() {
    let config = json!({"actions": [
        {"key": "there", "action": "insert", "value": "no"},
        {"key": "inserted", "action": "insert", "value": 7},
        {"key": "updated", "action": "update", "value": 0.5},
        {"key": "absent", "action": "update", "value": "no"},
        {"key": "upserted", "action": "upsert", "value": true},
        {"key": "copied", "action": "upsert", "from_attribute": "there"},
        {"key": "gone", "action": "delete"},
    ]});
    check_logs(
        &config,
        vec![
            word("there", "yes"),
            word("updated", "old"),
            word("gone", "secret"),
        ],
        vec![
            word("there", "yes"),
            pair("updated", Any::DoubleValue(0.5)),
            // The last attribute takes the place of a removed one, as in Go's pdata.
            word("copied", "yes"),
            pair("inserted", Any::IntValue(7)),
            pair("upserted", Any::BoolValue(true)),
        ],
    );
}

#[test]
fn what_no_action_touches_passes_as_it_is() {
    let attributes = vec![word("a", "1"), pair("b", Any::BytesValue(vec![0, 255]))];
    check_logs(
        &json!({"actions": [{"key": "absent", "action": "delete"}]}),
        attributes.clone(),
        attributes,
    );
}

#[test]
fn a_setting_has_logs_encoded_and_changes_nothing_else() {
    let input = logs(vec![word("a", "1"), pair("b", Any::BoolValue(true))]).encode_to_vec();
    let required = ["--set=runtime.rust.pdata_view=required"];
    let off = ["--set=runtime.rust.pdata_view=off"];
    for key in ["a", "absent"] {
        let section = json!({"actions": [{"key": key, "action": "delete"}]});
        let in_place = through_collector_as("view", &required, &section, Signal::Logs, &input);
        let encoded = through_collector_as("otlp", &off, &section, Signal::Logs, &input);
        assert_eq!(in_place, encoded, "{key}");
    }
}

#[test]
fn a_setting_that_cannot_be_followed_stops_the_start() {
    let section = json!({"actions": [{"key": "k", "action": "delete"}]});
    let ended = |value: &str| {
        let scene = Scene::new(&section, Signal::Logs);
        let argument = format!("--set=runtime.rust.pdata_view={value}");
        let ended = scene.start(&["validate", &argument]).to_end().unwrap();
        (ended.status.success(), ended.log)
    };
    assert!(ended("required").0);
    let (success, log) = ended("on");
    assert!(
        !success && log.contains("none of `auto`, `off` and `required`"),
        "{log}"
    );
}

#[test]
fn spans_get_their_attributes() {
    let spans = |attributes| {
        let span = Span {
            name: "span".to_owned(),
            trace_id: vec![1; 16],
            span_id: vec![2; 8],
            attributes,
            ..Span::default()
        };
        let scope = ScopeSpans {
            spans: vec![span],
            ..ScopeSpans::default()
        };
        let resource = ResourceSpans {
            scope_spans: vec![scope],
            ..ResourceSpans::default()
        };
        ExportTraceServiceRequest {
            resource_spans: vec![resource],
        }
    };
    let config = json!({"actions": [{"key": "k", "action": "upsert", "value": "new"}]});
    let input = spans(vec![word("k", "old")]).encode_to_vec();
    for driver in DRIVERS {
        let output = driver.process(&config, Signal::Traces, &input);
        let output = ExportTraceServiceRequest::decode(&*output).unwrap();
        let span = &output.resource_spans[0].scope_spans[0].spans[0];
        assert_eq!(
            (&*span.name, &span.attributes),
            ("span", &vec![word("k", "new")]),
            "{driver:?}"
        );
    }
}

#[test]
fn data_points_of_every_metric_get_their_attributes() {
    let points = |attributes: Vec<KeyValue>| {
        let gauge = Gauge {
            data_points: vec![NumberDataPoint {
                attributes: attributes.clone(),
                time_unix_nano: 3,
                ..NumberDataPoint::default()
            }],
        };
        let histogram = Histogram {
            data_points: vec![HistogramDataPoint {
                attributes,
                time_unix_nano: 4,
                ..HistogramDataPoint::default()
            }],
            ..Histogram::default()
        };
        let metric = |name: &str, data| Metric {
            name: name.to_owned(),
            data: Some(data),
            ..Metric::default()
        };
        let metrics = vec![
            metric("gauge", Data::Gauge(gauge)),
            metric("histogram", Data::Histogram(histogram)),
        ];
        let scope = ScopeMetrics {
            metrics,
            ..ScopeMetrics::default()
        };
        let resource = ResourceMetrics {
            scope_metrics: vec![scope],
            ..ResourceMetrics::default()
        };
        ExportMetricsServiceRequest {
            resource_metrics: vec![resource],
        }
    };
    let config = json!({"actions": [
        {"key": "k", "action": "insert", "value": "new"},
        {"key": "gone", "action": "delete"},
    ]});
    let input = points(vec![word("gone", "old")]).encode_to_vec();
    for driver in DRIVERS {
        let output = driver.process(&config, Signal::Metrics, &input);
        let output = ExportMetricsServiceRequest::decode(&*output).unwrap();
        let of = |request: &ExportMetricsServiceRequest| {
            request.resource_metrics[0].scope_metrics[0].metrics.clone()
        };
        assert_eq!(
            of(&output),
            of(&points(vec![word("k", "new")])),
            "{driver:?}"
        );
    }
}

#[test]
fn a_wrong_configuration_is_refused_with_its_path() {
    let config = json!({
        "actions": [{"key": "k", "action": "insert"}, {"key": "k", "action": "hash"}],
        "colour": "blue",
    });
    for driver in DRIVERS {
        let refusal = driver.refusal(&config);
        assert!(refusal.contains("colour"), "{driver:?}: {refusal}");
    }
    let config = json!({"actions": [{"key": "k", "action": "explode", "value": 1}]});
    for driver in DRIVERS {
        let refusal = driver.refusal(&config);
        assert!(refusal.contains("actions::0"), "{driver:?}: {refusal}");
        if matches!(driver, Driver::Collector) {
            assert!(
                refusal.contains("processors::attributes: actions::0"),
                "{refusal}"
            );
        }
    }
}
