//! A record that is nested very deeply beside a good one, through a real Rust component: both are
//! changed, and both come out.

use bimetal_conformance::collector::{Start, free_endpoint, send};
use bimetal_conformance::distribution::{build, repository};
use camino::Utf8PathBuf;
use fs_err as fs;
use serde_json::json;

/// More than the 100 messages in each other that other decoders of protocol buffers take.
const LISTS: usize = 60;

/// More than is encoded of a batch that lies in Go's memory.
const TOO_MANY_LISTS: usize = 300;

#[test]
fn a_deeply_nested_record_goes_on_and_keeps_no_other_back() {
    for lists in [LISTS, TOO_MANY_LISTS] {
        let log = through_collector(lists, false);
        assert!(!log.contains("cannot read"), "{log}");
    }
}

#[test]
fn a_value_that_cannot_be_copied_in_place_is_copied_encoded() {
    let log = through_collector(TOO_MANY_LISTS, true);
    assert_eq!(
        log.matches("cannot read some telemetry where it lies")
            .count(),
        1,
        "{log}"
    );
}

/// Gives the Collector's log. The deep attribute is copied, if asked for.
fn through_collector(lists: usize, copied: bool) -> String {
    let quickstart = repository().join("examples/quickstart/builder-config.yaml");
    let main = build("otelcol-quickstart", &quickstart).unwrap().main;
    let keep = tempfile::tempdir().unwrap();
    let directory = Utf8PathBuf::try_from(keep.path().to_owned()).unwrap();
    let (received, config) = (directory.join("received"), directory.join("collector.yaml"));
    let endpoint = free_endpoint().unwrap();
    let mut actions = vec![json!({"key": "team", "value": "payments", "action": "insert"})];
    if copied {
        actions.push(json!({"key": "copy", "from_attribute": "deep", "action": "insert"}));
    }
    // JSON is YAML, so the Collector reads it as it is.
    let text = json!({
        "receivers": {"otlp": {"protocols": {"http": {"endpoint": endpoint.to_string()}}}},
        "processors": {"attributes": {
            "actions": actions,
        }},
        "exporters": {"file": {"path": received}},
        "service": {
            "telemetry": {"metrics": {"level": "none"}},
            "pipelines": {"logs": {
                "receivers": ["otlp"],
                "processors": ["attributes"],
                "exporters": ["file"],
            }},
        },
    });
    fs::write(&config, text.to_string()).unwrap();
    let collector = Start::new(&main, &config).run().unwrap();

    // As text: libraries for JSON have a limit of their own.
    let mut deep = r#"{"stringValue":"deep"}"#.to_owned();
    for _ in 0..lists {
        deep = format!(r#"{{"arrayValue":{{"values":[{deep}]}}}}"#);
    }
    let attributes = format!(r#"[{{"key":"deep","value":{deep}}}]"#);
    let record = format!(r#"{{"body":{deep},"attributes":{attributes}}}"#);
    let records = format!(r#"{record},{{"body":{{"stringValue":"good"}}}}"#);
    let request = format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{records}]}}]}}]}}"#);
    send(endpoint, "logs", request.as_bytes()).unwrap();
    let ended = collector.stop().unwrap();
    assert!(ended.status.success(), "{}", ended.log);

    let written = fs::read_to_string(received).unwrap();
    let team = r#"{"key":"team","value":{"stringValue":"payments"}}"#;
    assert_eq!(written.matches(team).count(), 2, "{written}");
    let times = 2 + usize::from(copied);
    assert_eq!(written.matches(&deep).count(), times, "{written}");
    assert!(written.contains(r#"{"stringValue":"good"}"#), "{written}");
    ended.log
}
