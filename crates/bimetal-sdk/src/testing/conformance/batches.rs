//! The telemetry that a component is given.
//!
//! In: a signal. Out: batches as OTLP, with what they are. Invariant: the last one has something in
//! every place that a component reads.

use bimetal_abi::Signal;
use bimetal_pdata::{
    NewData, NewLog, NewLogs, NewMetric, NewMetrics, NewNumberPoint, NewSpan, NewTraces, Number,
    Value,
};

/// A length beyond the end.
pub(super) const MALFORMED: &[u8] = &[0x0a, 0x7f, 0x01];

/// One resource, one scope, and in it one record or metric, of which nothing is set.
const NOTHING_SET: [u8; 8] = [0x0a, 0x06, 0x12, 0x04, 0x12, 0x02, 0x1a, 0x00];
/// The same without records, without scopes, without resources.
const NO_RECORDS: [u8; 4] = [0x0a, 0x02, 0x12, 0x00];
const NO_SCOPES: [u8; 2] = [0x0a, 0x00];

/// So many records.
const RECORDS: u64 = 100;
const MOMENT: u64 = 1_763_900_000_000_000_000;

pub(super) fn batches(signal: Signal) -> Vec<(&'static str, Vec<u8>)> {
    let mut batches = vec![
        ("a batch of nothing", Vec::new()),
        ("a resource without scopes", NO_SCOPES.to_vec()),
        ("a scope without records", NO_RECORDS.to_vec()),
        ("a record of which nothing is set", NOTHING_SET.to_vec()),
    ];
    batches.extend(whole(signal).map(|batch| ("a batch of 100", batch)));
    batches
}

/// Attributes of each kind, one of them twice.
fn attributes() -> [(&'static str, Value<'static>); 7] {
    [
        ("http.method", Value::from("GET")),
        ("http.status_code", Value::from(200_i64)),
        ("ratio", Value::from(0.5)),
        ("cached", Value::from(true)),
        ("digest", Value::Bytes(&[0, 1, 0xff])),
        ("nothing", Value::Empty),
        ("http.method", Value::from("a second one")),
    ]
}

fn whole(signal: Signal) -> Option<Vec<u8>> {
    let attributes = attributes();
    let of_resource = [("service.name", Value::from("checkout"))];
    match signal {
        Signal::Logs => {
            let mut new = NewLogs::new();
            new.resource(&of_resource, |resource| {
                resource.scope("conformance", "1.0", |scope| {
                    for record in 0..RECORDS {
                        scope.record(&NewLog {
                            time_unix_nano: MOMENT + record,
                            severity_number: 9,
                            severity_text: "INFO",
                            body: Value::from("a line of text"),
                            attributes: &attributes,
                            trace_id: [1; 16],
                            span_id: [2; 8],
                            ..NewLog::default()
                        });
                    }
                });
            });
            new.encode().ok()
        }
        Signal::Traces => {
            let mut new = NewTraces::new();
            new.resource(&of_resource, |resource| {
                resource.scope("conformance", "1.0", |scope| {
                    for span in 0..RECORDS {
                        scope.span(&NewSpan {
                            trace_id: [1; 16],
                            span_id: [2; 8],
                            name: "GET /",
                            kind: 2,
                            start_time_unix_nano: MOMENT + span,
                            end_time_unix_nano: MOMENT + span + 1,
                            attributes: &attributes,
                            ..NewSpan::default()
                        });
                    }
                });
            });
            new.encode().ok()
        }
        Signal::Metrics => {
            let mut new = NewMetrics::new();
            new.resource(&of_resource, |resource| {
                resource.scope("conformance", "1.0", |scope| {
                    for metric in 0..RECORDS {
                        let point = NewNumberPoint {
                            start_time_unix_nano: MOMENT,
                            time_unix_nano: MOMENT + metric,
                            value: Number::Int(7),
                            attributes: &attributes,
                            flags: 0,
                        };
                        scope.metric(&NewMetric {
                            name: "requests",
                            description: "",
                            unit: "1",
                            data: NewData::Sum {
                                points: &[point],
                                temporality: 2,
                                monotonic: true,
                            },
                        });
                    }
                });
            });
            new.encode().ok()
        }
        Signal::Profiles => None,
    }
}
