//! Looks up what is known against the crates and modules that we build on.
//!
//! In: the locks of the workspace, of the fuzz targets, and of the quickstart's generated sources,
//! for what the builder carries; the Go code. Out: nothing, or what was found. Invariant: what
//! could not be looked up is named in one warning, and is neither a pass in silence nor a failure.

use std::process::Command;

use bimetal_conformance::distribution::{repository, target};
use camino::{Utf8Path, Utf8PathBuf};

use crate::chore::ChoreError;
use crate::{deny, tools};

const GOVULNCHECK: &str = "1.9.0";
/// What govulncheck ends with when it found something.
const FOUND: i32 = 3;
/// What it says when its database is out of reach.
const NO_DATABASE: &str = "fetching vulnerabilities";
/// What `timeout` ends with when the time was over.
const TIMED_OUT: i32 = 124;

/// How long a database may take to arrive.
#[derive(Clone, Copy)]
pub(crate) enum Patience {
    /// In the gate, which everybody waits for.
    Quick,
    Full,
}

impl Patience {
    fn seconds(self) -> &'static str {
        match self {
            Self::Quick => "60",
            Self::Full => "900",
        }
    }
}

/// What was not looked up, and why.
type NotChecked = Vec<String>;

/// Looks up all of them.
pub(crate) fn look_up(patience: Patience) -> Result<(), ChoreError> {
    let generated = target().join("distributions/otelcol-quickstart");
    let mut missing = NotChecked::new();
    if !generated.join("go.mod").is_file() {
        missing.push("generated sources: `make quickstart` has not made them".to_owned());
    }
    let mut found = crates(patience, &generated, &mut missing)?;
    found.extend(modules(patience, &generated, &mut missing)?);
    if !missing.is_empty() {
        println!("warning: advisories not checked: {}", missing.join("; "));
    }
    if found.is_empty() {
        Ok(())
    } else {
        Err(ChoreError::Found(found.join("\n")))
    }
}

fn crates(
    patience: Patience,
    generated: &Utf8Path,
    missing: &mut NotChecked,
) -> Result<Vec<String>, ChoreError> {
    let program = deny::program()?;
    let root = repository();
    let fetched = ask(patience, root, &program, &["fetch", "db"])?;
    if fetched.code != 0 {
        missing.push(format!("crates: {}", fetched.reason()));
        return Ok(Vec::new());
    }
    let workspaces = [
        root.to_owned(),
        root.join("fuzz"),
        // The lock that the builder carries, with what the components of a distribution add.
        generated.join("rust"),
    ];
    let mut found = Vec::new();
    for manifest in workspaces.map(|workspace| workspace.join("Cargo.toml")) {
        if !manifest.is_file() {
            continue;
        }
        let words = ["--offline", "--locked", "--config", "deny.toml"];
        let check = ["--manifest-path", manifest.as_str(), "check", "advisories"];
        let answer = ask(patience, root, &program, &[&words[..], &check].concat())?;
        if answer.code != 0 {
            found.push(format!("{manifest}:\n{}", answer.text));
        }
    }
    Ok(found)
}

fn modules(
    patience: Patience,
    generated: &Utf8Path,
    missing: &mut NotChecked,
) -> Result<Vec<String>, ChoreError> {
    let package = "golang.org/x/vuln/cmd/govulncheck";
    let program = tools::from_go("govulncheck", GOVULNCHECK, package)?;
    let mut found = Vec::new();
    for module in [repository().join("go"), generated.to_owned()] {
        if !module.join("go.mod").is_file() {
            continue;
        }
        let words = ["-tags", "bimetal_unlinked", "./..."];
        let answer = ask(patience, &module, &program, &words)?;
        match answer.code {
            0 => {}
            FOUND => found.push(format!("{module}:\n{}", answer.text)),
            code if code == TIMED_OUT || answer.text.contains(NO_DATABASE) => {
                missing.push(format!("Go modules: {}", answer.reason()));
                // The next one would wait for the same database.
                break;
            }
            _ => found.push(format!("{module}: govulncheck failed:\n{}", answer.text)),
        }
    }
    Ok(found)
}

/// What a program said, and what it ended with.
struct Answer {
    code: i32,
    text: String,
}

impl Answer {
    /// The last line, which names what stopped the program.
    fn reason(&self) -> &str {
        if self.code == TIMED_OUT {
            return "the database did not arrive in time";
        }
        let last = self.text.lines().rfind(|line| !line.trim().is_empty());
        last.map_or("the database cannot be fetched", str::trim)
    }
}

fn ask(
    patience: Patience,
    directory: &Utf8Path,
    program: &Utf8PathBuf,
    arguments: &[&str],
) -> Result<Answer, ChoreError> {
    #[expect(
        clippy::disallowed_methods,
        reason = "chores run the tools of a developer with the developer's environment"
    )]
    let mut command = Command::new("timeout");
    let output = command
        .args([patience.seconds(), program.as_str()])
        .args(arguments)
        .envs([("CGO_ENABLED", "1"), ("GOWORK", "off"), ("GOFLAGS", "")])
        .current_dir(directory)
        .output()
        .map_err(|source| ChoreError::Spawn {
            program: "timeout".to_owned(),
            source,
        })?;
    let text = [output.stdout, output.stderr].concat();
    Ok(Answer {
        code: output.status.code().unwrap_or(TIMED_OUT),
        text: String::from_utf8_lossy(&text).into_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_says_why_a_database_was_not_there() {
        let answer = |code, text: &str| Answer {
            code,
            text: text.to_owned(),
        };
        assert_eq!(
            answer(1, "trying\n  no such host\n\n").reason(),
            "no such host"
        );
        assert!(answer(1, "").reason().contains("cannot be fetched"));
        assert!(answer(TIMED_OUT, "x").reason().contains("in time"));
    }
}
