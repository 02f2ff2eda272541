//! Writes what is checked in and follows from types: JSON Schemas, and two pages of the book.
//!
//! In: the types of the manifest and of the reports, the descriptions of flags, the rules of SARIF.
//! Out: `docs/reference/{manifest,plugins-report}.schema.json`, `docs/reference/commands.md`,
//! `docs/reference/checks.md`. Invariant: the tests that compare a file with its types are the ones
//! that write it, so the two cannot differ.

use crate::chore::{ChoreError, run_with};

/// Packages, their test targets, and the tests that compare a file.
const WRITERS: [(&str, &[&str], &str); 4] = [
    (
        "bimetal-manifest",
        &["--test", "it"],
        "the_checked_in_schema_is_that_of_the_types",
    ),
    (
        "bimetal-plugins",
        &["--test", "it"],
        "the_checked_in_schema_is_that_of_the_types",
    ),
    (
        "bimetal-plugins",
        &["--lib"],
        "the_checked_in_page_lists_every_check",
    ),
    (
        "bimetal",
        &["--bins"],
        "the_checked_in_page_lists_the_commands_and_flags_that_are_parsed",
    ),
];

/// Runs the tests so that they write instead of complaining.
pub(crate) fn write() -> Result<(), ChoreError> {
    for (package, target, test) in WRITERS {
        let words = ["test", "--quiet", "--package", package];
        run_with(
            "cargo",
            &[&words, target, &[test]].concat(),
            &[("UPDATE", "1")],
        )?;
    }
    Ok(())
}
