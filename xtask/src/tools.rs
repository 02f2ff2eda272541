//! Tools of the gate that are not the toolchains themselves.
//!
//! In: the name and the version of a tool. Out: its program below `.tools/`, installed if it is not
//! there yet. Invariant: each has one version, which is part of its directory's name; a tool that
//! cannot be installed fails the chore.

use bimetal_conformance::distribution::repository;
use camino::Utf8PathBuf;

use crate::chore::{ChoreError, run, run_with};

/// A program from crates.io.
pub(crate) fn from_crates(
    name: &str,
    version: &str,
    options: &[&str],
) -> Result<Utf8PathBuf, ChoreError> {
    let directory = directory(name, version);
    let program = directory.join("bin").join(name);
    installed(program, name, version, || {
        let version = format!("={version}");
        let words = ["install", "--quiet", "--locked", "--version", &version];
        let place = ["--root", directory.as_str(), name];
        run("cargo", &[&words, options, &place].concat())
    })
}

/// A program from a wheel, in a Python environment of its own.
pub(crate) fn from_wheels(name: &str, version: &str) -> Result<Utf8PathBuf, ChoreError> {
    let directory = directory(name, version);
    let program = directory.join("bin").join(name);
    installed(program, name, version, || {
        run("python3", &["-m", "venv", directory.as_str()])?;
        let wheel = format!("{name}=={version}");
        let quiet = ["install", "--quiet", "--disable-pip-version-check", &wheel];
        run(directory.join("bin/pip").as_str(), &quiet)
    })
}

/// A program from a Go module, compiled by the Go in use.
pub(crate) fn from_go(name: &str, version: &str, package: &str) -> Result<Utf8PathBuf, ChoreError> {
    let directory = directory(name, version);
    let program = directory.join(name);
    installed(program, name, version, || {
        let target = format!("{package}@v{version}");
        let place = [("GOBIN", directory.as_str()), ("GOFLAGS", "")];
        run_with("go", &["install", &target], &place)
    })
}

fn directory(name: &str, version: &str) -> Utf8PathBuf {
    repository().join(format!(".tools/{name}-{version}"))
}

fn installed(
    program: Utf8PathBuf,
    name: &str,
    version: &str,
    install: impl FnOnce() -> Result<(), ChoreError>,
) -> Result<Utf8PathBuf, ChoreError> {
    if !program.is_file() {
        println!("{name} {version} is installed into .tools, once");
        install()?;
    }
    if program.is_file() {
        return Ok(program);
    }
    Err(ChoreError::Found(format!(
        "{name} {version} was installed, and `{program}` does not exist"
    )))
}
