//! Everything that carries attributes which the processor changes.

use bimetal_sdk::Signal;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{
    ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint,
    Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary, SummaryDataPoint,
    metric::Data,
};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Carrier {
    Log,
    Span,
    Gauge,
    Sum,
    Histogram,
    ExponentialHistogram,
    Summary,
}

impl Carrier {
    pub(crate) const ALL: [Self; 7] = [
        Self::Log,
        Self::Span,
        Self::Gauge,
        Self::Sum,
        Self::Histogram,
        Self::ExponentialHistogram,
        Self::Summary,
    ];

    pub(crate) fn signal(self) -> Signal {
        match self {
            Self::Log => Signal::Logs,
            Self::Span => Signal::Traces,
            _ => Signal::Metrics,
        }
    }

    /// One record with these attributes.
    pub(crate) fn encode(self, attributes: Vec<KeyValue>) -> Vec<u8> {
        match self {
            Self::Log => logs(vec![LogRecord {
                attributes,
                ..LogRecord::default()
            }])
            .encode_to_vec(),
            Self::Span => traces(vec![Span {
                attributes,
                ..Span::default()
            }])
            .encode_to_vec(),
            _ => metrics(vec![Metric {
                data: Some(self.data(attributes)),
                ..Metric::default()
            }])
            .encode_to_vec(),
        }
    }

    fn data(self, attributes: Vec<KeyValue>) -> Data {
        let number = |attributes| NumberDataPoint {
            attributes,
            ..NumberDataPoint::default()
        };
        match self {
            Self::Sum => Data::Sum(Sum {
                data_points: vec![number(attributes)],
                ..Sum::default()
            }),
            Self::Histogram => Data::Histogram(Histogram {
                data_points: vec![HistogramDataPoint {
                    attributes,
                    ..HistogramDataPoint::default()
                }],
                ..Histogram::default()
            }),
            Self::ExponentialHistogram => Data::ExponentialHistogram(ExponentialHistogram {
                data_points: vec![ExponentialHistogramDataPoint {
                    attributes,
                    ..ExponentialHistogramDataPoint::default()
                }],
                ..ExponentialHistogram::default()
            }),
            Self::Summary => Data::Summary(Summary {
                data_points: vec![SummaryDataPoint {
                    attributes,
                    ..SummaryDataPoint::default()
                }],
            }),
            Self::Gauge | Self::Log | Self::Span => Data::Gauge(Gauge {
                data_points: vec![number(attributes)],
            }),
        }
    }

    /// The attributes of the one record.
    pub(crate) fn decode(self, bytes: &[u8]) -> Vec<KeyValue> {
        match self {
            Self::Log => {
                let mut decoded = ExportLogsServiceRequest::decode(bytes).unwrap();
                decoded
                    .resource_logs
                    .remove(0)
                    .scope_logs
                    .remove(0)
                    .log_records
                    .remove(0)
                    .attributes
            }
            Self::Span => {
                let mut decoded = ExportTraceServiceRequest::decode(bytes).unwrap();
                decoded
                    .resource_spans
                    .remove(0)
                    .scope_spans
                    .remove(0)
                    .spans
                    .remove(0)
                    .attributes
            }
            _ => {
                let mut decoded = ExportMetricsServiceRequest::decode(bytes).unwrap();
                let metric = decoded
                    .resource_metrics
                    .remove(0)
                    .scope_metrics
                    .remove(0)
                    .metrics
                    .remove(0);
                match metric.data.unwrap() {
                    Data::Gauge(mut data) => data.data_points.remove(0).attributes,
                    Data::Sum(mut data) => data.data_points.remove(0).attributes,
                    Data::Histogram(mut data) => data.data_points.remove(0).attributes,
                    Data::ExponentialHistogram(mut data) => data.data_points.remove(0).attributes,
                    Data::Summary(mut data) => data.data_points.remove(0).attributes,
                }
            }
        }
    }
}

pub(crate) fn logs(log_records: Vec<LogRecord>) -> ExportLogsServiceRequest {
    let scope_logs = vec![ScopeLogs {
        log_records,
        ..ScopeLogs::default()
    }];
    ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            scope_logs,
            ..ResourceLogs::default()
        }],
    }
}

pub(crate) fn traces(spans: Vec<Span>) -> ExportTraceServiceRequest {
    let scope_spans = vec![ScopeSpans {
        spans,
        ..ScopeSpans::default()
    }];
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            scope_spans,
            ..ResourceSpans::default()
        }],
    }
}

pub(crate) fn metrics(metrics: Vec<Metric>) -> ExportMetricsServiceRequest {
    let scope_metrics = vec![ScopeMetrics {
        metrics,
        ..ScopeMetrics::default()
    }];
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            scope_metrics,
            ..ResourceMetrics::default()
        }],
    }
}

pub(crate) fn attribute(key: &str, value: Option<Value>) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value }),
        ..KeyValue::default()
    }
}

pub(crate) fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Some(Value::StringValue(value.to_owned())))
}

pub(crate) fn int(key: &str, value: i64) -> KeyValue {
    attribute(key, Some(Value::IntValue(value)))
}
