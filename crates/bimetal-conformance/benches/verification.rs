//! Verifying a real Go plugin, and what it is measured against.
//!
//! In: the quickstart's distribution. Out: criterion's report. Invariant: nothing that is measured
//! runs code of a plugin.

use std::error::Error;

use bimetal_conformance::subject;
use bimetal_files::Digest;
use bimetal_manifest::Manifest;
use bimetal_manifest::object::open;
use bimetal_verify::compare::{Candidate, predict};
use criterion::Criterion;

fn main() -> Result<(), Box<dyn Error>> {
    let subject = subject::subject()?;
    let main = &subject.main;
    let (_, plugin) = open(&subject.plugin)?;
    let text = plugin
        .manifests
        .as_ref()
        .map_err(Clone::clone)?
        .text
        .clone();
    let none = bimetal_manifest::object::PackageHashes::new();
    let hashes = main
        .facts
        .go
        .as_ref()
        .map_or(&none, |go| &go.package_hashes);
    let candidates =
        vec![Candidate::of("plugin.so", &plugin).ok_or("it is no Go plugin")?; subject::SET];
    let mut criterion = Criterion::default().configure_from_args();
    criterion.bench_function("open, read and compare a Go plugin", |bencher| {
        bencher.iter(|| subject::verify(main, &subject.plugin).expect("it was verified before"));
    });
    criterion.bench_function("read main", |bencher| {
        bencher.iter(|| open(&subject.main_path).expect("it was read before"));
    });
    criterion.bench_function("sha256 of the Go plugin", |bencher| {
        bencher.iter(|| {
            let (file, _) = open(&subject.plugin).expect("it was read before");
            Digest::of_file(&file).expect("it was read before")
        });
    });
    criterion.bench_function("parse a manifest", |bencher| {
        bencher.iter(|| Manifest::parse(&text).expect("it was parsed before"));
    });
    criterion.bench_function("predict a set of 100", |bencher| {
        bencher.iter(|| predict(hashes, &[], &candidates));
    });
    criterion.final_summary();
    Ok(())
}
