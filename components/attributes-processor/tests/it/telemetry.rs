//! What happens to whole batches: what is left alone, and what goes wrong.

use bimetal_attributes_processor::component;
use bimetal_sdk::Signal;
use bimetal_sdk::testing::{Consumed, TestHost};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar, Gauge, Metric, NumberDataPoint, metric::Data,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{Span, span};
use prost::Message;
use serde_json::{Value, json};

use crate::carriers::{Carrier, logs, metrics, text, traces};

fn mark() -> Value {
    json!({"actions": [{"key": "a", "value": "new", "action": "upsert"}]})
}

fn resource() -> Resource {
    Resource {
        attributes: vec![text("a", "resource")],
        ..Resource::default()
    }
}

fn scope() -> InstrumentationScope {
    InstrumentationScope {
        attributes: vec![text("a", "scope")],
        ..InstrumentationScope::default()
    }
}

fn consume(signal: Signal, bytes: &[u8]) -> Consumed {
    let host = TestHost::new(component());
    host.started(signal, &mark())
        .unwrap()
        .consume(bytes)
        .unwrap()
}

fn replaced(signal: Signal, bytes: &[u8]) -> Vec<u8> {
    match consume(signal, bytes) {
        Consumed::Replaced(otlp) => otlp,
        other => panic!("{other:?}"),
    }
}

#[test]
fn resources_scopes_events_and_links_keep_their_attributes() {
    let mut model = traces(vec![Span {
        attributes: vec![text("a", "old")],
        events: vec![span::Event {
            attributes: vec![text("a", "event")],
            ..span::Event::default()
        }],
        links: vec![span::Link {
            attributes: vec![text("a", "link")],
            ..span::Link::default()
        }],
        ..Span::default()
    }]);
    model.resource_spans[0].resource = Some(resource());
    model.resource_spans[0].scope_spans[0].scope = Some(scope());
    let next = replaced(Signal::Traces, &model.encode_to_vec());
    model.resource_spans[0].scope_spans[0].spans[0].attributes = vec![text("a", "new")];
    assert_eq!(
        ExportTraceServiceRequest::decode(next.as_slice()).unwrap(),
        model
    );
}

#[test]
fn exemplars_and_metadata_keep_their_attributes() {
    let mut model = metrics(vec![
        Metric {
            metadata: vec![text("a", "metadata")],
            data: Some(Data::Gauge(Gauge {
                data_points: vec![
                    NumberDataPoint {
                        exemplars: vec![Exemplar {
                            filtered_attributes: vec![text("a", "exemplar")],
                            ..Exemplar::default()
                        }],
                        ..NumberDataPoint::default()
                    };
                    2
                ],
            })),
            ..Metric::default()
        },
        Metric {
            name: "without data".to_owned(),
            ..Metric::default()
        },
    ]);
    model.resource_metrics[0].resource = Some(resource());
    let next = replaced(Signal::Metrics, &model.encode_to_vec());
    let Some(Data::Gauge(gauge)) = &mut model.resource_metrics[0].scope_metrics[0].metrics[0].data
    else {
        panic!("it was made as a gauge");
    };
    for point in &mut gauge.data_points {
        point.attributes = vec![text("a", "new")];
    }
    assert_eq!(
        ExportMetricsServiceRequest::decode(next.as_slice()).unwrap(),
        model
    );
}

#[test]
fn every_record_of_every_scope_and_resource_is_reached() {
    let mut model = logs(vec![
        LogRecord::default(),
        LogRecord {
            attributes: vec![text("a", "new")],
            ..LogRecord::default()
        },
    ]);
    let resource = model.resource_logs[0].clone();
    model.resource_logs[0]
        .scope_logs
        .push(resource.scope_logs[0].clone());
    model.resource_logs.push(resource);
    let next = replaced(Signal::Logs, &model.encode_to_vec());
    for record in model
        .resource_logs
        .iter_mut()
        .flat_map(|resource| &mut resource.scope_logs)
        .flat_map(|scope| &mut scope.log_records)
    {
        record.attributes = vec![text("a", "new")];
    }
    assert_eq!(
        ExportLogsServiceRequest::decode(next.as_slice()).unwrap(),
        model
    );
}

#[test]
fn telemetry_that_no_action_changes_passes_through() {
    for carrier in Carrier::ALL {
        let bytes = carrier.encode(vec![text("a", "new")]);
        assert_eq!(
            consume(carrier.signal(), &bytes),
            Consumed::PassThrough,
            "{carrier:?}"
        );
        assert_eq!(
            consume(carrier.signal(), &[]),
            Consumed::PassThrough,
            "{carrier:?}"
        );
    }
}

#[test]
fn bytes_that_are_not_otlp_are_a_permanent_error() {
    let host = TestHost::new(component());
    for signal in [Signal::Logs, Signal::Traces, Signal::Metrics] {
        let processor = host.started(signal, &mark()).unwrap();
        let failure = processor.consume(&[0x0a, 0x7f]).unwrap_err();
        assert!(failure.is_permanent());
        assert!(
            failure.message.contains("goes on after the end"),
            "{}",
            failure.message
        );
    }
}

#[test]
fn instances_of_one_component_do_not_share_actions() {
    let host = TestHost::new(component());
    let one = host.started(Signal::Logs, &mark()).unwrap();
    let other = host
        .started(
            Signal::Logs,
            &json!({"actions": [{"key": "a", "action": "delete"}]}),
        )
        .unwrap();
    let bytes = Carrier::Log.encode(vec![text("a", "old")]);
    let first = one.consume(&bytes).unwrap().next(&bytes).unwrap();
    let second = other.consume(&bytes).unwrap().next(&bytes).unwrap();
    assert_eq!(Carrier::Log.decode(&first), [text("a", "new")]);
    assert_eq!(Carrier::Log.decode(&second), []);
}
