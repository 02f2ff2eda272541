//! What `GOFLAGS` says about the files that are compiled.
//!
//! In: `go`, which knows the variable and its own configuration. Out: the value. Invariant: no flag
//! passes that lets the compiler read other source files than those that are hashed.

use super::error::LockError;
use crate::flags::go::go;
use crate::model::Plan;
use crate::toolchain::{Runner, refuse};

/// `GOFLAGS` as Go sees it.
pub(super) fn read(plan: &Plan, runner: &Runner<'_>) -> Result<String, LockError> {
    let answer = runner
        .read("go-env-flags", &go(plan).args(["env", "GOFLAGS"]))
        .map_err(|source| LockError::GoFlags { source })?;
    let flags = String::from_utf8_lossy(&answer).trim().to_owned();
    refuse(&flags, true)?;
    Ok(flags)
}
