//! What it costs to read and to edit 8,192 log records with ten attributes each.
//!
//! In: one batch. Out: criterion's figures; `cargo bench --package bimetal-pdata`. Invariant: not
//! part of the gate, because a figure says something only beside another one of the same machine.
#![expect(clippy::unwrap_used, reason = "a benchmark may fail like a test")]

use std::hint::black_box;

use bimetal_pdata::Logs;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use prost::Message;

use crate::batch::RECORDS;

mod batch;

fn scan(logs: &Logs<'_>) -> usize {
    let records = logs.records().map(|record| {
        let attributes = record.attributes();
        let all = attributes
            .iter()
            .map(|(key, value)| key.as_bytes().len() + value.as_str().map_or(0, str::len));
        let one = attributes.get("attribute.number.7");
        let body = record.body().as_str().map_or(0, str::len);
        all.sum::<usize>() + body + one.and_then(|value| value.as_str()).map_or(0, str::len)
    });
    records.sum()
}

fn benches(criterion: &mut Criterion) {
    let bytes = batch::logs(RECORDS).encode_to_vec();
    let mut group = criterion.benchmark_group("8192 log records");
    group.throughput(Throughput::Elements(RECORDS.into()));
    group.bench_function("parse", |bencher| {
        bencher.iter(|| Logs::parse(black_box(&bytes)).unwrap().changed());
    });
    group.bench_function("parse and scan", |bencher| {
        bencher.iter(|| scan(&Logs::parse(black_box(&bytes)).unwrap()));
    });
    group.bench_function("parse, upsert and encode", |bencher| {
        bencher.iter(|| {
            let mut logs = Logs::parse(black_box(&bytes)).unwrap();
            for mut record in logs.records_mut() {
                record.attributes_mut().upsert("attribute.number.7", "new");
            }
            logs.encode()
        });
    });
    group.finish();
}

criterion_group!(group, benches);
criterion_main!(group);
