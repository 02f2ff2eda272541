//! Fields that are set, records that are appended: the view, its encoding and its edit list say the
//! same as the decoded message.

use bimetal_pdata::{
    DataPointMut, LogRecordMut, Logs, Metrics, NewLog, Number, ResourceItemsMut, SpanMut, Traces,
    Value,
};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, any_value};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::{NumberDataPoint, metric, number_data_point};
use opentelemetry_proto::tonic::trace::v1::Span;
use proptest::prelude::*;
use prost::Message;

use crate::applied::assert_agrees;
use crate::model::{self, value_buf};

/// An id as the view gives it: all zero when it is not set.
fn id<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().unwrap_or([0; N])
}

/// Sets the fields that `mask` says to what a donor has, in the view and in the model. Ids of the
/// model are those of the view: there is no id that is not set.
fn set_log(
    record: &mut LogRecordMut<'_>,
    model: &mut LogRecord,
    donor: &LogRecord,
    mask: u16,
) -> bool {
    let mut any = false;
    let chosen = |bit: u16| mask >> bit & 1 == 1;
    macro_rules! set {
        ($bit:literal $set:ident $field:ident: $given:expr) => {
            if chosen($bit) {
                any |= record.$set($given);
                model.$field.clone_from(&donor.$field);
            }
        };
    }
    set!(0 set_time_unix_nano time_unix_nano: donor.time_unix_nano);
    set!(1 set_severity_number severity_number: donor.severity_number);
    set!(2 set_severity_text severity_text: &donor.severity_text);
    set!(3 set_dropped_attributes_count dropped_attributes_count: donor.dropped_attributes_count);
    set!(4 set_flags flags: donor.flags);
    set!(5 set_observed_time_unix_nano observed_time_unix_nano: donor.observed_time_unix_nano);
    set!(6 set_event_name event_name: &donor.event_name);
    if chosen(7) {
        let body = donor.body.clone().unwrap_or_default();
        any |= record.set_body(&value_buf(Some(&body)));
        // A body without a value is as good as none, and is left alone where there was none.
        if model.body.clone().unwrap_or_default() != body {
            model.body = Some(body);
        }
    }
    if chosen(8) {
        any |= record.set_trace_id(&id(&donor.trace_id));
        any |= record.set_span_id(&id(&donor.span_id));
        (model.trace_id, model.span_id) = (donor.trace_id.clone(), donor.span_id.clone());
    }
    any
}

fn same_id(read: &[u8], model: &[u8]) -> bool {
    read == model || model.is_empty() && read.iter().all(|byte| *byte == 0)
}

fn assert_reads_log(record: &LogRecordMut<'_>, model: &LogRecord) {
    let read = record.as_read();
    assert_eq!(read.time_unix_nano(), model.time_unix_nano);
    assert_eq!(read.severity_number(), model.severity_number);
    assert_eq!(record.severity_text(), model.severity_text.as_str());
    assert_eq!(
        read.dropped_attributes_count(),
        model.dropped_attributes_count
    );
    assert_eq!(record.flags(), model.flags);
    assert_eq!(
        read.observed_time_unix_nano(),
        model.observed_time_unix_nano
    );
    assert_eq!(read.event_name(), model.event_name.as_str());
    assert_eq!(record.body(), value_buf(model.body.as_ref()).as_value());
    assert!(same_id(read.trace_id(), &model.trace_id));
    assert!(same_id(record.span_id(), &model.span_id));
}

/// An id of zeros and none are the same.
fn without_zero_ids(ids: [&mut Vec<u8>; 2]) {
    for id in ids {
        if id.iter().all(|byte| *byte == 0) {
            id.clear();
        }
    }
}

fn log_ids(mut batch: ExportLogsServiceRequest) -> ExportLogsServiceRequest {
    for resource in &mut batch.resource_logs {
        for log in resource
            .scope_logs
            .iter_mut()
            .flat_map(|scope| &mut scope.log_records)
        {
            without_zero_ids([&mut log.trace_id, &mut log.span_id]);
        }
    }
    batch
}

fn set_span(span: &mut SpanMut<'_>, model: &mut Span, donor: &Span, mask: u16) -> bool {
    let mut any = false;
    let chosen = |bit: u16| mask >> bit & 1 == 1;
    macro_rules! set {
        ($bit:literal $set:ident $field:ident: $given:expr) => {
            if chosen($bit) {
                any |= span.$set($given);
                model.$field.clone_from(&donor.$field);
            }
        };
    }
    set!(0 set_trace_state trace_state: &donor.trace_state);
    set!(1 set_name name: &donor.name);
    set!(2 set_kind kind: donor.kind);
    set!(3 set_start_time_unix_nano start_time_unix_nano: donor.start_time_unix_nano);
    set!(4 set_end_time_unix_nano end_time_unix_nano: donor.end_time_unix_nano);
    set!(5 set_dropped_attributes_count dropped_attributes_count: donor.dropped_attributes_count);
    set!(6 set_dropped_events_count dropped_events_count: donor.dropped_events_count);
    set!(7 set_dropped_links_count dropped_links_count: donor.dropped_links_count);
    set!(8 set_flags flags: donor.flags);
    let status = donor.status.clone().unwrap_or_default();
    let now = model.status.clone().unwrap_or_default();
    if chosen(9) && now.code != status.code {
        any |= span.set_status_code(status.code);
        model.status.get_or_insert_default().code = status.code;
    }
    if chosen(10) && now.message != status.message {
        any |= span.set_status_message(&status.message);
        model.status.get_or_insert_default().message = status.message;
    }
    if chosen(11) {
        any |= span.set_parent_span_id(&id(&donor.parent_span_id));
        model.parent_span_id.clone_from(&donor.parent_span_id);
    }
    any
}

fn assert_reads_span(span: &SpanMut<'_>, model: &Span) {
    let read = span.as_read();
    assert_eq!(span.trace_state(), model.trace_state.as_str());
    assert_eq!(read.name(), model.name.as_str());
    assert_eq!(read.kind(), model.kind);
    assert_eq!(read.start_time_unix_nano(), model.start_time_unix_nano);
    assert_eq!(span.end_time_unix_nano(), model.end_time_unix_nano);
    assert_eq!(read.dropped_events_count(), model.dropped_events_count);
    assert_eq!(read.flags(), model.flags);
    let status = model.status.clone().unwrap_or_default();
    assert_eq!(read.status().code(), status.code);
    assert_eq!(span.status().message(), status.message.as_str());
    assert!(same_id(read.parent_span_id(), &model.parent_span_id));
}

fn span_ids(mut batch: ExportTraceServiceRequest) -> ExportTraceServiceRequest {
    for resource in &mut batch.resource_spans {
        for span in resource
            .scope_spans
            .iter_mut()
            .flat_map(|scope| &mut scope.spans)
        {
            let mut none = Vec::new();
            without_zero_ids([&mut span.parent_span_id, &mut none]);
        }
    }
    batch
}

/// What the points of all kinds have, and their number.
fn set_point(point: &mut DataPointMut<'_>, donor: &NumberDataPoint) -> bool {
    let number = donor.value.map(|value| match value {
        number_data_point::Value::AsInt(int) => Number::Int(int),
        number_data_point::Value::AsDouble(double) => Number::Double(double),
    });
    let mut any = point.set_start_time_unix_nano(donor.start_time_unix_nano);
    any |= point.set_time_unix_nano(donor.time_unix_nano);
    any |= point.set_flags(donor.flags);
    if let Some(number) = number {
        any |= point.set_number(number);
    }
    let read = point.as_read();
    assert_eq!(read.start_time_unix_nano(), donor.start_time_unix_nano);
    assert_eq!(read.time_unix_nano(), donor.time_unix_nano);
    assert_eq!(read.flags(), donor.flags);
    if let (Some(number), Some(_)) = (number, read.number()) {
        assert_eq!(read.number(), Some(number));
    }
    any
}

fn set_model_points(data: &mut metric::Data, donor: &NumberDataPoint) {
    macro_rules! points {
        ($points:expr) => {
            for point in &mut $points {
                point.start_time_unix_nano = donor.start_time_unix_nano;
                point.time_unix_nano = donor.time_unix_nano;
                point.flags = donor.flags;
            }
        };
    }
    let numbers = |points: &mut Vec<NumberDataPoint>| {
        for point in points {
            point.value = donor.value.or(point.value);
        }
    };
    match data {
        metric::Data::Gauge(data) => {
            points!(data.data_points);
            numbers(&mut data.data_points);
        }
        metric::Data::Sum(data) => {
            points!(data.data_points);
            numbers(&mut data.data_points);
        }
        metric::Data::Histogram(data) => points!(data.data_points),
        metric::Data::ExponentialHistogram(data) => points!(data.data_points),
        metric::Data::Summary(data) => points!(data.data_points),
    }
}

proptest! {
    #[test]
    fn fields_of_logs_agree_with_the_decoded_message(
        mut model in model::logs(),
        donors in prop::collection::vec((model::log_record(), any::<u16>()), 1..4),
        edits in model::edits(),
        name in "[a-z]{0,3}",
    ) {
        let bytes = model.encode_to_vec();
        let came = model.clone();
        let mut logs = Logs::parse(&bytes).unwrap();
        let (mut any, mut next) = (false, donors.iter().cycle());
        for (mut resource, twin) in logs.resources_mut().zip(&mut model.resource_logs) {
            for (mut scope, twin) in resource.scopes_mut().zip(&mut twin.scope_logs) {
                if scope.scope_mut().set_name(&name) {
                    any = true;
                    twin.scope.get_or_insert_default().name.clone_from(&name);
                }
                assert_eq!(scope.as_read().name(), name.as_str());
                for (mut record, twin) in scope.records_mut().zip(&mut twin.log_records) {
                    // Twice, so that the later one counts, and with edits of attributes between.
                    for _ in 0..2 {
                        let (donor, mask) = next.next().unwrap();
                        any |= set_log(&mut record, twin, donor, *mask);
                        for edit in &edits {
                            any |= edit.apply(&mut record.attributes_mut());
                            edit.apply_to_model(&mut twin.attributes);
                        }
                        assert_reads_log(&record, twin);
                    }
                }
            }
        }
        prop_assert_eq!(logs.changed(), any);
        assert_agrees(logs, &bytes, came, &model, log_ids);
    }

    #[test]
    fn what_is_appended_stands_behind_what_a_scope_keeps(
        mut model in model::logs(),
        bodies in prop::collection::vec("[a-z]{0,3}", 0..3),
        before in any::<bool>(),
    ) {
        let bytes = model.encode_to_vec();
        let came = model.clone();
        let mut logs = Logs::parse(&bytes).unwrap();
        let append = |logs: &mut Logs<'_>| {
            for mut scope in logs.resources_mut().flat_map(ResourceItemsMut::into_scopes) {
                let appended = scope.append(|scope| {
                    for body in &bodies {
                        let body = Value::from(body.as_str());
                        scope.record(&NewLog { body, severity_number: 7, ..NewLog::default() });
                    }
                });
                assert!(appended.is_ok());
            }
        };
        if before {
            append(&mut logs);
        }
        logs.retain_records(|record| {
            record.set_event_name("kept");
            record.severity_number() % 2 == 0
        });
        if !before {
            append(&mut logs);
        }
        let further: Vec<_> = bodies.iter().map(|body| LogRecord {
            body: Some(AnyValue { value: Some(any_value::Value::StringValue(body.clone())) }),
            severity_number: 7,
            ..LogRecord::default()
        }).collect();
        model.resource_logs.retain_mut(|resource| {
            let empty = resource.scope_logs.is_empty();
            resource.scope_logs.retain_mut(|scope| {
                let was_empty = scope.log_records.is_empty();
                scope.log_records.retain_mut(|record| {
                    record.event_name = "kept".to_owned();
                    record.severity_number % 2 == 0
                });
                let stays = was_empty || !scope.log_records.is_empty();
                // A scope that went before has nothing appended; one that has is not empty.
                let stays = stays || before && !further.is_empty();
                scope.log_records.extend(further.iter().cloned());
                stays
            });
            empty || !resource.scope_logs.is_empty()
        });
        assert_agrees(logs, &bytes, came, &model, |batch| batch);
    }

    #[test]
    fn fields_of_spans_agree_with_the_decoded_message(
        mut model in model::traces(),
        donors in prop::collection::vec((model::one_span(), any::<u16>()), 1..4),
    ) {
        let bytes = model.encode_to_vec();
        let came = model.clone();
        let mut traces = Traces::parse(&bytes).unwrap();
        let (mut any, mut next) = (false, donors.iter().cycle());
        let twins = model.resource_spans.iter_mut().flat_map(|resource| &mut resource.scope_spans)
            .flat_map(|scope| &mut scope.spans);
        for (mut span, twin) in traces.records_mut().zip(twins) {
            for _ in 0..2 {
                let (donor, mask) = next.next().unwrap();
                any |= set_span(&mut span, twin, donor, *mask);
                assert_reads_span(&span, twin);
            }
        }
        prop_assert_eq!(traces.changed(), any);
        assert_agrees(traces, &bytes, came, &model, span_ids);
    }

    #[test]
    fn fields_of_metrics_and_points_agree_with_the_decoded_message(
        mut model in model::metrics(),
        donors in model::number_points(),
        name in "[a-z]{0,3}",
        dropped in any::<u32>(),
    ) {
        let bytes = model.encode_to_vec();
        let came = model.clone();
        let mut metrics = Metrics::parse(&bytes).unwrap();
        let mut any = false;
        for (mut resource, twin) in metrics.resources_mut().zip(&mut model.resource_metrics) {
            if resource.resource_mut().set_dropped_attributes_count(dropped) {
                any = true;
                twin.resource.get_or_insert_default().dropped_attributes_count = dropped;
            }
            let twins = twin.scope_metrics.iter_mut().flat_map(|scope| &mut scope.metrics);
            let mut scopes = resource.scopes_mut();
            let metrics = scopes.by_ref().flat_map(bimetal_pdata::ScopeItemsMut::into_records);
            for (mut metric, twin) in metrics.zip(twins) {
                any |= metric.set_name(&name);
                any |= metric.set_description(&name);
                (twin.name, twin.description) = (name.clone(), name.clone());
                assert_eq!(metric.as_read().description(), name.as_str());
                for donor in &donors {
                    for mut point in metric.data_points_mut() {
                        any |= set_point(&mut point, donor);
                    }
                    twin.data.iter_mut().for_each(|data| set_model_points(data, donor));
                }
            }
        }
        prop_assert_eq!(metrics.changed(), any);
        assert_agrees(metrics, &bytes, came, &model, |batch| batch);
    }
}
