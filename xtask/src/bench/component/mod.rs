//! Measures components at the component: batches go to them directly, with no pipeline around them.
//!
//! In: distributions built by the builder, with the driver of `bimetal-conformance` among their
//! extensions. Out: ratios with their A/A and counts of allocations. Invariant: what is compared
//! takes turns in one call, and has given the same output before it is measured.

mod driver;
mod machine;
mod measure;
mod rows;

use camino::Utf8PathBuf;
use serde::Serialize;

use crate::chore::ChoreError;

pub(crate) use machine::Machine;
pub(crate) use measure::{Figure, Side, quantile};

/// What to measure, and where it goes.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Measure only the rows whose name has this text, or is this text if one is; print them, and
    /// keep nothing.
    #[arg(long, value_name = "TEXT")]
    pub(crate) rows: Option<String>,
    /// Rounds of each row; an odd number has a middle.
    #[arg(long, value_name = "NUMBER", default_value_t = 15, value_parser = odd)]
    pub(crate) rounds: usize,
    /// Write the figures of the rows to this file too.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<Utf8PathBuf>,
    /// Keep the figures in `benchmarks/history`, which a run of all rows does anyway.
    #[arg(long)]
    pub(crate) record: bool,
    /// Measure nothing, and write the tables and the plot from what was kept.
    #[arg(long, conflicts_with_all = ["rows", "json", "record"])]
    pub(crate) render: bool,
}

/// What was measured, and on what.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) machine: Machine,
    pub(crate) commit: String,
    /// The lowest and the highest load, between the rows.
    pub(crate) load: [f64; 2],
    pub(crate) rounds: usize,
    pub(crate) rows: Vec<Measured>,
}

impl Run {
    /// What is measured on, with nothing measured yet. Before the first row, since a commit that is
    /// made meanwhile is not what is measured.
    pub(crate) fn begin(rounds: usize) -> Result<Self, ChoreError> {
        Ok(Self {
            machine: machine::here()?,
            commit: machine::commit()?,
            load: [machine::load()?; 2],
            rounds,
            rows: Vec::new(),
        })
    }

    /// Takes a row that was measured, and shows it.
    pub(crate) fn add(&mut self, row: Measured) -> Result<(), ChoreError> {
        println!("{:<48} {}", row.name, row.figure);
        let now = machine::load()?;
        self.load = [self.load[0].min(now), self.load[1].max(now)];
        self.rows.push(row);
        Ok(())
    }
}

/// A row that was measured.
#[derive(Debug, Serialize)]
pub(crate) struct Measured {
    pub(crate) name: String,
    pub(crate) must: Option<f64>,
    #[serde(flatten)]
    pub(crate) figure: Figure,
}

/// Measures the rows that are `wanted` by their name, one after the other.
pub(crate) fn measure(wanted: &dyn Fn(&str) -> bool, run: &mut Run) -> Result<(), ChoreError> {
    let mut programs = driver::Programs::new()?;
    for row in rows::all().into_iter().filter(|row| wanted(&row.name)) {
        let figure = measure::row(&mut programs, &row, run.rounds)?;
        run.add(Measured {
            name: row.name,
            must: row.must,
            figure,
        })?;
    }
    Ok(())
}

/// Every table, with the names of its rows.
pub(crate) fn tables() -> Vec<(&'static str, Vec<String>)> {
    let mut tables: Vec<(_, Vec<String>)> = Vec::new();
    for row in rows::all() {
        let table = row.table();
        match tables.iter_mut().find(|(name, _)| *name == table) {
            Some((_, names)) => names.push(row.name),
            None => tables.push((table, vec![row.name])),
        }
    }
    tables
}

fn odd(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(number) if number % 2 == 1 => Ok(number),
        _ => Err("must be an odd number".to_owned()),
    }
}
