//! Reading a batch allocates nothing, however many records it has.
//!
//! In: batches of 8,192 records, encoded and in place. Out: how often reading and editing allocate.
//! Invariant: one test in this binary, because the allocator counts for the whole process.

#![expect(
    clippy::unwrap_used,
    reason = "tests, and the functions that they share"
)]
#![expect(unsafe_code, reason = "vouches for the memory that the test made")]

use bimetal_abi::Signal;
use bimetal_pdata::{Attributes, Batch, Layout, Logs, Metrics, Traces, Value};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{
    Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, metric,
};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message;

use crate::image::Image;

#[expect(dead_code, reason = "other tests make more of it")]
#[path = "../it/image.rs"]
mod image;

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

const RECORDS: usize = 8192;

fn text(text: impl Into<String>) -> AnyValue {
    AnyValue {
        value: Some(any_value::Value::StringValue(text.into())),
    }
}

fn attributes(record: usize) -> Vec<KeyValue> {
    let entry = |at| KeyValue {
        key: format!("attribute.number.{at}"),
        value: Some(text(format!("value {at} of record {record}"))),
        ..KeyValue::default()
    };
    (0..10).map(entry).collect()
}

fn logs() -> Vec<u8> {
    let record = |at| LogRecord {
        body: Some(text(format!("record {at} was written"))),
        severity_number: 9,
        severity_text: "INFO".to_owned(),
        attributes: attributes(at),
        ..LogRecord::default()
    };
    let scope_logs = vec![ScopeLogs {
        log_records: (0..RECORDS).map(record).collect(),
        ..ScopeLogs::default()
    }];
    let resource_logs = vec![ResourceLogs {
        scope_logs,
        ..ResourceLogs::default()
    }];
    ExportLogsServiceRequest { resource_logs }.encode_to_vec()
}

fn traces() -> Vec<u8> {
    let span = |at| Span {
        name: format!("span {at}"),
        status: Some(Status {
            message: "broken".to_owned(),
            code: 2,
        }),
        attributes: attributes(at),
        ..Span::default()
    };
    let scope_spans = vec![ScopeSpans {
        spans: (0..RECORDS).map(span).collect(),
        ..ScopeSpans::default()
    }];
    let resource_spans = vec![ResourceSpans {
        scope_spans,
        ..ResourceSpans::default()
    }];
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}

fn metrics() -> Vec<u8> {
    let point = |at| NumberDataPoint {
        attributes: attributes(at),
        time_unix_nano: 1,
        ..NumberDataPoint::default()
    };
    let metric = |at: usize| Metric {
        name: format!("metric {at}"),
        data: Some(metric::Data::Sum(Sum {
            data_points: (0..8).map(|point_at| point(at * 8 + point_at)).collect(),
            ..Sum::default()
        })),
        ..Metric::default()
    };
    let scope_metrics = vec![ScopeMetrics {
        metrics: (0..RECORDS / 8).map(metric).collect(),
        ..ScopeMetrics::default()
    }];
    let resource_metrics = vec![ResourceMetrics {
        scope_metrics,
        ..ResourceMetrics::default()
    }];
    ExportMetricsServiceRequest { resource_metrics }.encode_to_vec()
}

/// Reads every attribute, and one by its key.
fn scan(attributes: Attributes<'_>) -> usize {
    let all: usize = attributes
        .iter()
        .filter_map(|(key, value)| Some(key.to_str()?.len() + value.as_str()?.len()))
        .sum();
    let one = attributes.get("attribute.number.7");
    all + one.and_then(|value| value.as_str()).map_or(0, str::len)
}

fn scan_logs(bytes: &[u8]) -> usize {
    scan_records(&Logs::parse(bytes).unwrap())
}

fn scan_records(logs: &Logs<'_>) -> usize {
    logs.records()
        .map(|record| {
            assert_eq!(record.severity_number(), 9);
            assert_eq!(record.severity_text(), "INFO");
            let body = record.body().as_str().map_or(0, str::len);
            body + scan(record.attributes())
        })
        .sum()
}

fn scan_traces(bytes: &[u8]) -> usize {
    let traces = Traces::parse(bytes).unwrap();
    traces
        .records()
        .map(|span| {
            assert_eq!(span.status().code(), 2);
            span.name().as_bytes().len() + scan(span.attributes())
        })
        .sum()
}

fn scan_metrics(bytes: &[u8]) -> usize {
    let metrics = Metrics::parse(bytes).unwrap();
    let points = metrics.records().flat_map(|metric| metric.data_points());
    points
        .map(|point| {
            assert_eq!(point.time_unix_nano(), 1);
            scan(point.attributes())
        })
        .sum()
}

/// What the work takes with the log records where they lie, the batch itself included.
fn in_place<T>(image: &Image, layout: &Layout, work: impl Fn(&mut Logs<'_>) -> T) -> (T, u64) {
    let before = blocks();
    // SAFETY: the image lies as its table says, and lives longer than the batch.
    let batch = unsafe { Batch::new(layout, image.root) }.unwrap();
    let mut logs = Logs::in_place(&batch);
    let done = work(&mut logs);
    let taken = blocks() - before;
    assert!(!batch.unread());
    (done, taken)
}

fn blocks() -> u64 {
    dhat::HeapStats::get().total_blocks
}

#[test]
fn scanning_8192_records_allocates_nothing() {
    type Scan = fn(&[u8]) -> usize;
    let batches: [(Scan, Vec<u8>); 3] = [
        (scan_logs, logs()),
        (scan_traces, traces()),
        (scan_metrics, metrics()),
    ];
    let request = ExportLogsServiceRequest::decode(&*batches[0].1).unwrap();
    let image = Image::of(&request, 0);
    let layout = Layout::of(Signal::Logs, &image.table()).unwrap();
    let _profiler = dhat::Profiler::builder().testing().build();
    for (scan, bytes) in &batches {
        // The smaller of two figures: the test harness may allocate in a thread of its own.
        let taken = [(); 2].map(|()| {
            let before = blocks();
            let read = scan(bytes);
            assert!(read > RECORDS * 300, "only {read} bytes were read");
            blocks() - before
        });
        assert_eq!(taken.into_iter().min(), Some(0));
    }

    let taken = [(); 2].map(|()| {
        let (read, taken) = in_place(&image, &layout, |logs| scan_records(logs));
        assert!(read > RECORDS * 300, "only {read} bytes were read");
        taken
    });
    assert_eq!(taken.into_iter().min(), Some(0), "in place");
    let (deleted, taken) = in_place(&image, &layout, |logs| {
        let mut records = logs.records_mut();
        records.any(|mut record| record.attributes_mut().delete("absent"))
    });
    assert_eq!((deleted, taken), (false, 0), "in place, without a change");
    let (written, taken) = in_place(&image, &layout, |logs| {
        let upserted = logs.records_mut().map(|mut record| {
            let mut attributes = record.attributes_mut();
            usize::from(attributes.upsert("attribute.number.7", "new"))
        });
        upserted.sum::<usize>()
    });
    assert_eq!(written, RECORDS);
    assert!((1..=12).contains(&taken), "{taken} in place");

    // The counter counts. What changes nothing takes none; what changes everything takes as many as
    // two growing lists do, however many actions a record sees.
    let bytes = &batches[0].1;
    let mut logs = Logs::parse(bytes).unwrap();
    let before = blocks();
    for mut record in logs.records_mut() {
        record.attributes_mut().delete("absent");
    }
    let without_a_change = blocks() - before;
    assert_eq!(without_a_change, 0);
    for mut record in logs.records_mut() {
        record.attributes_mut().upsert("attribute.number.7", "new");
    }
    let changes = blocks() - before;
    assert!((1..=12).contains(&changes), "{changes}");
    let mut logs = Logs::parse(bytes).unwrap();
    let before = blocks();
    for mut record in logs.records_mut() {
        let mut attributes = record.attributes_mut();
        attributes.upsert("attribute.number.7", "new");
        attributes.upsert("attribute.number.8", "new");
        attributes.delete("attribute.number.1");
        attributes.insert("another", 1);
    }
    let changes = blocks() - before;
    assert!((1..=24).contains(&changes), "{changes} for four actions");
    // Once more, behind what was changed before.
    for mut record in logs.records_mut() {
        record
            .attributes_mut()
            .update("attribute.number.2", "newer");
    }
    let changes = blocks() - before;
    assert!((1..=64).contains(&changes), "{changes} for two walks");
    assert!(matches!(
        logs.records().next().unwrap().attributes().get("attribute.number.7"),
        Some(Value::Str(text)) if text == "new"
    ));
}
