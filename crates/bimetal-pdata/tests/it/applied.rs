//! An edit list, applied to the decoded message as the C ABI says it is: the other side of the FFI
//! boundary, written for tests.

use std::fmt;

use bimetal_abi as abi;
use bimetal_abi::Edit;
use bimetal_pdata::{EditList, Signal, Telemetry};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as NumberValue;
use opentelemetry_proto::tonic::metrics::v1::{
    Metric, NumberDataPoint, ScopeMetrics, metric::Data,
};
use opentelemetry_proto::tonic::trace::v1::{ScopeSpans, Span};
use prost::Message;

use crate::model::point_attributes;

/// Where a row applies: ordinals from the resource downwards.
type At = Vec<usize>;

/// A batch in which places can be found. What is dropped goes at the end, so that ordinals stay.
trait Batch {
    /// The attribute list of a place.
    fn list(&mut self, at: &At) -> &mut Vec<KeyValue>;
    /// Gives a field of a place its value.
    fn set(&mut self, at: &At, number: u32, value: AnyValue);
    /// Adds what an encoded scope has to a scope, behind what it has: ordinals stay.
    fn append(&mut self, at: &At, scope: &[u8]);
    fn drop_all(&mut self, dropped: &[At]);
}

fn text(list: &EditList, start: usize, len: u32) -> &[u8] {
    &list.text[start..start + len as usize]
}

fn string(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn value(list: &EditList, row: &Edit) -> AnyValue {
    let bytes = || text(list, usize::try_from(row.bits).unwrap(), row.value_len);
    let value = match row.value {
        abi::VALUE_EMPTY => return AnyValue { value: None },
        abi::VALUE_STRING => any_value::Value::StringValue(string(bytes())),
        abi::VALUE_BOOL => any_value::Value::BoolValue(row.bits == 1),
        abi::VALUE_INT => any_value::Value::IntValue(row.bits.cast_signed()),
        abi::VALUE_DOUBLE => any_value::Value::DoubleValue(f64::from_bits(row.bits)),
        abi::VALUE_BYTES => any_value::Value::BytesValue(bytes().to_vec()),
        abi::VALUE_OTLP => return AnyValue::decode(bytes()).unwrap(),
        other => panic!("value {other}"),
    };
    AnyValue { value: Some(value) }
}

fn apply(list: &EditList, batch: &mut impl Batch) {
    let (mut place, mut before, mut dropped) = (At::new(), At::new(), Vec::new());
    for row in &list.rows {
        let item = row.item as usize;
        let named = match row.kind {
            abi::EDIT_RESOURCE => Some(0),
            abi::EDIT_SCOPE => Some(1),
            abi::EDIT_METRIC => Some(2),
            _ => None,
        };
        if let Some(depth) = named {
            assert_eq!((row.level, place.len() >= depth), (0, true), "{row:?}");
            place.truncate(depth);
            place.push(item);
            continue;
        }
        let mut at = place.clone();
        match row.level {
            abi::LEVEL_RESOURCE | abi::LEVEL_SCOPE | abi::LEVEL_METRIC => {
                assert_eq!(at.len(), usize::from(row.level), "{row:?}");
                assert_eq!(item, 0);
            }
            abi::LEVEL_RECORD | abi::LEVEL_POINT => at.push(item),
            other => panic!("level {other}"),
        }
        assert!(before <= at, "places rise: {before:?}, {at:?}");
        let is_below = |above: &At| at.starts_with(above);
        assert!(!dropped.iter().any(is_below), "{at:?} was dropped");
        if row.kind == abi::EDIT_DROP {
            assert!(before != at, "what is dropped has one row");
            dropped.push(at.clone());
        } else if row.kind == abi::EDIT_APPEND {
            assert_eq!((row.level, row.value), (abi::LEVEL_SCOPE, abi::VALUE_OTLP));
            let start = usize::try_from(row.bits).unwrap();
            batch.append(&at, text(list, start, row.value_len));
        } else if row.kind == abi::EDIT_FIELD {
            batch.set(&at, row.index, value(list, row));
        } else {
            attribute(list, row, batch.list(&at));
        }
        before = at;
    }
    batch.drop_all(&dropped);
}

fn attribute(list: &EditList, row: &Edit, attributes: &mut Vec<KeyValue>) {
    let index = row.index as usize;
    let key = || string(text(list, row.key as usize, row.key_len));
    match row.kind {
        abi::EDIT_SET => attributes[index].value = Some(value(list, row)),
        abi::EDIT_PUT => attributes.push(KeyValue {
            key: key(),
            value: Some(value(list, row)),
            ..KeyValue::default()
        }),
        abi::EDIT_DELETE => {
            attributes.swap_remove(index);
        }
        abi::EDIT_RENAME => attributes[index].key = key(),
        abi::EDIT_KEEP => {
            let bits = text(list, usize::try_from(row.bits).unwrap(), row.value_len);
            assert_eq!(bits.len(), attributes.len().div_ceil(8));
            let mut index = 0;
            attributes.retain(|_| {
                index += 1;
                bits[(index - 1) / 8] >> ((index - 1) % 8) & 1 == 1
            });
        }
        other => panic!("kind {other}"),
    }
}

/// Leaves out those whose ordinals below `above` were dropped.
fn retain<T>(items: &mut Vec<T>, above: &[usize], dropped: &[At]) {
    let mut ordinal = 0;
    items.retain(|_| {
        let place = [above, &[ordinal]].concat();
        ordinal += 1;
        !dropped.contains(&place)
    });
}

macro_rules! batch {
    (
        $request:ident, $resources:ident, $scopes:ident, $records:ident, $record:expr, $points:expr,
        $set:expr, $scope:ty
    ) => {
        impl Batch for $request {
            fn list(&mut self, at: &At) -> &mut Vec<KeyValue> {
                let resource = &mut self.$resources[at[0]];
                if at.len() == 1 {
                    return &mut resource.resource.get_or_insert_default().attributes;
                }
                let scope = &mut resource.$scopes[at[1]];
                if at.len() == 2 {
                    return &mut scope.scope.get_or_insert_default().attributes;
                }
                $record(&mut scope.$records[at[2]], &at[3..])
            }

            fn set(&mut self, at: &At, number: u32, value: AnyValue) {
                let resource = &mut self.$resources[at[0]];
                if at.len() == 1 {
                    assert_eq!(number, 2, "the only field of a resource");
                    let resource = resource.resource.get_or_insert_default();
                    resource.dropped_attributes_count = unsigned(&value);
                    return;
                }
                let scope = &mut resource.$scopes[at[1]];
                if at.len() == 2 {
                    let scope = scope.scope.get_or_insert_default();
                    return match number {
                        1 => scope.name = given(value),
                        2 => scope.version = given(value),
                        4 => scope.dropped_attributes_count = unsigned(&value),
                        other => panic!("field {other} of a scope"),
                    };
                }
                $set(&mut scope.$records[at[2]], &at[3..], number, value);
            }

            fn append(&mut self, at: &At, scope: &[u8]) {
                let further = <$scope>::decode(scope).unwrap().$records;
                self.$resources[at[0]].$scopes[at[1]]
                    .$records
                    .extend(further);
            }

            fn drop_all(&mut self, dropped: &[At]) {
                for (number, resource) in self.$resources.iter_mut().enumerate() {
                    for (at, scope) in resource.$scopes.iter_mut().enumerate() {
                        for (record, one) in scope.$records.iter_mut().enumerate() {
                            $points(one, &[number, at, record], dropped);
                        }
                        retain(&mut scope.$records, &[number, at], dropped);
                    }
                    retain(&mut resource.$scopes, &[number], dropped);
                }
                retain(&mut self.$resources, &[], dropped);
            }
        }

        impl Applied for $request {
            fn applied(mut self, list: &EditList) -> Self {
                apply(list, &mut self);
                self
            }

            fn with_headers(mut self) -> Self {
                for resource in &mut self.$resources {
                    resource.resource.get_or_insert_default();
                    for scope in &mut resource.$scopes {
                        scope.scope.get_or_insert_default();
                    }
                }
                self
            }
        }
    };
}

/// The view says in all forms what the model says: encoded, as an edit list that the product
/// carries out, and as one that is applied here. `normal` makes equal what is equal to a Collector.
pub(crate) fn assert_agrees<S, R>(
    view: Telemetry<'_, S>,
    bytes: &[u8],
    came: R,
    model: &R,
    normal: fn(R) -> R,
) where
    S: Signal,
    R: Applied + Message + Clone + fmt::Debug + Default + PartialEq,
{
    let encoded = view.encode();
    assert!(view.changed() || encoded == bytes);
    let decoded = R::decode(encoded.as_slice()).unwrap();
    assert_eq!(normal(decoded), normal(model.clone()));
    let list = view.into_edits();
    let carried = Telemetry::<S>::carry_out(bytes, list.clone());
    assert_eq!(carried.as_ref(), Ok(&encoded));
    let applied = normal(came.applied(&list));
    assert_eq!(applied.with_headers(), normal(model.clone()).with_headers());
}

/// The batch as the edit list leaves it.
pub(crate) trait Applied: Sized {
    fn applied(self, list: &EditList) -> Self;
    /// The same, with an empty resource or scope where there is none: in Go there always is one.
    fn with_headers(self) -> Self;
}

batch!(
    ExportLogsServiceRequest,
    resource_logs,
    scope_logs,
    log_records,
    |record, _| {
        let record: &mut LogRecord = record;
        &mut record.attributes
    },
    |_, _: &[usize], _| {},
    set_log,
    ScopeLogs
);
batch!(
    ExportTraceServiceRequest,
    resource_spans,
    scope_spans,
    spans,
    |span, _| {
        let span: &mut Span = span;
        &mut span.attributes
    },
    |_, _: &[usize], _| {},
    set_span,
    ScopeSpans
);
batch!(
    ExportMetricsServiceRequest,
    resource_metrics,
    scope_metrics,
    metrics,
    point,
    retain_points,
    set_metric,
    ScopeMetrics
);

fn given(value: AnyValue) -> String {
    match value.value {
        Some(any_value::Value::StringValue(text)) => text,
        other => panic!("no text: {other:?}"),
    }
}

fn id(value: AnyValue) -> Vec<u8> {
    match value.value {
        Some(any_value::Value::BytesValue(bytes)) => bytes,
        other => panic!("no bytes: {other:?}"),
    }
}

fn int(value: &AnyValue) -> i64 {
    match value.value {
        Some(any_value::Value::IntValue(int)) => int,
        ref other => panic!("no number: {other:?}"),
    }
}

fn unsigned(value: &AnyValue) -> u32 {
    int(value).try_into().unwrap()
}

fn signed(value: &AnyValue) -> i32 {
    int(value).try_into().unwrap()
}

fn time(value: &AnyValue) -> u64 {
    int(value).cast_unsigned()
}

fn set_log(log: &mut LogRecord, _: &[usize], number: u32, value: AnyValue) {
    match number {
        1 => log.time_unix_nano = time(&value),
        2 => log.severity_number = signed(&value),
        3 => log.severity_text = given(value),
        5 => log.body = Some(value),
        7 => log.dropped_attributes_count = unsigned(&value),
        8 => log.flags = unsigned(&value),
        9 => log.trace_id = id(value),
        10 => log.span_id = id(value),
        11 => log.observed_time_unix_nano = time(&value),
        12 => log.event_name = given(value),
        other => panic!("field {other} of a log record"),
    }
}

fn set_span(span: &mut Span, _: &[usize], number: u32, value: AnyValue) {
    match number {
        1 => span.trace_id = id(value),
        2 => span.span_id = id(value),
        3 => span.trace_state = given(value),
        4 => span.parent_span_id = id(value),
        5 => span.name = given(value),
        6 => span.kind = signed(&value),
        7 => span.start_time_unix_nano = time(&value),
        8 => span.end_time_unix_nano = time(&value),
        10 => span.dropped_attributes_count = unsigned(&value),
        12 => span.dropped_events_count = unsigned(&value),
        14 => span.dropped_links_count = unsigned(&value),
        15 => {
            let status = span.status.get_or_insert_default();
            match value.value {
                Some(any_value::Value::IntValue(_)) => status.code = signed(&value),
                _ => status.message = given(value),
            }
        }
        16 => span.flags = unsigned(&value),
        other => panic!("field {other} of a span"),
    }
}

fn set_metric(metric: &mut Metric, point: &[usize], number: u32, value: AnyValue) {
    let Some(&point) = point.first() else {
        return match number {
            1 => metric.name = given(value),
            2 => metric.description = given(value),
            3 => metric.unit = given(value),
            other => panic!("field {other} of a metric"),
        };
    };
    macro_rules! shared {
        ($points:expr, $flags:literal, $value:expr) => {{
            let point = &mut $points[point];
            match number {
                2 => point.start_time_unix_nano = time(&value),
                3 => point.time_unix_nano = time(&value),
                $flags => point.flags = unsigned(&value),
                other => $value(point, other),
            }
        }};
    }
    let number_of = |point: &mut NumberDataPoint, number| {
        point.value = Some(match (number, &value.value) {
            (4, Some(any_value::Value::DoubleValue(double))) => NumberValue::AsDouble(*double),
            (6, Some(any_value::Value::IntValue(int))) => NumberValue::AsInt(*int),
            other => panic!("a number of a point: {other:?}"),
        });
    };
    match metric.data.as_mut().expect("it has points") {
        Data::Gauge(data) => shared!(data.data_points, 8, number_of),
        Data::Sum(data) => shared!(data.data_points, 8, number_of),
        Data::Histogram(data) => shared!(data.data_points, 10, no_field),
        Data::ExponentialHistogram(data) => shared!(data.data_points, 10, no_field),
        Data::Summary(data) => shared!(data.data_points, 8, no_field),
    }
}

fn no_field<P>(_: &mut P, number: u32) {
    panic!("field {number} of a point");
}

fn point<'m>(metric: &'m mut Metric, at: &[usize]) -> &'m mut Vec<KeyValue> {
    point_attributes(metric).swap_remove(at[0])
}

fn retain_points(metric: &mut Metric, at: &[usize], dropped: &[At]) {
    match &mut metric.data {
        None => {}
        Some(Data::Gauge(data)) => retain(&mut data.data_points, at, dropped),
        Some(Data::Sum(data)) => retain(&mut data.data_points, at, dropped),
        Some(Data::Histogram(data)) => retain(&mut data.data_points, at, dropped),
        Some(Data::ExponentialHistogram(data)) => retain(&mut data.data_points, at, dropped),
        Some(Data::Summary(data)) => retain(&mut data.data_points, at, dropped),
    }
}
