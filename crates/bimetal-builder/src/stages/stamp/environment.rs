//! What the tools say about themselves and about the variables that change their results.
//!
//! In: the tools of the plan. Out: texts and variables for the manifest. Invariant: only variables
//! of a fixed list are read; those that name caches or proxies are not on it, and flags that change
//! no result are left out.

use std::collections::BTreeMap;

use bimetal_manifest::schema::Toolchain;
use camino::Utf8Path;

use super::error::StampError;
use crate::flags::go::go;
use crate::model::Plan;
use crate::toolchain::{
    AnswerError, Invocation, InvocationError, Runner, go_variables, without_neutral,
};
use bimetal_files::Digest;
use bimetal_terminal::hint::is_interrupt;

/// Name -> value of Go's variables that are not empty.
pub(super) fn go_variables(
    plan: &Plan,
    runner: &Runner<'_>,
) -> Result<BTreeMap<String, String>, StampError> {
    let text = runner
        .read(
            "go-env",
            &go(plan)
                .args(["env", "-json"])
                .args(go_variables::that_compile()),
        )
        .map_err(tool)?;
    let variables: BTreeMap<String, String> =
        serde_json::from_slice(&text).map_err(AnswerError::of("go env -json"))?;
    let ours = |(name, value): (String, String)| {
        let value = if name == "GOFLAGS" {
            without_neutral(&value)
        } else {
            value
        };
        (name, value)
    };
    Ok(variables
        .into_iter()
        .map(ours)
        .filter(|(_, value)| !value.is_empty())
        .collect())
}

/// First line of `--version` of the C++ compiler in `command`; none where it cannot say that, for
/// only some distributions need one.
pub(super) fn cxx(command: &str, runner: &Runner<'_>) -> Result<Option<String>, StampError> {
    let Some(program) = command.split_whitespace().next() else {
        return Ok(None);
    };
    match runner.read(
        "cxx-version",
        &Invocation::new(program, "/").arg("--version"),
    ) {
        Ok(answer) => Ok(first_line(&answer)),
        Err(error) if is_interrupt(&error) => Err(tool(error)),
        Err(_) => Ok(None),
    }
}

fn first_line(answer: &[u8]) -> Option<String> {
    String::from_utf8_lossy(answer)
        .lines()
        .next()
        .map(str::to_owned)
}

/// First line of `--version` of the linker that the C compiler calls.
pub(super) fn linker(cc: &Utf8Path, runner: &Runner<'_>) -> Result<String, StampError> {
    let ask = |name, program: &str, argument: &str| {
        runner
            .read(name, &Invocation::new(program, "/").arg(argument))
            .map_err(tool)
    };
    let name = ask("cc-linker", cc.as_str(), "-print-prog-name=ld")?;
    let name = String::from_utf8_lossy(&name).trim().to_owned();
    let version = ask(
        "ld-version",
        if name.is_empty() { "ld" } else { &name },
        "--version",
    )?;
    Ok(first_line(&version).unwrap_or_default())
}

/// `sha256:` over the canonical text of both: sorted keys, no spaces.
pub(super) fn hash(
    environment: &BTreeMap<String, String>,
    toolchain: &Toolchain,
) -> Result<String, StampError> {
    let text =
        serde_json::to_string(&(environment, toolchain)).map_err(|source| StampError::Json {
            name: "environment".to_owned(),
            source,
        })?;
    Ok(Digest::of(text.as_bytes()).tagged())
}

fn tool(source: InvocationError) -> StampError {
    StampError::Tool { source }
}
