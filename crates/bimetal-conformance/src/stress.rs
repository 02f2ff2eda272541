//! A program that puts random batches through Rust components in every tier at once, built and run
//! under the checks that Go has for its memory.
//!
//! In: one of [`CHECKS`]. Out: the program, and what a run of it said. Invariant: the program has
//! the Rust components, the plugin host and the manifest of a distribution that the real builder
//! made; only its `main` is another one.

use std::io;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use serde_json::{Map, Value};

use crate::distribution::{Distribution, DistributionError, build, repository, target};

/// What of Go watches a run.
#[derive(Debug)]
pub struct Check {
    /// What a person knows it by.
    pub name: &'static str,
    /// Variables while it is built.
    pub build: &'static [(&'static str, &'static str)],
    /// Flags of `go build`.
    pub flags: &'static [&'static str],
    /// Variables while it runs.
    pub run: &'static [(&'static str, &'static str)],
    /// Arguments of the program.
    pub arguments: &'static [&'static str],
    /// Whether the host takes edits. Without, a changed batch comes back as OTLP.
    pub edits: bool,
}

/// Builds the program as it is and lets it run as a Collector would.
pub const PLAIN: Check = Check {
    name: "plain",
    build: &[],
    flags: &[],
    run: &[],
    arguments: &[],
    edits: true,
};

/// The same without edits: what is encoded for Rust comes back encoded, too.
pub const BOTH_WAYS: Check = Check {
    name: "OTLP both ways",
    edits: false,
    ..PLAIN
};

/// Freed memory is overwritten, and garbage is collected all the time.
pub const CLOBBERED: Check = Check {
    name: "gccheckmark, clobberfree",
    run: &[("GODEBUG", "gccheckmark=1,clobberfree=1"), ("GOGC", "1")],
    arguments: &["-collect"],
    ..PLAIN
};

/// Everything that watches Go's half, each with an equal share of the time.
pub const CHECKS: [Check; 6] = [
    CLOBBERED,
    Check {
        edits: false,
        name: "clobberfree, OTLP both ways",
        ..CLOBBERED
    },
    Check {
        name: "pooling",
        run: &[("GODEBUG", "clobberfree=1"), ("GOGC", "1")],
        arguments: &["-pool"],
        ..PLAIN
    },
    Check {
        name: "cgocheck2",
        build: &[("GOEXPERIMENT", "cgocheck2")],
        run: &[("GOGC", "1")],
        ..PLAIN
    },
    Check {
        name: "checkptr",
        flags: &["-gcflags=all=-d=checkptr"],
        run: &[("GOGC", "1")],
        ..PLAIN
    },
    Check {
        name: "race",
        flags: &["-race"],
        run: &[("GOGC", "10")],
        ..PLAIN
    },
];

/// How a run ended.
#[derive(Debug)]
pub struct Run {
    /// Whether nothing was found.
    pub passed: bool,
    /// What it wrote, both streams.
    pub text: String,
}

/// Builds the program for a check; quick when nothing changed.
pub fn program(check: &Check) -> Result<Utf8PathBuf, DistributionError> {
    let fixtures = repository().join("crates/bimetal-conformance/fixtures");
    let distribution = build("otelcol-stress", &fixtures.join("stress.yaml"))?;
    let name: String = check
        .name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect();
    let directory = target().join("stress").join(name);
    fs::create_dir_all(&directory)?;
    let mut files = replaced(&distribution, &fixtures.join("stress"))?;
    if !check.edits {
        let (place, other) = without_edits(&distribution, &directory)?;
        files.insert(place.into_string(), Value::from(other.into_string()));
    }
    let (overlay, program) = (directory.join("overlay.json"), directory.join("stress"));
    fs::write(&overlay, serde_json::json!({"Replace": files}).to_string())?;
    let mut words = vec![
        "build",
        "-overlay",
        overlay.as_str(),
        "-o",
        program.as_str(),
    ];
    words.extend(check.flags);
    words.push(".");
    #[expect(clippy::disallowed_methods, reason = "the driver builds what it tests")]
    let mut command = Command::new("go");
    command
        .args(words)
        .current_dir(&distribution.out)
        .envs([("CGO_ENABLED", "1"), ("GOWORK", "off")])
        .envs(check.build.iter().copied());
    let ended = text_of(&mut command)?;
    if ended.passed {
        return Ok(program);
    }
    Err(DistributionError::Failed {
        command: format!("go build ({})", check.name),
        output: ended.text,
    })
}

/// Runs a program that [`program`] built.
pub fn run(program: &Utf8Path, check: &Check, more: &[&str]) -> Result<Run, DistributionError> {
    #[expect(clippy::disallowed_methods, reason = "the driver runs what it tests")]
    let mut command = Command::new(program);
    command
        .args(check.arguments)
        .args(more)
        .envs(check.run.iter().copied());
    text_of(&mut command)
}

fn text_of(command: &mut Command) -> Result<Run, DistributionError> {
    let output = command
        .output()
        .map_err(|source| DistributionError::Spawn {
            program: command.get_program().to_string_lossy().into_owned(),
            source,
        })?;
    let text = [output.stdout, output.stderr].concat();
    Ok(Run {
        passed: output.status.success(),
        text: String::from_utf8_lossy(&text).into_owned(),
    })
}

/// The files that stand for others while the compiler runs: our `main` for the generated one.
fn replaced(
    distribution: &Distribution,
    with: &Utf8Path,
) -> Result<Map<String, Value>, DistributionError> {
    let mut files = Map::new();
    for name in ["main.go", "main_others.go", "main_windows.go"] {
        files.insert(distribution.out.join(name).into_string(), Value::from(""));
    }
    for entry in with.read_dir_utf8()? {
        let entry = entry?;
        let place = distribution
            .out
            .join(format!("stress_{}", entry.file_name()));
        files.insert(place.into_string(), Value::from(entry.path().as_str()));
    }
    Ok(files)
}

/// The host's table of functions without the bit for edits: where it is, and its other form.
fn without_edits(
    distribution: &Distribution,
    directory: &Utf8Path,
) -> Result<(Utf8PathBuf, Utf8PathBuf), DistributionError> {
    const BIT: &str = " | OTELCOL_FEATURE_EDITS";
    let place = distribution.out.join("internal/pluginhost/host.c");
    let text = fs::read_to_string(&place)?;
    if !text.contains(BIT) {
        let text = format!("`{place}` does not have `{BIT}`");
        return Err(io::Error::other(text).into());
    }
    let other = directory.join("host.c");
    fs::write(&other, text.replace(BIT, ""))?;
    Ok((place, other))
}
