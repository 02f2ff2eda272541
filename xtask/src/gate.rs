//! The gate in its tiers: what must hold before a change lands, and before an issue closes.
//!
//! In: the work tree. Out: nothing, or the first step that failed. Invariant: `test_all` contains
//! `test`; no step is left out on its own.

use std::path::Path;

use bimetal_conformance::distribution::{repository, target};

use crate::advisories::Patience;
use crate::chore::{CONFORMANCE, ChoreError, run, run_with, step};
use crate::{advisories, bench, deny, header, prose, quickstart, soak, structure, tools};

/// Lint, unit, property, structure, quickstart, loading.
pub(crate) fn test() -> Result<(), ChoreError> {
    gate(Patience::Quick)
}

fn gate(patience: Patience) -> Result<(), ChoreError> {
    step("format", format)?;
    step("structure", || structure(None))?;
    step("spelling and links", prose::check)?;
    step("C header and generated Go", || header::generated(false))?;
    step("benchmark tables and plot", bench::rendered::check)?;
    step("clippy", || {
        run(
            "cargo",
            &[
                "clippy",
                "--quiet",
                "--locked",
                "--workspace",
                "--all-targets",
                "--",
                "-D",
                "warnings",
            ],
        )
    })?;
    step("licences and origins of crates", deny::run_all)?;
    step("documentation", || {
        run_with(
            "cargo",
            &["doc", "--quiet", "--locked", "--workspace", "--no-deps"],
            &[("RUSTDOCFLAGS", "-D warnings")],
        )
    })?;
    step("unit and integration tests", || {
        run(
            "cargo",
            &[
                "test",
                "--quiet",
                "--locked",
                "--workspace",
                "--exclude",
                "bimetal-conformance",
                "--lib",
                "--bins",
                "--tests",
            ],
        )
    })?;
    step("seeds of the fuzz targets", soak::fuzz::replay)?;
    step("documentation tests", || {
        run(
            "cargo",
            &["test", "--quiet", "--locked", "--workspace", "--doc"],
        )
    })?;
    step("quickstart", quickstart::run_all)?;
    // After the quickstart, whose generated sources are looked up too.
    step("advisories", || advisories::look_up(patience))?;
    step("go vet, staticcheck and go test", go_checks)?;
    step("conformance", || conformance(&["--lib", "--test", "it"]))?;
    step("second opinion of the loader", || {
        conformance(&soak::MUTANTS)
    })?;
    step("commands of the documentation", || docs("quick::"))?;
    // Last, so that its table and the count of rows that agree are what a reader sees.
    step("failure catalogue", || {
        conformance(&["--test", "catalogue"])
    })?;
    println!("test: all steps passed");
    Ok(())
}

/// The gate and everything slow.
pub(crate) fn test_all() -> Result<(), ChoreError> {
    gate(Patience::Full)?;
    step(
        "comparison with OCB, rebuilds, all kinds, releases of the Collector",
        || conformance(&["--test", "all"]),
    )?;
    step("book", prose::book)?;
    step("slow commands of the documentation", || docs("slow::"))?;
    hermetic()?;
    println!("test-all: all steps passed");
    Ok(())
}

/// Real containers without a network: what goes wrong has a name, and two engines give the same
/// bytes.
pub(crate) fn hermetic() -> Result<(), ChoreError> {
    let tests = |more: &[&str]| {
        // One container at a time: each uses the whole machine.
        let words = ["--test", "hermetic", "--", "--test-threads=1"];
        conformance(&[&words, more].concat())
    };
    step("engines, and what goes wrong", || {
        tests(&["--skip", "story::"])
    })?;
    step("commands of the documentation in containers", || {
        docs("hermetic::")
    })?;
    // Last, so that what was compared is what a reader sees.
    step("hermetic builds", || tests(&["--nocapture", "story::"]))
}

/// Every command of the pages that belongs to one tier.
fn docs(tier: &str) -> Result<(), ChoreError> {
    conformance(&["--test", "docs", "--", tier])
}

/// Targets of the crate that tests whole Collectors.
fn conformance(words: &[&str]) -> Result<(), ChoreError> {
    run("cargo", &[&CONFORMANCE, words].concat())
}

/// Arrows, headers of modules, lengths of files, rooms of unsafe code.
pub(crate) fn structure(root: Option<&Path>) -> Result<(), ChoreError> {
    let (findings, summary) = structure::check(root.unwrap_or(repository().as_std_path()));
    println!("{summary}");
    if findings.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    Err(ChoreError::Found(format!(
        "{} places break the structure:\n{}",
        lines.len(),
        lines.join("\n")
    )))
}

fn format() -> Result<(), ChoreError> {
    run("cargo", &["fmt", "--all", "--check"])?;
    let fuzz = ["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"];
    run("cargo", &fuzz)?;
    // gofmt lists what it would change and succeeds; the list has to be empty.
    run(
        "sh",
        &[
            "-c",
            "found=$(gofmt -l go crates/bimetal-conformance/fixtures) && [ -z \"$found\" ] || { \
             echo \"$found\"; exit 1; }",
        ],
    )
}

/// The carried Go code: its tests with a stand-in for the Rust archive, and `go vet` of the main
/// that the builder made of it.
fn go_checks() -> Result<(), ChoreError> {
    let cgo = [("CGO_ENABLED", "1"), ("GOWORK", "off")];
    run_with(
        "go",
        &["-C", "go", "vet", "-tags", "bimetal_unlinked", "./..."],
        &cgo,
    )?;
    run_with(
        "go",
        &[
            "-C",
            "go",
            "test",
            "-count=1",
            "-tags",
            "bimetal_unlinked",
            "./...",
        ],
        &cgo,
    )?;
    staticcheck()?;
    let module = target().join("distributions/otelcol-quickstart");
    run_with("go", &["-C", module.as_str(), "vet", "./..."], &cgo)
}

fn staticcheck() -> Result<(), ChoreError> {
    const VERSION: &str = "0.8.2";
    let package = "honnef.co/go/tools/cmd/staticcheck";
    let program = tools::from_go("staticcheck", VERSION, package)?;
    let command = format!("cd go && exec {program} -tags bimetal_unlinked ./...");
    run_with(
        "sh",
        &["-c", &command],
        &[("CGO_ENABLED", "1"), ("GOWORK", "off")],
    )
}
