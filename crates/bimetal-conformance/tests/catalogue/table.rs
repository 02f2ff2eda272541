//! The table of all rows that ran.
//!
//! In: findings, from several threads. Out: the table, and the line that counts. Invariant: a row
//! that could not be finished counts as wrong.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use libtest_mimic::Failed;

use crate::row::Finding;
use crate::rows::Run;

/// Widest text of a column.
const WIDTH: usize = 90;

#[derive(Default)]
pub(crate) struct Table(Mutex<BTreeMap<&'static str, Line>>);

struct Line {
    finding: Result<Finding, String>,
    took: Duration,
}

impl Line {
    fn is_right(&self) -> bool {
        self.finding.as_ref().is_ok_and(Finding::agrees)
    }
}

impl Table {
    /// Runs one row and keeps what it found.
    pub(crate) fn record(&self, name: &'static str, run: Run) -> Result<(), Failed> {
        let start = Instant::now();
        let finding = catch_unwind(AssertUnwindSafe(run)).map_err(|panic| text(panic.as_ref()));
        let line = Line {
            finding,
            took: start.elapsed(),
        };
        let result = match &line.finding {
            Err(reason) => Err(Failed::from(reason)),
            Ok(_) if line.is_right() => Ok(()),
            Ok(finding) => Err(Failed::from(format!(
                "symptom {:?}\npredicted {}\nseen {}",
                finding.symptom, finding.predicted, finding.seen
            ))),
        };
        self.0.lock().unwrap().insert(name, line);
        result
    }

    pub(crate) fn wrong(&self) -> usize {
        let lines = self.0.lock().unwrap();
        lines.values().filter(|line| !line.is_right()).count()
    }

    /// Prints every row, and last how many agree.
    pub(crate) fn print(&self) {
        let wrong = self.wrong();
        let lines = self.0.lock().unwrap();
        println!("| row | predicted | seen | agree | s |\n|---|---|---|---|---|");
        for (name, line) in lines.iter() {
            let agree = if line.is_right() { "yes" } else { "NO" };
            let (predicted, seen) = match &line.finding {
                Ok(finding) => (finding.predicted.to_string(), finding.seen.to_string()),
                Err(reason) => ("not finished".to_owned(), reason.clone()),
            };
            let seconds = line.took.as_secs_f64();
            let (predicted, seen) = (short(&predicted), short(&seen));
            println!("| {name} | {predicted} | {seen} | {agree} | {seconds:.1} |");
        }
        let rows = lines.len();
        println!(
            "\nagreement: {rows} rows, {} right, {wrong} wrong",
            rows - wrong
        );
    }
}

fn text(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
        .unwrap_or_else(|| "it panicked".to_owned())
}

/// One line that fits into a cell.
fn short(text: &str) -> String {
    let line: String = text
        .chars()
        .map(|char| match char {
            '\n' | '\t' => ' ',
            '|' => '/',
            char => char,
        })
        .collect();
    // What was done with a file is at the end of the loader's texts, where the file is at their
    // start.
    if line.chars().count() <= WIDTH {
        return line;
    }
    let head: String = line.chars().take(WIDTH - 1).collect();
    head + "…"
}
