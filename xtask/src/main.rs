//! Every chore of this repository has one name.
//!
//! In: the name of a chore. Out: an exit code, 0 when it held. Invariant: a missing tool fails a
//! chore; nothing is skipped in silence.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "chores talk to the person who started them"
)]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod advisories;
mod bench;
mod chore;
mod deny;
mod gate;
mod header;
mod lines;
mod prose;
mod quickstart;
mod schemas;
mod soak;
mod structure;
mod test_items;
mod tools;

use chore::ChoreError;

/// Chores of this repository. `make` calls them with the toolchains in place.
#[derive(Parser)]
#[command(name = "xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Build a Collector with a Go and a Rust plugin, and send telemetry through it.
    Quickstart,
    /// The gate: lint, unit, property, structure, quickstart, loading.
    Test,
    /// The gate and everything slow: comparison with OCB, rebuilds, all five kinds as plugins.
    TestAll,
    /// Hermetic builds in real containers; installs the engines from Debian's packages.
    TestHermetic,
    /// Fuzzing, properties, sanitizers, load; `SOAK_MINUTES` and `PART` say how long and which.
    Soak,
    /// Look up advisories against crates and Go modules.
    Advisories,
    /// Check arrows and circles of crates, directories and files; openings and lengths of files;
    /// where unsafe code stands.
    Structure {
        /// Check another copy of the repository.
        #[arg(long, value_name = "DIRECTORY")]
        root: Option<PathBuf>,
    },
    /// Count lines of product code and of comments by crate.
    Lines {
        /// A revision to count instead of the work tree.
        #[arg(long, value_name = "REVISION")]
        at: Option<String>,
    },
    /// Check spelling, and the links between pages.
    Prose,
    /// Build the book of `docs/` into `target/book`.
    Book,
    /// Check the C header and Go's generated files against the Rust types; with `--write`, write
    /// them.
    Header {
        /// Write the files instead of comparing them.
        #[arg(long)]
        write: bool,
    },
    /// Write what `docs/reference` has from the types: JSON Schemas, commands, checks; the tests
    /// compare them.
    Schemas,
    /// Measure, keep the figures at the component with the tables that follow from them, and print
    /// the other tables of `BENCHMARKS.md`.
    Bench {
        /// Only what deciding from bytes costs.
        #[arg(long, conflicts_with = "rows")]
        verification: bool,
        #[command(flatten)]
        component: bench::component::Options,
    },
    /// Count the instructions of single steps under callgrind.
    Instructions {
        /// Whose steps.
        part: bench::instructions::Part,
    },
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().chore {
        Chore::Quickstart => quickstart::run_all(),
        Chore::Test => gate::test(),
        Chore::TestAll => gate::test_all(),
        Chore::TestHermetic => gate::hermetic(),
        Chore::Soak => soak::run(),
        Chore::Advisories => advisories::look_up(advisories::Patience::Full),
        Chore::Structure { root } => gate::structure(root.as_deref()),
        Chore::Lines { at } => lines::run(at.as_deref()),
        Chore::Prose => prose::check(),
        Chore::Book => prose::book(),
        Chore::Header { write } => header::generated(write),
        Chore::Schemas => schemas::write(),
        Chore::Bench {
            verification: true, ..
        } => bench::verification::run_all(),
        Chore::Bench { component, .. } => bench::run(&component),
        Chore::Instructions { part } => bench::count(part),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error);
            ExitCode::FAILURE
        }
    }
}

fn report(error: &ChoreError) {
    eprintln!("error: {error}");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        eprintln!("caused by: {cause}");
        source = cause.source();
    }
}
