//! Tables of new telemetry: what they say is what they are made of, and a broken one is refused.

use bimetal_abi as abi;
use bimetal_abi::{Row, Signal};
use bimetal_pdata::{
    Logs, Metrics, NewData, NewEvent, NewHistogramPoint, NewLink, NewLog, NewLogs, NewMetric,
    NewMetrics, NewNumberPoint, NewSpan, NewTraces, Number, Table, Traces, Value, encode_table,
    table_of,
};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::{metric, number_data_point};
use proptest::prelude::*;
use prost::Message;

use crate::model;

/// The rows as they cross the FFI boundary.
fn bytes_of(rows: &[Row]) -> Vec<u8> {
    let parts = |row: &Row| {
        [
            vec![row.kind, row.value],
            row.number.to_ne_bytes().to_vec(),
            row.key.to_ne_bytes().to_vec(),
            row.key_len.to_ne_bytes().to_vec(),
            row.len.to_ne_bytes().to_vec(),
            row.bits.to_ne_bytes().to_vec(),
        ]
        .concat()
    };
    rows.iter().flat_map(parts).collect()
}

fn refusal(rows: &[Row], text: &[u8]) -> String {
    encode_table(Signal::Logs, &bytes_of(rows), text)
        .unwrap_err()
        .to_string()
}

/// A table says the same of a batch as of what the batch becomes by way of a table.
macro_rules! says_the_same {
    ($type:ident, $signal:ident, $request:expr) => {{
        let bytes = $request.encode_to_vec();
        let batch = $type::parse(&bytes).unwrap();
        let table = table_of(&batch).unwrap();
        let encoded = encode_table(Signal::$signal, &bytes_of(&table.rows), &table.text).unwrap();
        let again = $type::parse(&encoded).unwrap();
        prop_assert_eq!(table_of(&again).unwrap(), table);
        prop_assert_eq!(again.record_count(), batch.record_count());
    }};
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_table_of_logs_says_what_the_batch_says(request in model::logs()) {
        says_the_same!(Logs, Logs, request);
    }

    #[test]
    fn a_table_of_traces_says_what_the_batch_says(request in model::traces()) {
        says_the_same!(Traces, Traces, request);
    }

    #[test]
    fn a_table_of_metrics_says_what_the_batch_says(request in model::metrics()) {
        says_the_same!(Metrics, Metrics, request);
    }

    #[test]
    fn a_table_that_was_damaged_is_refused_or_encoded(
        request in model::logs(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let bytes = request.encode_to_vec();
        let table = table_of(&Logs::parse(&bytes).unwrap()).unwrap();
        let mut rows = bytes_of(&table.rows);
        for (at, byte) in damage {
            let at = at.index(rows.len().max(1));
            if let Some(here) = rows.get_mut(at) {
                *here = byte;
            }
        }
        // Not a panic, whatever it is.
        let _ = encode_table(Signal::Logs, &rows, &table.text);
    }
}

#[test]
fn new_logs_are_what_was_given() {
    let mut logs = NewLogs::default();
    logs.resource(&[("service.name", Value::from("checkout"))], |resource| {
        resource.scope("poller", "1.0", |scope| {
            for attempt in 1..=2 {
                scope.record(&NewLog {
                    time_unix_nano: 7,
                    severity_number: -1,
                    body: Value::from("started"),
                    attributes: &[("attempt", Value::from(attempt)), ("ok", true.into())],
                    trace_id: [3; 16],
                    ..NewLog::default()
                });
            }
        });
    });
    let table = logs.into_table();
    // Keys and the name of the resource are in it once, a text for each record is not.
    let text = String::from_utf8_lossy(&table.text);
    assert_eq!(text.matches("attempt").count(), 1);
    assert_eq!(text.matches("started").count(), 2);
    let encoded = table.encode::<bimetal_pdata::OfLogs>().unwrap();
    let logs = Logs::parse(&encoded).unwrap();
    assert_eq!(logs.record_count(), 2);
    let record = logs.records().nth(1).unwrap();
    assert_eq!(record.time_unix_nano(), 7);
    assert_eq!(record.severity_number(), -1);
    assert_eq!(record.body().as_str(), Some("started"));
    assert_eq!(record.attributes().get("attempt"), Some(Value::Int(2)));
    assert_eq!(record.attributes().get("ok"), Some(Value::Bool(true)));
    assert_eq!(record.trace_id(), &[3; 16]);
}

#[test]
fn text_that_is_not_utf8_is_in_a_table_only_as_an_encoded_value() {
    let record = [0x2a, 3, 0x0a, 1, 0xff];
    let bytes = [&[0x0a, 9, 0x12, 7, 0x12, 5][..], &record].concat();
    let batch = Logs::parse(&bytes).unwrap();
    let table = table_of(&batch).unwrap();
    let kinds = table.rows.iter().map(|row| row.value);
    assert!(kinds.into_iter().any(|value| value == abi::VALUE_OTLP));
    // As the name of a severity it cannot be said.
    let bytes = [0x0a, 7, 0x12, 5, 0x12, 3, 0x1a, 1, 0xff];
    assert_eq!(table_of(&Logs::parse(&bytes).unwrap()), None::<Table>);
}

#[test]
fn a_broken_table_is_refused_with_its_row() {
    let row = |kind, number| Row {
        kind,
        number,
        ..Row::default()
    };
    let list = Row {
        len: 1,
        ..row(abi::ROW_LIST, 1)
    };
    let item = row(abi::ROW_ITEM, 0);
    let end = row(abi::ROW_END, 0);
    let url = Row {
        len: 2,
        ..row(abi::ROW_BYTES, 3)
    };
    assert_eq!(
        refusal(&[list], b""),
        "row 1 is no message of a list, or the last of too few"
    );
    assert_eq!(refusal(&[list, item], b""), "row 2 does not end");
    assert_eq!(
        refusal(&[end], b""),
        "row 0 is about a field that is not known there"
    );
    assert_eq!(
        refusal(&[list, item, end, list], b""),
        "row 3 gives a field a second time"
    );
    assert_eq!(
        refusal(&[list, item, url], b"a"),
        "row 2 refers to what is not in the text"
    );
    assert_eq!(
        refusal(&[list, item, url], b"\xff\xff"),
        "row 2 has a text that is not UTF-8"
    );
    assert_eq!(
        refusal(&[list, item, row(abi::ROW_NUMBER, 3)], b""),
        "row 2 gives a field what it cannot hold"
    );
    let cut = encode_table(Signal::Logs, &[0; 23], b"").unwrap_err();
    assert_eq!(cut.to_string(), "row 0 is only a part of one");
}

#[test]
fn new_spans_are_what_was_given() {
    let mut traces = NewTraces::default();
    traces.resource(&[], |resource| {
        resource.scope("poller", "", |scope| {
            scope.span(&NewSpan {
                trace_id: [1; 16],
                span_id: [2; 8],
                name: "get",
                kind: 3,
                attributes: &[("a", Value::from(1))],
                events: &[NewEvent {
                    name: "retry",
                    attributes: &[("b", Value::from(2))],
                    ..NewEvent::default()
                }],
                links: &[NewLink {
                    span_id: [4; 8],
                    flags: 5,
                    ..NewLink::default()
                }],
                status_code: 2,
                status_message: "late",
                flags: 1,
                ..NewSpan::default()
            });
        });
    });
    let encoded = traces.encode().unwrap();
    let traces = Traces::parse(&encoded).unwrap();
    let span = traces.records().next().unwrap();
    assert_eq!((span.name().to_str(), span.kind()), (Some("get"), 3));
    assert_eq!((span.trace_id(), span.span_id()), (&[1; 16], &[2; 8]));
    assert_eq!(span.attributes().get("a"), Some(Value::Int(1)));
    let event = span.events().next().unwrap();
    assert_eq!(event.name(), "retry");
    assert_eq!(event.attributes().get("b"), Some(Value::Int(2)));
    let link = span.links().next().unwrap();
    assert_eq!((link.span_id(), link.flags()), (&[4; 8], 5));
    assert_eq!(span.status().code(), 2);
    assert_eq!(span.status().message(), "late");
    assert_eq!(span.flags(), 1);
}

#[test]
fn new_metrics_are_what_was_given() {
    let point = NewNumberPoint {
        start_time_unix_nano: 1,
        time_unix_nano: 2,
        value: Number::Int(0),
        attributes: &[("a", Value::from(1))],
        flags: 0,
    };
    let sum = NewData::Sum {
        points: &[point],
        temporality: 2,
        monotonic: true,
    };
    let histogram = NewData::Histogram {
        points: &[NewHistogramPoint {
            count: 3,
            sum: Some(0.0),
            bucket_counts: &[1, 2],
            explicit_bounds: &[0.5],
            ..NewHistogramPoint::default()
        }],
        temporality: 1,
    };
    let mut metrics = NewMetrics::default();
    metrics.resource(&[], |resource| {
        resource.scope("", "", |scope| {
            for data in [sum, histogram, NewData::Gauge(&[point, point])] {
                scope.metric(&NewMetric {
                    name: "requests",
                    description: "",
                    unit: "1",
                    data,
                });
            }
        });
    });
    let encoded = metrics.encode().unwrap();
    let request = ExportMetricsServiceRequest::decode(&*encoded).unwrap();
    let found = &request.resource_metrics[0].scope_metrics[0].metrics;
    let metric::Data::Sum(sum) = found[0].data.as_ref().unwrap() else {
        panic!("no sum")
    };
    assert_eq!((sum.aggregation_temporality, sum.is_monotonic), (2, true));
    assert_eq!(
        sum.data_points[0].value,
        Some(number_data_point::Value::AsInt(0))
    );
    assert_eq!(sum.data_points[0].attributes[0].key, "a");
    let metric::Data::Histogram(histogram) = found[1].data.as_ref().unwrap() else {
        panic!("no histogram")
    };
    let point = &histogram.data_points[0];
    assert_eq!((point.count, point.sum, point.min), (3, Some(0.0), None));
    assert_eq!(point.bucket_counts, [1, 2]);
    assert_eq!(point.explicit_bounds, [0.5]);
    let metric::Data::Gauge(gauge) = found[2].data.as_ref().unwrap() else {
        panic!("no gauge")
    };
    assert_eq!(gauge.data_points.len(), 2);
    assert_eq!(
        (found[2].name.as_str(), found[2].unit.as_str()),
        ("requests", "1")
    );
}
