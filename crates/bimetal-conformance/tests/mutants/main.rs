//! A second opinion on accepted files: what main's verifier accepts, the loader loads.
//!
//! In: a real Rust plugin and a real Go plugin, each with one to three fields of its headers and
//! tables changed. Out: a line for each language. Invariant: a mutant that is accepted and does not
//! load, or that brings in a library which its report does not name, fails the test.
//!
//! `BIMETAL_MUTANT_SEED` starts with another seed, `BIMETAL_MUTANT_SECONDS` goes on for as long
//! instead of a fixed number. The last line has the seed to go on from.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(
    clippy::print_stdout,
    reason = "the last lines are what this test prints"
)]

mod change;
mod opener;

use std::collections::BTreeSet;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use bimetal_conformance::distribution::{Distribution, build, repository};
use bimetal_files::Digest;
use bimetal_manifest::object::{GlibcVersion, open};
use bimetal_manifest::{Artifact, Form};
use bimetal_verify::{FoundLock, PluginFile, ProcessSet, Request, Rules, System, Trust, verify};
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

use crate::change::{Change, Source, tables};
use crate::opener::Opener;

/// Mutants of each plugin where no time is given.
const RUST: u64 = 2000;
const GO: u64 = 300;

/// How long to go on, or how many mutants to make.
#[derive(Clone, Copy)]
enum Extent {
    Count(u64),
    Time(Duration),
}

struct Verifier {
    main: Artifact,
    system: System,
    glibc: Option<GlibcVersion>,
}

#[derive(Default)]
struct Tally {
    mutants: u64,
    accepted: u64,
    loaded: u64,
    wrong: Vec<String>,
}

fn main() -> ExitCode {
    let seed = number("BIMETAL_MUTANT_SEED").unwrap_or(1);
    let time = number("BIMETAL_MUTANT_SECONDS").map(Duration::from_secs);
    let distribution = build(
        "otelcol-quickstart",
        &repository().join("examples/quickstart/builder-config.yaml"),
    )
    .unwrap();
    let verifier = Verifier::of(&distribution.main);
    let mut opener = Opener::start();
    let mut failed = false;
    for (file, count) in [
        ("processor-attributes.so", RUST),
        ("processor-transform.so", GO),
    ] {
        let extent = time.map_or(Extent::Count(count), |time| Extent::Time(time / 2));
        let plugin = distribution.plugins.join(file);
        let tally = verifier.try_mutants(&plugin, &distribution, extent, seed, &mut opener);
        for wrong in &tally.wrong {
            println!("{wrong}");
        }
        println!(
            "{file}: {} mutants from seed {seed} on, {} accepted, {} loaded, \
             {} accepted and not loadable; next seed {}",
            tally.mutants,
            tally.accepted,
            tally.loaded,
            tally.wrong.len(),
            seed + tally.mutants
        );
        failed |= !tally.wrong.is_empty() || tally.accepted == 0;
    }
    if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable}: `{text}` is not a number")),
    )
}

impl Verifier {
    fn of(main: &Utf8Path) -> Self {
        let main = open(main).unwrap().1;
        let system = System::of_this_machine(&main, true);
        Self {
            glibc: glibc(),
            system,
            main,
        }
    }

    fn accepts(&self, file: &File, name: &str) -> Option<Artifact> {
        let rules = Rules {
            glibc: self.glibc,
            system: Some(&self.system),
            ..Rules::of(&self.main, None)
        };
        let request = Request {
            main: Some(&self.main),
            rules,
            lock: &FoundLock::Absent,
            require_lock: false,
            trust: &Trust::Rights,
            directory: None,
            linked_in: &BTreeSet::new(),
        };
        let files = [PluginFile::of_copy(name, file, Digest::of(""))];
        let decision = verify(&request, &files, &mut ProcessSet::default());
        let [file] = files;
        let accepted = decision
            .plugins
            .iter()
            .all(|plugin| plugin.status.may_be_loaded());
        file.artifact.ok().filter(|_| accepted)
    }

    fn try_mutants(
        &self,
        plugin: &Utf8Path,
        distribution: &Distribution,
        extent: Extent,
        seed: u64,
        opener: &mut Opener,
    ) -> Tally {
        let good = fs::read(plugin).unwrap();
        let keep = tempfile::tempdir().unwrap();
        let place = Utf8PathBuf::try_from(keep.path().join(plugin.file_name().unwrap())).unwrap();
        fs::write(&place, &good).unwrap();
        let file = File::options().read(true).write(true).open(&place).unwrap();
        let tables = tables(&good);
        let (started, mut tally) = (Instant::now(), Tally::default());
        let goes_on = |done: u64| match extent {
            Extent::Count(count) => done < count,
            Extent::Time(time) => started.elapsed() < time,
        };
        while goes_on(tally.mutants) {
            let number = seed + tally.mutants;
            let changes = Source::new(number).mutant(&good, &tables);
            for Change { place, bytes, .. } in &changes {
                file.write_all_at(bytes, *place as u64).unwrap();
            }
            tally.mutants += 1;
            if let Some(artifact) = self.accepts(&file, plugin.file_name().unwrap()) {
                tally.accepted += 1;
                match self.opens(&artifact, &place, distribution, opener) {
                    Ok(()) => tally.loaded += 1,
                    Err(what) => {
                        let changes: Vec<_> = changes.iter().map(ToString::to_string).collect();
                        tally
                            .wrong
                            .push(format!("seed {number}: {what}: {}", changes.join("; ")));
                    }
                }
            }
            for Change { place, bytes, .. } in &changes {
                let old = &good[*place..*place + bytes.len()];
                file.write_all_at(old, *place as u64).unwrap();
            }
        }
        tally
    }

    fn opens(
        &self,
        artifact: &Artifact,
        path: &Utf8Path,
        distribution: &Distribution,
        opener: &mut Opener,
    ) -> Result<(), String> {
        let is_go = artifact.facts.form == Form::GoPlugin;
        let factory = (!is_go).then_some("otelcol_processor_new_factory");
        let needed = artifact.facts.needed.iter().map(String::as_str);
        let named: Vec<_> = self
            .system
            .closure(needed)
            .into_iter()
            .flat_map(|library| &library.needed)
            .chain(&artifact.facts.needed)
            .collect();
        for library in opener.open(path, factory)? {
            if path.file_name() != Some(&*library) && !named.contains(&&library) {
                return Err(format!(
                    "it brings in `{library}`, which its report does not name"
                ));
            }
        }
        if is_go {
            loads_in_main(path, &distribution.main)
        } else {
            Ok(())
        }
    }
}

/// Go's runtime has a say too: main loads the file in a child.
#[expect(clippy::disallowed_methods, reason = "the real main runs")]
fn loads_in_main(path: &Utf8Path, main: &Utf8Path) -> Result<(), String> {
    // Its private copies would stay.
    let copies = tempfile::tempdir().unwrap();
    let output = Command::new(main)
        .args(["plugins", "validate", "--load", path.as_str()])
        .env_remove("XDG_RUNTIME_DIR")
        .env("TMPDIR", copies.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    if output.status.success() {
        Ok(())
    } else {
        Err(format!(
            "main does not load it: {}",
            text.replace('\n', " ")
        ))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the C library of this machine says its version"
)]
fn glibc() -> Option<GlibcVersion> {
    let output = Command::new("getconf")
        .arg("GNU_LIBC_VERSION")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    GlibcVersion::parse(text.trim().trim_start_matches("glibc "))
}
