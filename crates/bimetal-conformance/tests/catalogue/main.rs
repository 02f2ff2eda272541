//! The failure catalogue: what the bytes predict about a file, and what really happens when it is
//! loaded.
//!
//! In: toolchains, real ones. Out: one test per symptom, then the table of all rows, and last the
//! count of rows that agree. Invariant: every row builds real artifacts and loads the very files
//! that it has verified, in a child process. A tool that is missing fails its row.
#![expect(clippy::unwrap_used, reason = "a row that cannot go on has failed")]
#![expect(clippy::print_stdout, reason = "the table is what this test prints")]

mod bent;
mod builder;
mod collector;
mod go;
mod modules;
mod native;
mod places;
mod predict;
mod reality;
mod row;
mod rows;
#[expect(
    dead_code,
    reason = "the catalogue asks for less of a scene than the loading tests do"
)]
#[path = "../it/scene.rs"]
mod scene;
mod table;
mod tools;

use std::panic;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Trial};

use table::Table;

/// Rows that build at one time: each keeps a compiler busy, and linking is what needs memory.
const ROWS_AT_ONCE: usize = 2;

fn main() -> ExitCode {
    // A row that cannot be finished stands in the table with its reason.
    panic::set_hook(Box::new(|_| ()));
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(ROWS_AT_ONCE);
    let table = Arc::new(Table::default());
    let trials = rows::all()
        .into_iter()
        .map(|(name, run)| {
            let table = Arc::clone(&table);
            Trial::test(name, move || table.record(name, run))
        })
        .collect();
    let is_list = arguments.list;
    let conclusion = libtest_mimic::run(&arguments, trials);
    if is_list {
        return ExitCode::SUCCESS;
    }
    table.print();
    if conclusion.has_failed() || table.wrong() > 0 {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}
