//! Licences and origins of the crates that we build on.
//!
//! In: the locks of the workspace and of the fuzz targets, `deny.toml`. Out: nothing, or what is
//! not allowed. Invariant: asks for nothing but registries; advisories are looked up elsewhere.

use camino::Utf8PathBuf;

use crate::chore::{ChoreError, run};
use crate::tools;

const VERSION: &str = "0.20.2";

/// The tool itself.
pub(crate) fn program() -> Result<Utf8PathBuf, ChoreError> {
    tools::from_crates("cargo-deny", VERSION, &[])
}

/// Checks licences, banned crates and registries.
pub(crate) fn run_all() -> Result<(), ChoreError> {
    let program = program()?;
    for manifest in ["Cargo.toml", "fuzz/Cargo.toml"] {
        let workspace = [
            "--locked",
            "--config",
            "deny.toml",
            "--manifest-path",
            manifest,
        ];
        let check = ["check", "licenses", "bans", "sources"];
        run(program.as_str(), &[&workspace[..], &check].concat())?;
    }
    Ok(())
}
