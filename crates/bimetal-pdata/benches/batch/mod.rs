//! The batch that benchmarks of reading and of editing share.
//!
//! In: nothing. Out: log records with ten text attributes each. Invariant: the same every time.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};

pub(crate) const RECORDS: u16 = 8192;

fn text(text: String) -> AnyValue {
    AnyValue {
        value: Some(any_value::Value::StringValue(text)),
    }
}

pub(crate) fn logs(records: u16) -> ExportLogsServiceRequest {
    let attribute = |record, at| KeyValue {
        key: format!("attribute.number.{at}"),
        value: Some(text(format!("value {at} of record {record}"))),
        ..KeyValue::default()
    };
    let record = |record| LogRecord {
        body: Some(text(format!("request {record} was served"))),
        severity_number: 9,
        severity_text: "INFO".to_owned(),
        attributes: (0..10).map(|at| attribute(record, at)).collect(),
        ..LogRecord::default()
    };
    let scope_logs = vec![ScopeLogs {
        log_records: (0..records).map(record).collect(),
        ..ScopeLogs::default()
    }];
    let resource_logs = vec![ResourceLogs {
        scope_logs,
        ..ResourceLogs::default()
    }];
    ExportLogsServiceRequest { resource_logs }
}
