//! Every getter gives what the independent decoder gives.

use bimetal_pdata::{Logs, MetricKind, Metrics, Number, Traces};
use opentelemetry_proto::tonic::metrics::v1::{metric, number_data_point};
use proptest::prelude::*;
use prost::Message;

use crate::model::{self, value_buf};

fn padded<const N: usize>(id: &[u8]) -> [u8; N] {
    id.try_into().unwrap_or([0; N])
}

/// A field of bytes whose length has one byte.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let header = [number << 3 | 2, u8::try_from(content.len()).unwrap()];
    [&header[..], content].concat()
}

#[test]
fn an_attribute_is_read_however_it_is_written() {
    let (key, value) = (field(1, b"key"), field(2, &field(1, b"value")));
    let other = field(1, b"other");
    let entries: [Vec<u8>; 12] = [
        [&key[..], &value].concat(),
        [&value[..], &key].concat(),
        [&other[..], &value, &key].concat(),
        // Numbers that are longer than they need to be: of a tag, of a length, of both.
        [&[0x8a, 0, 3][..], b"key", &value].concat(),
        [&[0x0a, 0x83, 0][..], b"key", &value].concat(),
        [&[0x8a, 0x80, 0, 0x83, 0x80, 0x80, 0][..], b"key", &value].concat(),
        [&key[..], &[0x12, 0x87, 0], &field(1, b"value")].concat(),
        // Fields that stand in no table: a text, a number, four bytes, a group.
        [&key[..], &field(9, b"?"), &value].concat(),
        [&[0x48, 1][..], &key, &value].concat(),
        [&key[..], &value, &[0x4d, 1, 2, 3, 4]].concat(),
        [&key[..], &[0x4b, 0x4c], &value].concat(),
        // Two parts of a value: the text of the last one counts.
        [&key[..], &field(2, &field(1, b"first")), &value].concat(),
    ];
    for entry in entries {
        let attributes = [field(6, &other), field(6, &entry), field(6, &key)].concat();
        let record = field(2, &attributes);
        let bytes = field(1, &field(2, &record));
        let mut logs = Logs::parse(&bytes).unwrap();
        let record = logs.records().next().unwrap();
        let read: Vec<_> = record.attributes().iter().collect();
        assert_eq!(read[1].0, "key", "{entry:?}");
        assert_eq!(read[1].1.as_str(), Some("value"), "{entry:?}");
        let found = record.attributes().get("key").unwrap();
        assert_eq!(found.as_str(), Some("value"), "{entry:?}");
        logs.records_mut()
            .for_each(|mut record| assert!(record.attributes_mut().delete("key")));
        assert_eq!(logs.into_edits().rows.last().unwrap().index, 1, "{entry:?}");
    }
}

proptest! {
    #[test]
    fn log_records_read_the_same(model in model::logs()) {
        let bytes = model.encode_to_vec();
        let logs = Logs::parse(&bytes).unwrap();
        prop_assert_eq!(logs.resources().count(), model.resource_logs.len());
        for (resource, twin) in logs.resources().zip(&model.resource_logs) {
            prop_assert_eq!(resource.schema_url(), twin.schema_url.as_str());
            prop_assert_eq!(resource.scope_count(), twin.scope_logs.len());
            for (scope, twin) in resource.scopes().zip(&twin.scope_logs) {
                let names = twin.scope.clone().unwrap_or_default();
                prop_assert_eq!(scope.name(), names.name.as_str());
                prop_assert_eq!(scope.version(), names.version.as_str());
                prop_assert_eq!(scope.schema_url(), twin.schema_url.as_str());
                prop_assert_eq!(scope.record_count(), twin.log_records.len());
                for (record, twin) in scope.records().zip(&twin.log_records) {
                    let body = value_buf(twin.body.as_ref());
                    prop_assert_eq!(record.body(), body.as_value());
                    prop_assert_eq!(record.severity_number(), twin.severity_number);
                    prop_assert_eq!(record.severity_text(), twin.severity_text.as_str());
                    prop_assert_eq!(record.event_name(), twin.event_name.as_str());
                    prop_assert_eq!(record.time_unix_nano(), twin.time_unix_nano);
                    prop_assert_eq!(record.observed_time_unix_nano(), twin.observed_time_unix_nano);
                    prop_assert_eq!(record.flags(), twin.flags);
                    prop_assert_eq!(*record.trace_id(), padded(&twin.trace_id));
                    prop_assert_eq!(*record.span_id(), padded(&twin.span_id));
                }
            }
        }
    }

    #[test]
    fn spans_read_the_same(model in model::traces()) {
        let bytes = model.encode_to_vec();
        let traces = Traces::parse(&bytes).unwrap();
        let twins: Vec<_> = model
            .resource_spans
            .iter()
            .flat_map(|resource| &resource.scope_spans)
            .flat_map(|scope| &scope.spans)
            .collect();
        prop_assert_eq!(traces.record_count(), twins.len());
        for (span, twin) in traces.records().zip(twins) {
            let status = twin.status.clone().unwrap_or_default();
            prop_assert_eq!(span.name(), twin.name.as_str());
            prop_assert_eq!(span.kind(), twin.kind);
            prop_assert_eq!(span.status().code(), status.code);
            prop_assert_eq!(span.status().message(), status.message.as_str());
            prop_assert_eq!(span.trace_state(), twin.trace_state.as_str());
            prop_assert_eq!(span.start_time_unix_nano(), twin.start_time_unix_nano);
            prop_assert_eq!(span.end_time_unix_nano(), twin.end_time_unix_nano);
            prop_assert_eq!(span.flags(), twin.flags);
            prop_assert_eq!(*span.trace_id(), padded(&twin.trace_id));
            prop_assert_eq!(*span.span_id(), padded(&twin.span_id));
            prop_assert_eq!(*span.parent_span_id(), padded(&twin.parent_span_id));
        }
    }

    #[test]
    fn metrics_read_the_same(model in model::metrics()) {
        let bytes = model.encode_to_vec();
        let metrics = Metrics::parse(&bytes).unwrap();
        let twins: Vec<_> = model
            .resource_metrics
            .iter()
            .flat_map(|resource| &resource.scope_metrics)
            .flat_map(|scope| &scope.metrics)
            .collect();
        prop_assert_eq!(metrics.record_count(), twins.len());
        for (view, twin) in metrics.records().zip(twins) {
            prop_assert_eq!(view.name(), twin.name.as_str());
            prop_assert_eq!(view.unit(), twin.unit.as_str());
            prop_assert_eq!(view.description(), twin.description.as_str());
            let points: Vec<_> = view.data_points().collect();
            prop_assert_eq!(points.len(), view.data_point_count());
            let (kind, temporality, monotonic) = match &twin.data {
                None => (None, 0, false),
                Some(metric::Data::Gauge(data)) => {
                    for (point, twin) in points.iter().zip(&data.data_points) {
                        prop_assert_eq!(point.number(), twin.value.map(number));
                        prop_assert_eq!(point.time_unix_nano(), twin.time_unix_nano);
                        prop_assert_eq!(point.start_time_unix_nano(), twin.start_time_unix_nano);
                        prop_assert_eq!(point.flags(), twin.flags);
                        prop_assert_eq!((point.count(), point.sum()), (None, None));
                    }
                    (Some(MetricKind::Gauge), 0, false)
                }
                Some(metric::Data::Sum(data)) => {
                    for (point, twin) in points.iter().zip(&data.data_points) {
                        prop_assert_eq!(point.number(), twin.value.map(number));
                        prop_assert_eq!(point.flags(), twin.flags);
                    }
                    (Some(MetricKind::Sum), data.aggregation_temporality, data.is_monotonic)
                }
                Some(metric::Data::Histogram(data)) => {
                    for (point, twin) in points.iter().zip(&data.data_points) {
                        prop_assert_eq!((point.count(), point.sum()), (Some(twin.count), twin.sum));
                        prop_assert_eq!((point.flags(), point.number()), (twin.flags, None));
                    }
                    (Some(MetricKind::Histogram), data.aggregation_temporality, false)
                }
                Some(metric::Data::ExponentialHistogram(data)) => {
                    for (point, twin) in points.iter().zip(&data.data_points) {
                        prop_assert_eq!((point.count(), point.sum()), (Some(twin.count), twin.sum));
                        prop_assert_eq!((point.flags(), point.number()), (twin.flags, None));
                    }
                    (Some(MetricKind::ExponentialHistogram), data.aggregation_temporality, false)
                }
                Some(metric::Data::Summary(data)) => {
                    for (point, twin) in points.iter().zip(&data.data_points) {
                        let counted = (Some(twin.count), Some(twin.sum));
                        prop_assert_eq!((point.count(), point.sum()), counted);
                        prop_assert_eq!((point.flags(), point.number()), (twin.flags, None));
                    }
                    (Some(MetricKind::Summary), 0, false)
                }
            };
            prop_assert_eq!(view.kind(), kind);
            let data = view.data();
            prop_assert_eq!(data.map_or(0, |data| data.aggregation_temporality()), temporality);
            prop_assert_eq!(data.is_some_and(|data| data.is_monotonic()), monotonic);
        }
    }
}

fn number(value: number_data_point::Value) -> Number {
    match value {
        number_data_point::Value::AsInt(int) => Number::Int(int),
        number_data_point::Value::AsDouble(double) => Number::Double(double),
    }
}
