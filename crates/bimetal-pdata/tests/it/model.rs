//! Random OTLP messages, and what an edit does to a decoded attribute list.

use bimetal_pdata::{AttributesMut, ValueBuf, Write};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, EntityRef, InstrumentationScope, KeyValue, KeyValueList, any_value,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{
    ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint,
    Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary, SummaryDataPoint, metric,
    number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// One edit of an attribute list.
#[derive(Clone, Debug)]
pub(crate) enum Edit {
    Write(Write, String, AnyValue),
    Copy(Write, String, String),
    Delete(String),
    Drop(String),
    Rename(String, String),
}

impl Edit {
    pub(crate) fn apply(&self, attributes: &mut AttributesMut<'_>) -> bool {
        match self {
            Self::Write(when, key, value) => attributes.write(*when, key, &value_buf(Some(value))),
            Self::Copy(when, key, from) => attributes.copy(*when, key, from),
            Self::Delete(key) => attributes.delete(key),
            Self::Drop(key) => attributes.retain(|found, _| found != key.as_str()),
            Self::Rename(from, key) => attributes.rename(from, key),
        }
    }

    /// The same to the decoded list. The Collector's `pcommon.Map` acts on the first entry and
    /// fills a gap with the last one.
    pub(crate) fn apply_to_model(&self, attributes: &mut Vec<KeyValue>) {
        match self {
            Self::Write(when, key, value) => write(attributes, *when, key, value.clone()),
            Self::Copy(when, key, from) => {
                if let Some(source) = attributes.iter().find(|entry| entry.key == *from) {
                    let value = source.value.clone().unwrap_or_default();
                    write(attributes, *when, key, value);
                }
            }
            Self::Delete(key) => {
                if let Some(index) = attributes.iter().position(|entry| entry.key == *key) {
                    attributes.swap_remove(index);
                }
            }
            Self::Drop(key) => attributes.retain(|entry| entry.key != *key),
            Self::Rename(from, key) => {
                if let Some(entry) = attributes.iter_mut().find(|entry| entry.key == *from) {
                    entry.key.clone_from(key);
                }
            }
        }
    }
}

fn write(attributes: &mut Vec<KeyValue>, when: Write, key: &str, value: AnyValue) {
    match attributes.iter_mut().find(|entry| entry.key == key) {
        Some(_) if when == Write::Insert => {}
        Some(entry) => {
            if entry.value.clone().unwrap_or_default() != value {
                entry.value = Some(value);
            }
        }
        None if when == Write::Update => {}
        None => attributes.push(KeyValue {
            key: key.to_owned(),
            value: Some(value),
            ..KeyValue::default()
        }),
    }
}

/// The same value, made from Rust values.
pub(crate) fn value_buf(value: Option<&AnyValue>) -> ValueBuf {
    use any_value::Value;
    match value.and_then(|value| value.value.as_ref()) {
        None | Some(Value::StringValueStrindex(_)) => ValueBuf::empty(),
        Some(Value::StringValue(text)) => text.into(),
        Some(Value::BoolValue(truth)) => (*truth).into(),
        Some(Value::IntValue(int)) => (*int).into(),
        Some(Value::DoubleValue(double)) => (*double).into(),
        Some(Value::BytesValue(bytes)) => bytes.as_slice().into(),
        Some(Value::ArrayValue(array)) => {
            ValueBuf::array(array.values.iter().map(|value| value_buf(Some(value))))
        }
        Some(Value::KvlistValue(map)) => ValueBuf::map(
            map.values
                .iter()
                .map(|entry| (&entry.key, value_buf(entry.value.as_ref()))),
        ),
    }
}

pub(crate) fn edits() -> impl Strategy<Value = Vec<Edit>> {
    vec(edit(), 0..6)
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        (when(), key(), value()).prop_map(|(when, key, value)| Edit::Write(when, key, value)),
        (when(), key(), key()).prop_map(|(when, key, from)| Edit::Copy(when, key, from)),
        key().prop_map(Edit::Delete),
        key().prop_map(Edit::Drop),
        (key(), key()).prop_map(|(from, key)| Edit::Rename(from, key)),
    ]
}

fn when() -> impl Strategy<Value = Write> {
    prop_oneof![
        Just(Write::Insert),
        Just(Write::Update),
        Just(Write::Upsert)
    ]
}

/// Few keys, so that they meet; the empty one among them.
fn key() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[a-d]", "[a-b]{2}"]
}

pub(crate) fn value() -> impl Strategy<Value = AnyValue> {
    let leaf = prop_oneof![
        Just(None),
        "[a-zé]{0,12}".prop_map(|text| Some(any_value::Value::StringValue(text))),
        any::<bool>().prop_map(|truth| Some(any_value::Value::BoolValue(truth))),
        any::<i64>().prop_map(|int| Some(any_value::Value::IntValue(int))),
        (-1e9..1e9).prop_map(|double| Some(any_value::Value::DoubleValue(double))),
        vec(any::<u8>(), 0..8).prop_map(|bytes| Some(any_value::Value::BytesValue(bytes))),
    ]
    .prop_map(|value| AnyValue { value });
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(|values| AnyValue {
                value: Some(any_value::Value::ArrayValue(ArrayValue { values })),
            }),
            vec((key(), inner), 0..4).prop_map(|entries| AnyValue {
                value: Some(any_value::Value::KvlistValue(KeyValueList {
                    values: entries
                        .into_iter()
                        .map(|(key, value)| KeyValue {
                            key,
                            value: Some(value),
                            ..KeyValue::default()
                        })
                        .collect(),
                })),
            }),
        ]
    })
}

fn attributes() -> impl Strategy<Value = Vec<KeyValue>> {
    // `key_strindex` stands for all fields of `KeyValue` that the view does not read.
    let entry = (
        key(),
        option::weighted(0.9, value()),
        prop_oneof![Just(0), any::<i32>()],
    );
    vec(entry, 0..6).prop_map(|entries| {
        entries
            .into_iter()
            .map(|(key, value, key_strindex)| KeyValue {
                key,
                value,
                key_strindex,
            })
            .collect()
    })
}

fn resource() -> impl Strategy<Value = Option<Resource>> {
    option::of((attributes(), any::<u32>(), "[a-z]{0,4}").prop_map(
        |(attributes, dropped_attributes_count, r#type)| Resource {
            attributes,
            dropped_attributes_count,
            entity_refs: vec![EntityRef {
                r#type,
                ..EntityRef::default()
            }],
        },
    ))
}

fn scope() -> impl Strategy<Value = Option<InstrumentationScope>> {
    option::of(
        (attributes(), "[a-z]{0,4}", "[0-9]{0,2}", any::<u32>()).prop_map(
            |(attributes, name, version, dropped_attributes_count)| InstrumentationScope {
                name,
                version,
                attributes,
                dropped_attributes_count,
            },
        ),
    )
}

fn id(len: usize) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![Just(Vec::new()), vec(any::<u8>(), len)]
}

pub(crate) fn log_record() -> impl Strategy<Value = LogRecord> {
    (
        attributes(),
        option::of(value()),
        (any::<u64>(), any::<u64>(), any::<u32>(), any::<u32>()),
        (-1..25, "[a-z]{0,4}", "[a-z]{0,4}"),
        (id(16), id(8)),
    )
        .prop_map(|(attributes, body, times, texts, ids)| LogRecord {
            attributes,
            body,
            time_unix_nano: times.0,
            observed_time_unix_nano: times.1,
            dropped_attributes_count: times.2,
            flags: times.3,
            severity_number: texts.0,
            severity_text: texts.1,
            event_name: texts.2,
            trace_id: ids.0,
            span_id: ids.1,
        })
}

pub(crate) fn logs() -> impl Strategy<Value = ExportLogsServiceRequest> {
    let scope_logs = (scope(), vec(log_record(), 0..3), "[a-z]{0,3}").prop_map(
        |(scope, log_records, schema_url)| ScopeLogs {
            scope,
            log_records,
            schema_url,
        },
    );
    let resource_logs = (resource(), vec(scope_logs, 0..3), "[a-z]{0,3}").prop_map(
        |(resource, scope_logs, schema_url)| ResourceLogs {
            resource,
            scope_logs,
            schema_url,
        },
    );
    vec(resource_logs, 0..3).prop_map(|resource_logs| ExportLogsServiceRequest { resource_logs })
}

pub(crate) fn one_span() -> impl Strategy<Value = Span> {
    (
        attributes(),
        (any::<u64>(), any::<u64>(), any::<u32>()),
        (
            "[a-z]{0,4}",
            "[a-z]{0,4}",
            0..6,
            option::of(("[a-z]{0,4}", 0..3)),
        ),
        (id(16), id(8), id(8)),
        (attributes(), attributes()),
    )
        .prop_map(|(attributes, times, texts, ids, inner)| Span {
            attributes,
            start_time_unix_nano: times.0,
            end_time_unix_nano: times.1,
            flags: times.2,
            name: texts.0,
            trace_state: texts.1,
            kind: texts.2,
            status: texts.3.map(|(message, code)| Status { message, code }),
            trace_id: ids.0,
            span_id: ids.1,
            parent_span_id: ids.2,
            events: vec![span::Event {
                attributes: inner.0,
                ..span::Event::default()
            }],
            links: vec![span::Link {
                attributes: inner.1,
                ..span::Link::default()
            }],
            dropped_events_count: 3,
            ..Span::default()
        })
}

pub(crate) fn traces() -> impl Strategy<Value = ExportTraceServiceRequest> {
    let scope_spans =
        (scope(), vec(one_span(), 0..3), "[a-z]{0,3}").prop_map(|(scope, spans, schema_url)| {
            ScopeSpans {
                scope,
                spans,
                schema_url,
            }
        });
    let resource_spans = (resource(), vec(scope_spans, 0..3), "[a-z]{0,3}").prop_map(
        |(resource, scope_spans, schema_url)| ResourceSpans {
            resource,
            scope_spans,
            schema_url,
        },
    );
    vec(resource_spans, 0..3)
        .prop_map(|resource_spans| ExportTraceServiceRequest { resource_spans })
}

pub(crate) fn number_points() -> impl Strategy<Value = Vec<NumberDataPoint>> {
    let number = option::of(prop_oneof![
        any::<i64>().prop_map(number_data_point::Value::AsInt),
        (-1e9..1e9).prop_map(number_data_point::Value::AsDouble),
    ]);
    let point = (
        attributes(),
        any::<u64>(),
        any::<u64>(),
        any::<u32>(),
        number,
    );
    vec(
        point.prop_map(|(attributes, start, time, flags, value)| NumberDataPoint {
            attributes,
            start_time_unix_nano: start,
            time_unix_nano: time,
            flags,
            value,
            exemplars: Vec::new(),
        }),
        0..3,
    )
}

fn data() -> impl Strategy<Value = metric::Data> {
    let shared = || (attributes(), any::<u64>(), any::<u32>(), -1e9..1e9);
    prop_oneof![
        number_points().prop_map(|data_points| metric::Data::Gauge(Gauge { data_points })),
        (number_points(), 0..3, any::<bool>()).prop_map(
            |(data_points, aggregation_temporality, is_monotonic)| metric::Data::Sum(Sum {
                data_points,
                aggregation_temporality,
                is_monotonic
            })
        ),
        (vec(shared(), 0..3), 0..3).prop_map(|(points, aggregation_temporality)| {
            metric::Data::Histogram(Histogram {
                aggregation_temporality,
                data_points: points
                    .into_iter()
                    .map(|(attributes, count, flags, sum)| HistogramDataPoint {
                        attributes,
                        count,
                        flags,
                        sum: (count % 2 == 0).then_some(sum),
                        bucket_counts: vec![1, 2, count],
                        explicit_bounds: vec![0.5, sum],
                        ..HistogramDataPoint::default()
                    })
                    .collect(),
            })
        }),
        (vec(shared(), 0..3), 0..3).prop_map(|(points, aggregation_temporality)| {
            metric::Data::ExponentialHistogram(ExponentialHistogram {
                aggregation_temporality,
                data_points: points
                    .into_iter()
                    .map(
                        |(attributes, count, flags, sum)| ExponentialHistogramDataPoint {
                            attributes,
                            count,
                            flags,
                            sum: Some(sum),
                            scale: -3,
                            zero_threshold: 0.25,
                            ..ExponentialHistogramDataPoint::default()
                        },
                    )
                    .collect(),
            })
        }),
        vec(shared(), 0..3).prop_map(|points| {
            metric::Data::Summary(Summary {
                data_points: points
                    .into_iter()
                    .map(|(attributes, count, flags, sum)| SummaryDataPoint {
                        attributes,
                        count,
                        flags,
                        sum,
                        ..SummaryDataPoint::default()
                    })
                    .collect(),
            })
        }),
    ]
}

pub(crate) fn metrics() -> impl Strategy<Value = ExportMetricsServiceRequest> {
    let metric = (option::of(data()), "[a-z]{0,4}", "[a-z]{0,4}", attributes()).prop_map(
        |(data, name, unit, metadata)| Metric {
            name,
            unit,
            metadata,
            data,
            ..Metric::default()
        },
    );
    let scope_metrics =
        (scope(), vec(metric, 0..3), "[a-z]{0,3}").prop_map(|(scope, metrics, schema_url)| {
            ScopeMetrics {
                scope,
                metrics,
                schema_url,
            }
        });
    let resource_metrics = (resource(), vec(scope_metrics, 0..3), "[a-z]{0,3}").prop_map(
        |(resource, scope_metrics, schema_url)| ResourceMetrics {
            resource,
            scope_metrics,
            schema_url,
        },
    );
    vec(resource_metrics, 0..3)
        .prop_map(|resource_metrics| ExportMetricsServiceRequest { resource_metrics })
}

/// The attribute lists of a metric's data points.
pub(crate) fn point_attributes(metric: &mut Metric) -> Vec<&mut Vec<KeyValue>> {
    match &mut metric.data {
        None => Vec::new(),
        Some(metric::Data::Gauge(data)) => data
            .data_points
            .iter_mut()
            .map(|point| &mut point.attributes)
            .collect(),
        Some(metric::Data::Sum(data)) => data
            .data_points
            .iter_mut()
            .map(|point| &mut point.attributes)
            .collect(),
        Some(metric::Data::Histogram(data)) => data
            .data_points
            .iter_mut()
            .map(|point| &mut point.attributes)
            .collect(),
        Some(metric::Data::ExponentialHistogram(data)) => data
            .data_points
            .iter_mut()
            .map(|point| &mut point.attributes)
            .collect(),
        Some(metric::Data::Summary(data)) => data
            .data_points
            .iter_mut()
            .map(|point| &mut point.attributes)
            .collect(),
    }
}

/// A request with one metric.
pub(crate) fn one_metric(data: metric::Data) -> ExportMetricsServiceRequest {
    let metric = Metric {
        data: Some(data),
        ..Metric::default()
    };
    let scope_metrics = vec![ScopeMetrics {
        metrics: vec![metric],
        ..ScopeMetrics::default()
    }];
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            scope_metrics,
            ..ResourceMetrics::default()
        }],
    }
}
