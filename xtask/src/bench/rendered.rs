//! Files that follow from the figures that were kept.
//!
//! In: the history. Out: `BENCHMARKS.md` with its tables and the
//! plot, or what is stale. Invariant: nothing is
//! measured; the same history gives the same bytes.

use bimetal_conformance::distribution::repository;
use camino::Utf8PathBuf;
use fs_err as fs;

use super::{component, history, instructions, page, plot, process};
use crate::chore::ChoreError;

const PAGE: &str = "BENCHMARKS.md";
/// Below `docs/`, since the book has only what lies there.
const PLOT: &str = "docs/concepts/ratios.svg";

/// Writes the files.
pub(crate) fn write() -> Result<(), ChoreError> {
    for (path, text) in files()? {
        fs::write(path, text)?;
    }
    Ok(())
}

/// Compares the checked-in files with what the history gives.
pub(crate) fn check() -> Result<(), ChoreError> {
    for (path, text) in files()? {
        if fs::read_to_string(&path)? != text {
            return Err(ChoreError::Found(format!(
                "`{path}` is not what `benchmarks/history` gives; run `cargo xtask bench --render` \
                 and commit the file"
            )));
        }
    }
    Ok(())
}

fn files() -> Result<Vec<(Utf8PathBuf, String)>, ChoreError> {
    let history = history::read()?;
    let place = repository().join(PAGE);
    let rows = [component::tables(), process::tables()].concat();
    let tables = page::tables(&rows, &instructions::names(), &history);
    let filled = page::filled(&fs::read_to_string(&place)?, &tables)
        .map_err(|error| ChoreError::Found(format!("`{PAGE}`, {error}")))?;
    let drawn = plot::svg(&history).map_err(|error| ChoreError::Found(error.to_string()))?;
    Ok(vec![(place, filled), (repository().join(PLOT), drawn)])
}
