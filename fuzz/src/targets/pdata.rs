//! Telemetry as it comes from the other side.
//!
//! In: bytes as a batch of each signal. Out: nothing. Invariant: a batch that was not edited is
//! written as it came, one that was edited can be read again with as many records, and a copy that
//! was changed has the change.

use bimetal_pdata::{Logs, Metrics, OfLogs, OfMetrics, OfTraces, Telemetry, Traces, Value, Write};

const KEY: &str = "fuzz.key";
const COPY: &str = "fuzz.copy";

/// One input.
pub fn run(data: &[u8]) {
    if let Ok(logs) = Logs::parse(data) {
        of_logs(data, logs);
    }
    if let Ok(traces) = Traces::parse(data) {
        of_traces(data, traces);
    }
    if let Ok(metrics) = Metrics::parse(data) {
        of_metrics(data, metrics);
    }
}

macro_rules! signal {
    ($run:ident, $signal:ident, $edit:expr, $has_edit:expr) => {
        fn $run(data: &[u8], mut batch: Telemetry<'_, $signal>) {
            assert!(!batch.changed());
            assert_eq!(batch.encode(), data);
            let count = batch.record_count();
            assert_eq!(batch.records().count(), count);
            for mut resource in batch.resources_mut() {
                for (_, value) in resource.attributes().iter() {
                    walk(value);
                }
                resource.attributes_mut().upsert(KEY, "resource");
                for mut scope in resource.scopes_mut() {
                    scope.attributes_mut().insert(KEY, 7_i64);
                }
            }
            batch.records_mut().for_each($edit);
            let written = batch.encode();
            let mut again = Telemetry::<$signal>::parse(&written).expect("what was written reads");
            assert_eq!(again.record_count(), count);
            for resource in again.resources() {
                let value = resource
                    .attributes()
                    .get(KEY)
                    .and_then(|value| value.as_str());
                assert_eq!(value, Some("resource"));
            }
            assert!(again.records().all($has_edit));
            assert_eq!(again.encode(), written);
            // Every second record goes.
            let mut number = 0;
            again.retain_records(|_| {
                number += 1;
                number % 2 == 0
            });
            let written = again.encode();
            let left = Telemetry::<$signal>::parse(&written).expect("what was written reads");
            assert_eq!(left.record_count(), count / 2);
        }
    };
}

signal!(
    of_logs,
    OfLogs,
    |mut record| {
        walk(record.body());
        edit(&mut record.attributes_mut());
    },
    |record| is_edited(record.attributes())
);
signal!(
    of_traces,
    OfTraces,
    |mut span| edit(&mut span.attributes_mut()),
    |span| is_edited(span.attributes())
);
signal!(
    of_metrics,
    OfMetrics,
    |mut metric| {
        for mut point in metric.data_points_mut() {
            edit(&mut point.attributes_mut());
        }
    },
    |metric| metric
        .data_points()
        .all(|point| is_edited(point.attributes()))
);

/// Writes, copies, renames and takes away, as components do.
fn edit(attributes: &mut bimetal_pdata::AttributesMut<'_>) {
    let first = attributes
        .iter()
        .next()
        .and_then(|(key, _)| key.to_str().map(str::to_owned));
    for (_, value) in attributes.iter() {
        walk(value);
    }
    attributes.upsert(KEY, 0.5);
    attributes.copy(Write::Upsert, COPY, KEY);
    if let Some(first) = first.filter(|first| first != KEY && first != COPY) {
        attributes.rename(&first, "fuzz.renamed");
        attributes.retain(|key, _| key != first.as_str());
    }
    attributes.delete("fuzz.renamed");
}

fn is_edited(attributes: bimetal_pdata::Attributes<'_>) -> bool {
    let half = |key| attributes.get(key).and_then(|value| value.as_double()) == Some(0.5);
    half(KEY) && half(COPY) && !attributes.contains("fuzz.renamed")
}

/// Everything in a value, so that all of it is read.
fn walk(value: Value<'_>) -> usize {
    match value {
        Value::Array(array) => 1 + array.iter().map(walk).sum::<usize>(),
        Value::Map(map) => {
            let values = map.iter();
            1 + values
                .map(|(key, value)| key.as_bytes().len() + walk(value))
                .sum::<usize>()
        }
        _ => 1,
    }
}
