//! How much memory verifying a plugin takes, and that a larger file takes no more.
//!
//! In: the quickstart's distribution. Out: rows for `BENCHMARKS.md`, or an error where memory grows
//! with the file. Invariant: main is read before the counting starts; what is counted is the peak
//! of the heap while one plugin is opened, read and compared.
#![expect(
    clippy::print_stdout,
    reason = "a bench talks to the person who started it"
)]

use std::error::Error;

use bimetal_conformance::distribution::target;
use bimetal_conformance::subject;
use bimetal_manifest::Artifact;
use camino::Utf8Path;
use fs_err as fs;

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

/// What the padded file is padded to.
const PADDED: u64 = 200_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    let subject = subject::subject()?;
    let directory = tempfile::tempdir_in(target())?;
    let directory =
        Utf8Path::from_path(directory.path()).ok_or("the directory's name is not UTF-8")?;
    let padded = directory.join("processor-transform.so");
    fs::copy(&subject.plugin, &padded)?;
    // Nothing in the file leads to what follows its section headers.
    let file = fs::OpenOptions::new().write(true).open(&padded)?;
    file.set_len(PADDED)?;
    println!("| Peak heap while verifying | file, MB | heap, kB |");
    println!("|---|---|---|");
    let one = row(&subject.main, &subject.plugin, "the Go plugin")?;
    let other = row(&subject.main, &padded, "the same, padded")?;
    if one == other {
        return Ok(());
    }
    Err(format!("memory depends on the size of the file: {one} and {other} bytes").into())
}

fn row(main: &Artifact, plugin: &Utf8Path, name: &str) -> Result<usize, Box<dyn Error>> {
    let size = fs::metadata(plugin)?.len();
    let profiler = dhat::Profiler::builder().testing().build();
    let before = dhat::HeapStats::get().curr_bytes;
    let found = subject::verify(main, plugin)?;
    let peak = dhat::HeapStats::get().max_bytes - before;
    drop(profiler);
    if !found.is_empty() {
        return Err(format!("main does not accept `{plugin}`: {found:?}").into());
    }
    println!("| {name} | {} | {} |", size / 1_000_000, peak / 1000);
    Ok(peak)
}
