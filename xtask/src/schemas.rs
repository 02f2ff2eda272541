//! Writes the JSON Schemas that are checked in.
//!
//! In: the types of the manifest and of the reports. Out: `docs/reference/manifest.schema.json`,
//! `docs/reference/plugins-report.schema.json`. Invariant: the tests that compare a file with its
//! types are the ones that write it, so the two cannot differ.

use crate::chore::{ChoreError, run_with};

/// Runs the two tests so that they write instead of complaining.
pub(crate) fn write() -> Result<(), ChoreError> {
    for package in ["bimetal-manifest", "bimetal-plugins"] {
        run_with(
            "cargo",
            &[
                "test",
                "--quiet",
                "--package",
                package,
                "--test",
                "it",
                "the_checked_in_schema_is_that_of_the_types",
            ],
            &[("UPDATE", "1")],
        )?;
    }
    Ok(())
}
