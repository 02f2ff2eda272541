//! What is measured on.
//!
//! In: this machine and its tools. Out: facts that a reader of figures needs. Invariant: nothing
//! that names the machine or its user.

use std::thread::available_parallelism;

use bimetal_conformance::distribution::repository;
use fs_err as fs;
use serde::{Deserialize, Serialize};

use crate::chore::{ChoreError, output};

/// A kind of machine, and what was built with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Machine {
    pub(crate) cores: usize,
    pub(crate) architecture: String,
    pub(crate) system: String,
    pub(crate) go: String,
    pub(crate) rustc: String,
    pub(crate) profile: String,
}

#[cfg(test)]
impl Machine {
    /// One for tests of what is kept of it.
    pub(crate) fn sample() -> Self {
        Self {
            cores: 2,
            architecture: "x86_64".to_owned(),
            system: "Debian GNU/Linux 12".to_owned(),
            go: "1.26.8".to_owned(),
            rustc: "1.95.0".to_owned(),
            profile: "release".to_owned(),
        }
    }
}

/// This machine. `profile` is what the distributions are built with.
pub(super) fn here() -> Result<Machine, ChoreError> {
    let release = fs::read_to_string("/etc/os-release")?;
    let system = release
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))
        .unwrap_or("unknown");
    Ok(Machine {
        cores: available_parallelism()?.get(),
        architecture: std::env::consts::ARCH.to_owned(),
        system: system.trim_matches('"').to_owned(),
        go: word(&output("go", &["env", "GOVERSION"])?.0, 0).replacen("go", "", 1),
        rustc: word(&output("rustc", &["--version"])?.0, 1),
        profile: "release".to_owned(),
    })
}

/// How many threads ran or waited to run, over the last minute.
pub(super) fn load() -> Result<f64, ChoreError> {
    let text = fs::read_to_string("/proc/loadavg")?;
    word(&text, 0)
        .parse()
        .map_err(|_| ChoreError::Found(format!("no load in `{}`", text.trim())))
}

/// The commit that is measured, with `-dirty` where the work tree differs from it.
pub(super) fn commit() -> Result<String, ChoreError> {
    let path = repository();
    let arguments = ["-C", path.as_str(), "describe", "--always", "--dirty"];
    // No tag: the version stands beside the commit.
    Ok(word(
        &output("git", &[&arguments[..], &["--exclude=*"]].concat())?.0,
        0,
    ))
}

fn word(text: &str, index: usize) -> String {
    text.split_whitespace()
        .nth(index)
        .unwrap_or("unknown")
        .to_owned()
}
