//! Single steps of a verification, for counting their instructions.
//!
//! In: the name of a step. Out: nothing. Invariant: the function `counted` is called once, and
//! everything that the step needs is there before; under callgrind only what happens inside of it
//! is collected.

use std::error::Error;
use std::hint::black_box;

use bimetal_conformance::subject;
use bimetal_files::Digest;
use bimetal_manifest::Manifest;
use bimetal_manifest::object::{PackageHashes, open};
use bimetal_verify::compare::{Candidate, predict};

fn main() -> Result<(), Box<dyn Error>> {
    // Cargo gives a bench the argument `--bench`.
    let step = std::env::args().nth(1).unwrap_or_default();
    let subject = subject::subject()?;
    let main = &subject.main;
    let (file, plugin) = open(&subject.plugin)?;
    let text = plugin
        .manifests
        .as_ref()
        .map_err(Clone::clone)?
        .text
        .clone();
    let none = PackageHashes::new();
    let hashes = main
        .facts
        .go
        .as_ref()
        .map_or(&none, |go| &go.package_hashes);
    let names: Vec<_> = (0..subject::SET)
        .map(|number| format!("{number}.so"))
        .collect();
    let candidates: Vec<_> = names
        .iter()
        .filter_map(|name| {
            Some(Candidate {
                // Two plugins with one path refuse each other; a set is of different ones.
                plugin_path: Some(name),
                ..Candidate::of(name, &plugin)?
            })
        })
        .collect();
    match step.as_str() {
        "verify" => counted(|| subject::verify(main, &subject.plugin).is_ok()),
        "main" => counted(|| open(&subject.main_path).is_ok()),
        "manifest" => counted(|| Manifest::parse(&text).is_ok()),
        "predict" => counted(|| predict(hashes, &[], &candidates).len() == subject::SET),
        "sha256" => counted(|| Digest::of_file(&file).is_ok()),
        other => Err(format!("`{other}` is no step").into()),
    }
}

#[inline(never)]
fn counted(step: impl FnOnce() -> bool) -> Result<(), Box<dyn Error>> {
    if black_box(step)() {
        Ok(())
    } else {
        Err("the step failed".into())
    }
}
