//! Licences and origins of the crates that we build on.
//!
//! In: Cargo.lock, `deny.toml`. Out: nothing, or what is not allowed. Invariant: the tool has one
//! version, which stands in `.tools/`. Advisories are not looked up: their database is a git
//! repository, and the gate asks for nothing but registries.

use bimetal_conformance::distribution::repository;

use crate::chore::{ChoreError, run};

/// The version that is installed; also part of the directory's name, so that another one is fetched
/// when this changes.
const VERSION: &str = "0.20.2";

/// Checks licences, banned crates and registries.
pub(crate) fn run_all() -> Result<(), ChoreError> {
    let directory = repository().join(format!(".tools/cargo-deny-{VERSION}"));
    let program = directory.join("bin/cargo-deny");
    if !program.is_file() {
        println!(
            "cargo-deny {VERSION} is installed into {directory}; that takes some minutes, once"
        );
        let version = format!("={VERSION}");
        run(
            "cargo",
            &[
                "install",
                "--quiet",
                "--locked",
                "--version",
                &version,
                "--root",
                directory.as_str(),
                "cargo-deny",
            ],
        )?;
    }
    run(
        program.as_str(),
        &["--locked", "check", "licenses", "bans", "sources"],
    )
}
