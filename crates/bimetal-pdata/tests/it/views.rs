//! Code written against the read traits of otap-dataflow runs over our batches and sees what the
//! independent decoder sees.

#![expect(clippy::cast_precision_loss, reason = "small whole numbers")]

use bimetal_pdata::{Logs, Metrics, Traces};
use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Histogram, HistogramDataPoint,
    NumberDataPoint, Sum, Summary, SummaryDataPoint, exemplar, exponential_histogram_data_point,
    metric, number_data_point, summary_data_point,
};
use opentelemetry_proto::tonic::{common, trace};
use otel_arrow_dfe_pdata_views::views::common::{
    AnyValueView, AttributeView, InstrumentationScopeView, ValueType,
};
use otel_arrow_dfe_pdata_views::views::logs::{
    LogRecordView, LogsDataView, ResourceLogsView, ScopeLogsView,
};
use otel_arrow_dfe_pdata_views::views::metrics::{
    BucketsView, DataType, DataView, ExemplarView, ExponentialHistogramDataPointView,
    ExponentialHistogramView, GaugeView, HistogramDataPointView, HistogramView, MetricView,
    MetricsView, NumberDataPointView, ResourceMetricsView, ScopeMetricsView, SumView,
    SummaryDataPointView, SummaryView, Value, ValueAtQuantileView,
};
use otel_arrow_dfe_pdata_views::views::resource::ResourceView;
use otel_arrow_dfe_pdata_views::views::trace::{
    EventView, LinkView, ResourceSpansView, ScopeSpansView, SpanView, StatusView, TracesView,
};
use proptest::prelude::*;
use prost::Message;

use crate::model;

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn value<'v>(value: &impl AnyValueView<'v>) -> String {
    match value.value_type() {
        ValueType::Empty => "-".to_owned(),
        ValueType::String => text(value.as_string().unwrap()),
        ValueType::Bool => value.as_bool().unwrap().to_string(),
        ValueType::Int64 => value.as_int64().unwrap().to_string(),
        ValueType::Double => value.as_double().unwrap().to_string(),
        ValueType::Bytes => format!("{:?}", value.as_bytes().unwrap()),
        ValueType::Array => {
            let values = value.as_array().unwrap().map(|entry| self::value(&entry));
            format!("[{}]", values.collect::<Vec<_>>().join(","))
        }
        ValueType::KeyValueList => format!("{{{}}}", entries(value.as_kvlist().unwrap())),
    }
}

fn entries(entries: impl Iterator<Item = impl AttributeView>) -> String {
    let entries = entries.map(|entry| {
        let value = entry.value().map_or("-".to_owned(), |found| value(&found));
        format!("{}={value}", text(entry.key()))
    });
    entries.collect::<Vec<_>>().join(",")
}

fn decoded_value(value: Option<&common::v1::AnyValue>) -> String {
    use common::v1::any_value::Value;
    match value.and_then(|value| value.value.as_ref()) {
        None | Some(Value::StringValueStrindex(_)) => "-".to_owned(),
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::BoolValue(truth)) => truth.to_string(),
        Some(Value::IntValue(int)) => int.to_string(),
        Some(Value::DoubleValue(double)) => double.to_string(),
        Some(Value::BytesValue(bytes)) => format!("{bytes:?}"),
        Some(Value::ArrayValue(array)) => {
            let values = array.values.iter().map(|entry| decoded_value(Some(entry)));
            format!("[{}]", values.collect::<Vec<_>>().join(","))
        }
        Some(Value::KvlistValue(map)) => format!("{{{}}}", decoded_entries(&map.values)),
    }
}

fn decoded_entries(entries: &[common::v1::KeyValue]) -> String {
    let entries = entries
        .iter()
        .map(|entry| format!("{}={}", entry.key, decoded_value(entry.value.as_ref())));
    entries.collect::<Vec<_>>().join(",")
}

/// One line a record, from any batch of logs.
fn log_lines(logs: &impl LogsDataView) -> Vec<String> {
    let mut lines = Vec::new();
    for resource in logs.resources() {
        let of_resource = resource
            .resource()
            .map_or(String::new(), |found| entries(found.attributes()));
        for scope in resource.scopes() {
            let name = scope
                .scope()
                .and_then(|scope| scope.name().map(text))
                .unwrap_or_default();
            for record in scope.log_records() {
                lines.push(format!(
                    "{of_resource} {name} {} {} {} {} {:?}",
                    record.severity_number().unwrap_or_default(),
                    record.time_unix_nano().unwrap_or_default(),
                    record.body().map_or("-".to_owned(), |body| value(&body)),
                    entries(record.attributes()),
                    record.trace_id().copied().unwrap_or_default(),
                ));
            }
        }
    }
    lines
}

/// One line a span, with its events and links.
fn span_lines(traces: &impl TracesView) -> Vec<String> {
    let mut lines = Vec::new();
    for resource in traces.resources() {
        for span in resource.scopes().flat_map(|scope| {
            let spans = scope.spans().map(|span| span_line(&span));
            spans.collect::<Vec<_>>()
        }) {
            lines.push(span);
        }
    }
    lines
}

fn span_line(span: &impl SpanView) -> String {
    let events = span.events().map(|event| entries(event.attributes()));
    let links = span.links().map(|link| entries(link.attributes()));
    format!(
        "{} {} {} {:?} {:?} {} {:?}",
        text(span.name().unwrap_or_default()),
        span.kind(),
        entries(span.attributes()),
        events.collect::<Vec<_>>(),
        links.collect::<Vec<_>>(),
        span.status().map_or(0, |status| status.status_code()),
        span.parent_span_id().copied().unwrap_or_default(),
    )
}

fn decoded_span_line(span: &trace::v1::Span) -> String {
    let events = span.events.iter().map(|event| &event.attributes);
    let links = span.links.iter().map(|link| &link.attributes);
    format!(
        "{} {} {} {:?} {:?} {} {:?}",
        span.name,
        span.kind,
        decoded_entries(&span.attributes),
        events.map(|list| decoded_entries(list)).collect::<Vec<_>>(),
        links.map(|list| decoded_entries(list)).collect::<Vec<_>>(),
        span.status.as_ref().map_or(0, |status| status.code),
        <[u8; 8]>::try_from(span.parent_span_id.as_slice()).unwrap_or_default(),
    )
}

/// The sum of everything that the points of a batch count, and how many attributes they have.
fn totals(metrics: &impl MetricsView) -> (f64, usize) {
    let mut total = (0.0, 0);
    let mut add = |sum: f64, attributes: usize| total = (total.0 + sum, total.1 + attributes);
    let number = |number: Option<Value>| match number {
        Some(Value::Integer(int)) => int as f64,
        Some(Value::Double(double)) => double,
        None => 0.0,
    };
    for resource in metrics.resources() {
        for scope in resource.scopes() {
            for metric in scope.metrics() {
                let Some(data) = metric.data() else { continue };
                match data.value_type() {
                    DataType::Gauge => {
                        for point in data.as_gauge().unwrap().data_points() {
                            add(number(point.value()), point.attributes().count());
                        }
                    }
                    DataType::Sum => {
                        for point in data.as_sum().unwrap().data_points() {
                            let exemplars = point.exemplars().map(|found| number(found.value()));
                            let exemplars: f64 = exemplars.sum();
                            add(
                                number(point.value()) + exemplars,
                                point.attributes().count(),
                            );
                        }
                    }
                    DataType::Histogram => {
                        for point in data.as_histogram().unwrap().data_points() {
                            let counts = point.bucket_counts().map(|count| count as f64);
                            let all = counts.chain(point.explicit_bounds()).sum::<f64>();
                            add(
                                all + point.sum().unwrap_or_default(),
                                point.attributes().count(),
                            );
                        }
                    }
                    DataType::ExponentialHistogram => {
                        for point in data.as_exponential_histogram().unwrap().data_points() {
                            let buckets = point.positive().unwrap();
                            let counts: u64 = buckets.bucket_counts().sum();
                            let all = counts as f64 + f64::from(buckets.offset());
                            let scale = f64::from(point.scale());
                            add(all + scale, point.attributes().count());
                        }
                    }
                    DataType::Summary => {
                        for point in data.as_summary().unwrap().data_points() {
                            let values = point.quantile_values();
                            let values: f64 = values.map(|at| at.quantile() + at.value()).sum();
                            add(values + point.sum(), point.attributes().count());
                        }
                    }
                }
            }
        }
    }
    total
}

#[test]
fn points_of_every_kind_are_read_to_the_last_field() {
    let attributes = vec![common::v1::KeyValue::default()];
    let number = NumberDataPoint {
        attributes: attributes.clone(),
        exemplars: vec![Exemplar {
            value: Some(exemplar::Value::AsDouble(0.5)),
            ..Exemplar::default()
        }],
        value: Some(number_data_point::Value::AsInt(-7)),
        ..NumberDataPoint::default()
    };
    let data = [
        metric::Data::Sum(Sum {
            data_points: vec![number],
            ..Sum::default()
        }),
        metric::Data::Histogram(Histogram {
            data_points: vec![HistogramDataPoint {
                attributes: attributes.clone(),
                bucket_counts: vec![1, 2, 3],
                explicit_bounds: vec![0.25, 100.0],
                sum: Some(10.0),
                ..HistogramDataPoint::default()
            }],
            ..Histogram::default()
        }),
        metric::Data::ExponentialHistogram(ExponentialHistogram {
            data_points: vec![ExponentialHistogramDataPoint {
                attributes: attributes.clone(),
                scale: -3,
                positive: Some(exponential_histogram_data_point::Buckets {
                    offset: -1000,
                    bucket_counts: vec![300, 1],
                }),
                ..ExponentialHistogramDataPoint::default()
            }],
            ..ExponentialHistogram::default()
        }),
        metric::Data::Summary(Summary {
            data_points: vec![SummaryDataPoint {
                attributes,
                sum: 4.0,
                quantile_values: vec![summary_data_point::ValueAtQuantile {
                    quantile: 0.5,
                    value: 8.0,
                }],
                ..SummaryDataPoint::default()
            }],
        }),
    ];
    let expected = [-6.5, 116.25, -702.0, 12.5];
    for (data, expected) in data.into_iter().zip(expected) {
        let request = model::one_metric(data);
        let bytes = request.encode_to_vec();
        assert_eq!(totals(&Metrics::parse(&bytes).unwrap()), (expected, 1));
    }
}

proptest! {
    #[test]
    fn logs_read_the_same_through_the_traits(model in model::logs()) {
        let bytes = model.encode_to_vec();
        let mut expected = Vec::new();
        for resource in &model.resource_logs {
            let of_resource = resource.resource.clone().unwrap_or_default();
            let of_resource = decoded_entries(&of_resource.attributes);
            for scope in &resource.scope_logs {
                let name = scope.scope.clone().unwrap_or_default().name;
                for record in &scope.log_records {
                    expected.push(format!(
                        "{of_resource} {name} {} {} {} {} {:?}",
                        record.severity_number,
                        record.time_unix_nano,
                        decoded_value(record.body.as_ref()),
                        decoded_entries(&record.attributes),
                        <[u8; 16]>::try_from(record.trace_id.as_slice()).unwrap_or_default(),
                    ));
                }
            }
        }
        prop_assert_eq!(log_lines(&Logs::parse(&bytes).unwrap()), expected);
    }

    #[test]
    fn spans_read_the_same_through_the_traits(model in model::traces()) {
        let bytes = model.encode_to_vec();
        let scopes = model.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
        let expected: Vec<_> = scopes
            .flat_map(|scope| &scope.spans)
            .map(decoded_span_line)
            .collect();
        prop_assert_eq!(span_lines(&Traces::parse(&bytes).unwrap()), expected);
    }

    #[test]
    fn metrics_read_the_same_through_the_traits(model in model::metrics()) {
        let bytes = model.encode_to_vec();
        let scopes = model.resource_metrics.iter().flat_map(|resource| &resource.scope_metrics);
        let metrics = scopes.flat_map(|scope| scope.metrics.clone());
        let attributes: usize = metrics
            .map(|mut metric| {
                let lists = model::point_attributes(&mut metric).into_iter();
                lists.map(|list| list.len()).sum::<usize>()
            })
            .sum();
        prop_assert_eq!(totals(&Metrics::parse(&bytes).unwrap()).1, attributes);
    }
}
