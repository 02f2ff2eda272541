//! Checks of what people read: spelling, links between pages, the book.
//!
//! In: the texts of the repository. Out: nothing, or what is wrong in them. Invariant: no page is
//! fetched; an address of the web is taken as it is.

mod links;

use bimetal_conformance::distribution::repository;

use crate::chore::{ChoreError, run};
use crate::tools;

const TYPOS: &str = "1.52.0";
const MDBOOK: &str = "0.5.4";

/// Spelling and links.
pub(crate) fn check() -> Result<(), ChoreError> {
    spelling()?;
    links()
}

/// Spelling, by `typos`; `_typos.toml` lists what is meant to be misspelled.
fn spelling() -> Result<(), ChoreError> {
    let program = tools::from_wheels("typos", TYPOS)?;
    run(program.as_str(), &["--format", "brief"])
}

/// Links in Markdown: files, and headings in them.
fn links() -> Result<(), ChoreError> {
    let broken = links::check(repository().as_std_path())?;
    if broken.is_empty() {
        return Ok(());
    }
    let lines: Vec<_> = broken.iter().map(ToString::to_string).collect();
    Err(ChoreError::Found(format!(
        "{} links lead nowhere:\n{}",
        lines.len(),
        lines.join("\n")
    )))
}

/// The book of `docs/`, by mdBook.
pub(crate) fn book() -> Result<(), ChoreError> {
    // Without its server, which nothing here starts.
    let options = ["--no-default-features", "--features", "search"];
    let program = tools::from_crates("mdbook", MDBOOK, &options)?;
    let place = repository().join("target/book");
    run(
        program.as_str(),
        &["build", "--dest-dir", place.as_str(), "docs"],
    )
}
