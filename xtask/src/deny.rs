//! Licences and origins of the crates that we build on.
//!
//! In: Cargo.lock, `deny.toml`. Out: nothing, or what is not allowed. Invariant: advisories are not
//! looked up: their database is a git repository, and the gate asks for nothing but registries.

use crate::chore::{ChoreError, run};
use crate::tools;

const VERSION: &str = "0.20.2";

/// Checks licences, banned crates and registries.
pub(crate) fn run_all() -> Result<(), ChoreError> {
    let program = tools::from_crates("cargo-deny", VERSION, &[])?;
    run(
        program.as_str(),
        &["--locked", "check", "licenses", "bans", "sources"],
    )
}
