//! Bytes that should not be sent: an error or a view that can be used, never a panic.

use bimetal_pdata::{Logs, Metrics, Traces, Value};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;

use crate::model;

fn walk(value: Value<'_>) -> usize {
    match value {
        Value::Array(array) => array.iter().map(walk).sum(),
        Value::Map(map) => map
            .iter()
            .map(|(key, value)| key.as_bytes().len() + walk(value))
            .sum(),
        _ => 1,
    }
}

/// Reads and edits everything; gives the new bytes if the input was accepted.
fn use_logs(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut logs = Logs::parse(bytes).ok()?;
    for mut resource in logs.resources_mut() {
        resource.attributes_mut().upsert("z", 1_i64);
        for mut scope in resource.scopes_mut() {
            scope.attributes_mut().insert("z", scope_name().as_str());
            for mut record in scope.records_mut() {
                walk(record.body());
                let _ = (
                    record.trace_id(),
                    record.span_id(),
                    record.severity_text(),
                    record.flags(),
                );
                record
                    .attributes()
                    .iter()
                    .map(|(_, value)| walk(value))
                    .sum::<usize>();
                record
                    .attributes_mut()
                    .copy(bimetal_pdata::Write::Upsert, "z", "a");
                record.attributes_mut().delete("b");
            }
        }
    }
    Some(logs.encode())
}

fn scope_name() -> String {
    "z".repeat(200)
}

fn use_traces(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut traces = Traces::parse(bytes).ok()?;
    for mut span in traces.records_mut() {
        let _ = (
            span.name(),
            span.kind(),
            span.status().code(),
            span.status().message(),
            span.trace_id(),
        );
        span.attributes_mut().upsert("z", 0.5);
    }
    Some(traces.encode())
}

fn use_metrics(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut metrics = Metrics::parse(bytes).ok()?;
    for mut metric in metrics.records_mut() {
        let _ = (
            metric.name(),
            metric.as_read().kind(),
            metric
                .as_read()
                .data()
                .is_some_and(|data| data.is_monotonic()),
            metric
                .as_read()
                .data()
                .map(|data| data.aggregation_temporality()),
        );
        for mut point in metric.data_points_mut() {
            let read = point.as_read();
            let _ = (read.number(), read.count(), read.sum(), read.flags());
            point.attributes_mut().upsert("z", true);
        }
    }
    Some(metrics.encode())
}

/// A field of a message, with its length.
fn field(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut field = vec![tag];
    let mut len = content.len();
    while len >= 0x80 {
        field.push(u8::try_from(len & 0x7f).unwrap() | 0x80);
        len >>= 7;
    }
    field.push(u8::try_from(len).unwrap());
    field.extend(content);
    field
}

/// A record whose body is so many lists, each the only value of the one around it.
fn record(lists: usize) -> Vec<u8> {
    let mut value = field(0x0a, b"deep");
    for _ in 0..lists {
        value = field(0x2a, &field(0x0a, &value));
    }
    field(0x12, &field(0x2a, &value))
}

fn levels(value: Value<'_>) -> usize {
    match value {
        Value::Array(array) => 1 + array.iter().map(levels).max().unwrap_or_default(),
        _ => 1,
    }
}

#[test]
fn a_value_that_is_nested_very_deeply_stays_as_it_came_and_keeps_no_other_record_back() {
    for lists in [60, 63, 64, 100, 2000] {
        let (deep, good) = (
            record(lists),
            field(0x12, &field(0x2a, &field(0x0a, b"good"))),
        );
        let batch = field(0x0a, &field(0x12, &[deep.clone(), good].concat()));
        let mut logs = Logs::parse(&batch).unwrap();
        let mut bodies = 0;
        for mut record in logs.records_mut() {
            bodies += levels(record.body());
            if record.body().as_str() == Some("good") {
                record.attributes_mut().upsert("team", "payments");
            }
        }
        assert_eq!(bodies, (lists + 1).min(65) + 1);
        let encoded = logs.encode();
        assert!(encoded.windows(deep.len()).any(|window| window == deep));
        let parsed = Logs::parse(&encoded).unwrap();
        let team = parsed
            .records()
            .filter_map(|record| record.attributes().get("team"));
        assert_eq!(team.count(), 1);
    }
}

#[test]
fn what_lies_too_deep_to_be_read_can_be_moved() {
    let batch = field(0x0a, &field(0x12, &record(100)));
    let mut logs = Logs::parse(&batch).unwrap();
    for mut record in logs.records_mut() {
        let mut value = record.body();
        while let Value::Array(array) = value {
            value = array.iter().next().unwrap();
        }
        assert!(matches!(value, Value::Opaque(_)), "{value:?}");
        record.attributes_mut().upsert("moved", value);
    }
    let encoded = logs.encode();
    let logs = Logs::parse(&encoded).unwrap();
    let mut attributes = logs.records().map(|record| record.attributes());
    let moved = attributes.next().unwrap().get("moved").unwrap();
    // 100 lists and the text in them, less the 64 levels that were read.
    assert_eq!(levels(moved), 101 - 64);
}

#[test]
fn tells_which_field_is_wrong_and_where() {
    let error = Logs::parse(&[0x0a, 4, 0x12, 2, 0x10, 1]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "field `ScopeLogs.log_records` at byte `4` has the wrong wire type `0`"
    );
    let error = Traces::parse(&[0x0a, 7, 0x12, 5, 0x12, 3, 0x12, 1, 9]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "field `Span.span_id` at byte `6` has `1` bytes instead of `8`"
    );
    let error = Metrics::parse(b"{\"resourceMetrics\":[]}").unwrap_err();
    assert!(error.hint().is_some());
}

#[test]
fn refuses_every_prefix_that_ends_inside_a_field_without_a_panic() {
    let bytes = [0x0a, 8, 0x12, 6, 0x12, 4, 0x1a, 2, b'h', b'i'];
    for len in 0..bytes.len() {
        assert_eq!(Logs::parse(&bytes[..len]).is_ok(), len == 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn any_bytes_are_an_error_or_telemetry(bytes in vec(any::<u8>(), 0..256)) {
        use_logs(&bytes);
        use_traces(&bytes);
        use_metrics(&bytes);
    }
}

proptest! {
    #[test]
    fn damaged_logs_are_an_error_or_stay_readable(
        model in model::logs(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = model.encode_to_vec();
        for (index, byte) in damage {
            if !bytes.is_empty() {
                let at = index.index(bytes.len());
                bytes[at] = byte;
            }
        }
        use_traces(&bytes);
        use_metrics(&bytes);
        if let Some(encoded) = use_logs(&bytes) {
            // What another decoder can read before, it can read afterwards.
            if ExportLogsServiceRequest::decode(bytes.as_slice()).is_ok() {
                prop_assert!(ExportLogsServiceRequest::decode(encoded.as_slice()).is_ok());
            }
            prop_assert!(Logs::parse(&encoded).is_ok());
        }
    }

    #[test]
    fn damaged_traces_and_metrics_are_an_error_or_stay_readable(
        traces in model::traces(),
        metrics in model::metrics(),
        index: prop::sample::Index,
        byte: u8,
    ) {
        let mut bytes = traces.encode_to_vec();
        if !bytes.is_empty() {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(encoded) = use_traces(&bytes)
            && ExportTraceServiceRequest::decode(bytes.as_slice()).is_ok()
        {
            prop_assert!(ExportTraceServiceRequest::decode(encoded.as_slice()).is_ok());
        }
        let mut bytes = metrics.encode_to_vec();
        if !bytes.is_empty() {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(encoded) = use_metrics(&bytes)
            && ExportMetricsServiceRequest::decode(bytes.as_slice()).is_ok()
        {
            prop_assert!(ExportMetricsServiceRequest::decode(encoded.as_slice()).is_ok());
        }
    }
}
