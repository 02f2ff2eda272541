//! What `GOFLAGS` says about the files that are compiled.
//!
//! In: `go`, which knows the variable and its own configuration. Out: the value. Invariant: no flag
//! passes that lets the compiler read other source files than those that are hashed.

use super::error::LockError;
use crate::flags::go::go;
use crate::model::Plan;
use crate::toolchain::{Runner, go_flags};

/// Puts other files into the place of sources, which no hash would show.
const OVERLAY: &str = "-overlay";

/// `GOFLAGS` as Go sees it.
pub(super) fn read(plan: &Plan, runner: &Runner<'_>) -> Result<String, LockError> {
    let answer = runner
        .read("go-env-flags", &go(plan).args(["env", "GOFLAGS"]))
        .map_err(|source| LockError::GoFlags { source })?;
    check(String::from_utf8_lossy(&answer).trim().to_owned())
}

fn check(flags: String) -> Result<String, LockError> {
    let overlaid = go_flags(&flags)
        .iter()
        .any(|flag| flag.name == OVERLAY && flag.value != Some(""));
    if overlaid {
        return Err(LockError::Overlay { flags });
    }
    Ok(flags)
}

#[cfg(test)]
mod tests {
    use bimetal_terminal::Hint as _;

    use super::*;

    #[test]
    fn sources_cannot_be_replaced_behind_the_hashes() {
        let error = check("-race '-overlay=/home/me/o.json'".to_owned()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`GOFLAGS` is `-race '-overlay=/home/me/o.json'`: with `-overlay` the compiler would \
             read other files than those that are hashed"
        );
        assert!(error.hint().is_some());
        assert_eq!(
            check("-tags=overlay -overlay=".to_owned()).unwrap(),
            "-tags=overlay -overlay="
        );
    }
}
