//! Go's variables, and what `GOFLAGS` says about the files that are compiled.
//!
//! In: `go`, which knows the variables and its own configuration. Out: their values. Invariant: no
//! flag passes that lets the compiler read other source files than those that are hashed.

use std::collections::BTreeMap;

use super::error::LockError;
use crate::flags::go::go;
use crate::model::Plan;
use crate::toolchain::{AnswerError, Runner, refuse};

/// Differs from run to run: it names a directory for temporary files.
const FLEETING: &str = "GOGCCFLAGS";

/// Name -> value, as Go sees them.
pub(super) type Variables = BTreeMap<String, String>;

/// Asks Go.
pub(super) fn read(plan: &Plan, runner: &Runner<'_>) -> Result<Variables, LockError> {
    let answer = runner
        .read("go-env-all", &go(plan).args(["env", "-json"]))
        .map_err(|source| LockError::GoFlags { source })?;
    let mut variables: Variables =
        serde_json::from_slice(&answer).map_err(AnswerError::of("go env -json"))?;
    variables.remove(FLEETING);
    refuse(flags(&variables), true)?;
    Ok(variables)
}

/// `GOFLAGS` as Go sees it.
pub(super) fn flags(variables: &Variables) -> &str {
    variables.get("GOFLAGS").map_or("", |flags| flags.trim())
}
