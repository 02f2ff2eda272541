//! The two rows about verification in the list of what must be reached, as ratios of medians of
//! alternating runs.
//!
//! In: the quickstart's distribution. Out: rows for `BENCHMARKS.md`. Invariant: what is compared
//! runs in turn within one process, and each ratio stands beside the ratio of two equal runs (A/A).
#![expect(
    clippy::print_stdout,
    reason = "a bench talks to the person who started it"
)]

use std::collections::BTreeSet;
use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use bimetal_conformance::subject;
use bimetal_files::Digest;
use bimetal_manifest::object::{Artifact, PackageHashes, open};
use bimetal_manifest::schema::Policy;
use bimetal_verify::compare::{Candidate, Prediction, predict};
use bimetal_verify::{
    Digests, FoundLock, PluginFile, ProcessSet, Request, Rules, Scan, Trust, Verdict, compare,
    verify,
};
use camino::{Utf8Path, Utf8PathBuf};

/// Rounds that count; an odd number has a middle.
const ROUNDS: usize = 31;
/// Rounds before them.
const WARM_UP: usize = 3;

type Run<'a> = &'a dyn Fn() -> Result<(), Box<dyn Error>>;

fn main() -> Result<(), Box<dyn Error>> {
    let subject = subject::subject()?;
    println!("| Verification | median A | median B | A / B | A / A |");
    println!("|---|---|---|---|---|");
    one(&subject)?;
    hundred(&subject)?;
    Ok(())
}

/// A: open, read, compare. B: SHA-256 of the same file, as the product takes it.
fn one(subject: &subject::Subject) -> Result<(), Box<dyn Error>> {
    let verify = || {
        black_box(subject::verify(&subject.main, &subject.plugin)?);
        Ok(())
    };
    let digest = || {
        let file = fs_err::File::open(&subject.plugin)?;
        black_box(Digest::of_file(file.file())?);
        Ok(())
    };
    #[expect(clippy::cast_precision_loss, reason = "a file's size in megabytes")]
    let size = fs_err::metadata(&subject.plugin)?.len() as f64 / 1e6;
    let medians = alternate([&verify, &digest, &verify])?;
    row(
        &format!("A: one Go plugin of {size:.0} MB, digest apart; B: its SHA-256"),
        medians,
    );
    Ok(())
}

/// A: a set of a hundred with its prediction. B: each of the hundred alone.
fn hundred(subject: &subject::Subject) -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir_in(bimetal_conformance::distribution::target())?;
    let directory =
        Utf8Path::from_path(directory.path()).ok_or("the directory's name is not UTF-8")?;
    let plugins = subject::set(subject, directory)?;
    let none = PackageHashes::new();
    let go = subject.main.facts.go.as_ref();
    let hashes = go.map_or(&none, |go| &go.package_hashes);
    let together = || check_set(&subject.main, hashes, &plugins);
    let alone = || {
        plugins
            .iter()
            .try_for_each(|plugin| check_set(&subject.main, hashes, std::slice::from_ref(plugin)))
    };
    let medians = alternate([&together, &alone, &together])?;
    row("A: 100 Go plugins as a set; B: 100 times one", medians);
    let check = || {
        let files = PluginFile::read_all(&Scan::of(directory)?.entries, Digests::LeftOut);
        let request = Request {
            main: Some(&subject.main),
            rules: Rules::from(Policy::Exact),
            lock: &FoundLock::Absent,
            require_lock: false,
            trust: &Trust::Rights,
            directory: None,
            linked_in: &BTreeSet::new(),
        };
        let decision = verify(&request, &files, &mut ProcessSet::default());
        let is_good = |plugin: &Verdict| plugin.status.may_be_loaded();
        if files.len() == subject::SET && decision.plugins.iter().all(is_good) {
            Ok(())
        } else {
            Err(format!("the set does not fit: {:?}", decision.conflicts).into())
        }
    };
    let medians = alternate([&check, &alone, &check])?;
    row(
        "A: the catalog of 100 checked with all pairs, digests apart; B: 100 times one",
        medians,
    );
    Ok(())
}

fn check_set(
    main: &Artifact,
    hashes: &PackageHashes,
    plugins: &[Utf8PathBuf],
) -> Result<(), Box<dyn Error>> {
    let mut artifacts = Vec::with_capacity(plugins.len());
    for plugin in plugins {
        let (_file, artifact) = open(plugin)?;
        if !compare(main, &artifact, Policy::Exact).is_empty() {
            return Err(format!("`{plugin}` does not fit").into());
        }
        artifacts.push((plugin.as_str(), artifact));
    }
    let candidates: Vec<_> = artifacts
        .iter()
        .filter_map(|(file, artifact)| Candidate::of(file, artifact))
        .collect();
    let predictions = predict(hashes, &[], &candidates);
    if predictions.len() == plugins.len() && predictions.iter().all(Prediction::is_accepted) {
        Ok(())
    } else {
        Err("the set does not fit".into())
    }
}

/// Medians of A, B and A again, each run once per round, in an order that changes with the round.
fn alternate(runs: [Run<'_>; 3]) -> Result<[Duration; 3], Box<dyn Error>> {
    let mut times = [const { Vec::new() }; 3];
    for round in 0..WARM_UP + ROUNDS {
        for turn in 0..runs.len() {
            let index = (round + turn) % runs.len();
            let start = Instant::now();
            runs[index]()?;
            if round >= WARM_UP {
                times[index].push(start.elapsed());
            }
        }
    }
    Ok(times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2]
    }))
}

fn row(name: &str, [first, other, again]: [Duration; 3]) {
    println!(
        "| {name} | {:.2} ms | {:.2} ms | {:.3} | {:.3} |",
        first.as_secs_f64() * 1e3,
        other.as_secs_f64() * 1e3,
        first.as_secs_f64() / other.as_secs_f64(),
        first.as_secs_f64() / again.as_secs_f64()
    );
}
