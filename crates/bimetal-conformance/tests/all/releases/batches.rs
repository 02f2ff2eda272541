//! A batch of each signal, as it is sent and as it has to come out.
//!
//! In: nothing. Out: the signal, both batches, and the configuration of the `attributes` processor
//! that lies between them. Invariant: only the attributes of records differ.

use std::fmt::Debug;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::exemplar::Value as ExemplarValue;
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::summary_data_point::ValueAtQuantile;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge,
    Histogram, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum,
    Summary, SummaryDataPoint,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message;
use serde_json::{Value, json};

pub(super) struct Batch {
    pub(super) signal: &'static str,
    pub(super) sent: Vec<u8>,
    /// As [`Batch::read`] has it.
    pub(super) expected: String,
    /// OTLP as a person reads it, who looks for a difference.
    pub(super) read: fn(&[u8]) -> String,
}

pub(super) fn actions() -> Value {
    json!({"actions": [
        {"key": "changed", "action": "upsert", "value": "new"},
        {"key": "gone", "action": "delete"},
        {"key": "added", "action": "insert", "value": 7},
    ]})
}

pub(super) fn batches() -> [Batch; 3] {
    let tail = word("tail", "of the list");
    let gone = vec![word("gone", "secret"), word("changed", "old")];
    let before = [gone, kinds(), vec![tail.clone()]].concat();
    // The last one takes the place of one that is removed, as in Go's pdata; then one is added.
    let added = pair("added", Some(Any::IntValue(7)));
    let after = [vec![tail, word("changed", "new")], kinds(), vec![added]].concat();
    [
        batch("logs", logs, &before, &after),
        batch("traces", traces, &before, &after),
        batch("metrics", metrics, &before, &after),
    ]
}

fn batch<T: Message + Default + Debug>(
    signal: &'static str,
    make: fn(&[KeyValue]) -> T,
    before: &[KeyValue],
    after: &[KeyValue],
) -> Batch {
    Batch {
        signal,
        sent: make(before).encode_to_vec(),
        expected: format!("{:#?}", make(after)),
        read: |bytes| format!("{:#?}", T::decode(bytes).unwrap()),
    }
}

/// Of every kind of value one, also empty ones and ones within others.
fn kinds() -> Vec<KeyValue> {
    let list = ArrayValue {
        values: vec![value(Some(Any::BoolValue(false))), value(None)],
    };
    let map = KeyValueList {
        values: vec![
            pair("list", Some(Any::ArrayValue(list.clone()))),
            word("empty", ""),
        ],
    };
    vec![
        pair("bool", Some(Any::BoolValue(true))),
        pair("int", Some(Any::IntValue(-9))),
        pair("double", Some(Any::DoubleValue(0.5))),
        pair("bytes", Some(Any::BytesValue(vec![0, 1, 255]))),
        pair("list", Some(Any::ArrayValue(list))),
        pair("map", Some(Any::KvlistValue(map))),
        pair("nothing", None),
    ]
}

fn value(value: Option<Any>) -> AnyValue {
    AnyValue { value }
}

fn pair(key: &str, of: Option<Any>) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(value(of)),
        ..KeyValue::default()
    }
}

fn word(key: &str, text: &str) -> KeyValue {
    pair(key, Some(Any::StringValue(text.to_owned())))
}

fn resource() -> Resource {
    Resource {
        attributes: vec![word("service.name", "shop"), word("gone", "stays")],
        ..Resource::default()
    }
}

fn scope() -> InstrumentationScope {
    InstrumentationScope {
        name: "scope".to_owned(),
        version: "1".to_owned(),
        attributes: kinds(),
        ..InstrumentationScope::default()
    }
}

fn logs(attributes: &[KeyValue]) -> ExportLogsServiceRequest {
    let plain = LogRecord {
        body: Some(value(Some(Any::StringValue("plain".to_owned())))),
        attributes: attributes.to_vec(),
        ..LogRecord::default()
    };
    let full = LogRecord {
        time_unix_nano: 1,
        observed_time_unix_nano: 2,
        severity_number: 9,
        severity_text: "INFO".to_owned(),
        body: Some(value(Some(Any::KvlistValue(KeyValueList {
            values: kinds(),
        })))),
        dropped_attributes_count: 3,
        flags: 1,
        trace_id: vec![4; 16],
        span_id: vec![5; 8],
        event_name: "event".to_owned(),
        ..plain.clone()
    };
    let of_resource = ResourceLogs {
        resource: Some(resource()),
        scope_logs: vec![ScopeLogs {
            scope: Some(scope()),
            log_records: vec![plain, full],
            schema_url: "https://example.com/scope".to_owned(),
        }],
        schema_url: "https://example.com/resource".to_owned(),
    };
    ExportLogsServiceRequest {
        resource_logs: vec![of_resource.clone(), of_resource],
    }
}

fn traces(attributes: &[KeyValue]) -> ExportTraceServiceRequest {
    let span = Span {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        trace_state: "a=b".to_owned(),
        parent_span_id: vec![3; 8],
        flags: 256,
        name: "span".to_owned(),
        kind: 2,
        start_time_unix_nano: 4,
        end_time_unix_nano: 5,
        attributes: attributes.to_vec(),
        dropped_attributes_count: 6,
        events: vec![Event {
            time_unix_nano: 7,
            name: "event".to_owned(),
            attributes: kinds(),
            dropped_attributes_count: 8,
        }],
        dropped_events_count: 9,
        links: vec![Link {
            trace_id: vec![10; 16],
            span_id: vec![11; 8],
            trace_state: "c=d".to_owned(),
            attributes: kinds(),
            dropped_attributes_count: 12,
            flags: 768,
        }],
        dropped_links_count: 13,
        status: Some(Status {
            message: "failed".to_owned(),
            code: 2,
        }),
    };
    let of_resource = ResourceSpans {
        resource: Some(resource()),
        scope_spans: vec![ScopeSpans {
            scope: Some(scope()),
            spans: vec![span.clone(), span],
            ..ScopeSpans::default()
        }],
        ..ResourceSpans::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![of_resource.clone(), of_resource],
    }
}

fn metrics(attributes: &[KeyValue]) -> ExportMetricsServiceRequest {
    let metric = |name: &str, data| Metric {
        name: name.to_owned(),
        description: "described".to_owned(),
        unit: "s".to_owned(),
        metadata: kinds(),
        data: Some(data),
    };
    let of_resource = ResourceMetrics {
        resource: Some(resource()),
        scope_metrics: vec![ScopeMetrics {
            scope: Some(scope()),
            metrics: data(attributes)
                .into_iter()
                .map(|data| metric("metric", data))
                .collect(),
            ..ScopeMetrics::default()
        }],
        ..ResourceMetrics::default()
    };
    ExportMetricsServiceRequest {
        resource_metrics: vec![of_resource.clone(), of_resource],
    }
}

/// All five types.
fn data(attributes: &[KeyValue]) -> Vec<Data> {
    let attributes = || attributes.to_vec();
    let exemplars = vec![Exemplar {
        filtered_attributes: kinds(),
        time_unix_nano: 1,
        span_id: vec![2; 8],
        trace_id: vec![3; 16],
        value: Some(ExemplarValue::AsInt(4)),
    }];
    let number = |value| NumberDataPoint {
        attributes: attributes(),
        start_time_unix_nano: 1,
        time_unix_nano: 2,
        exemplars: exemplars.clone(),
        flags: 0,
        value: Some(value),
    };
    let aggregation_temporality = AggregationTemporality::Delta.into();
    let buckets = Some(Buckets {
        offset: -3,
        bucket_counts: vec![1, 0, 2],
    });
    vec![
        Data::Gauge(Gauge {
            data_points: vec![number(Number::AsInt(-1)), number(Number::AsDouble(2.5))],
        }),
        Data::Sum(Sum {
            data_points: vec![number(Number::AsDouble(-2.5))],
            aggregation_temporality,
            is_monotonic: true,
        }),
        Data::Histogram(Histogram {
            data_points: vec![HistogramDataPoint {
                attributes: attributes(),
                start_time_unix_nano: 1,
                time_unix_nano: 2,
                count: 3,
                sum: Some(4.5),
                bucket_counts: vec![1, 2],
                explicit_bounds: vec![0.5],
                exemplars: exemplars.clone(),
                flags: 0,
                min: Some(0.25),
                max: None,
            }],
            aggregation_temporality,
        }),
        Data::ExponentialHistogram(ExponentialHistogram {
            data_points: vec![ExponentialHistogramDataPoint {
                attributes: attributes(),
                start_time_unix_nano: 1,
                time_unix_nano: 2,
                count: 6,
                sum: None,
                scale: 4,
                zero_count: 1,
                positive: buckets.clone(),
                negative: buckets,
                flags: 0,
                exemplars,
                min: None,
                max: Some(8.0),
                zero_threshold: 0.125,
            }],
            aggregation_temporality,
        }),
        Data::Summary(Summary {
            data_points: vec![SummaryDataPoint {
                attributes: attributes(),
                start_time_unix_nano: 1,
                time_unix_nano: 2,
                count: 3,
                sum: 4.5,
                quantile_values: vec![ValueAtQuantile {
                    quantile: 0.5,
                    value: 1.5,
                }],
                flags: 0,
            }],
        }),
    ]
}
