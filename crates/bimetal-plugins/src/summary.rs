//! The manifest of `inspect` for people: who it is, what it was built with, and how much is in it.
//!
//! In: a [`Manifest`], untrusted. Out: lines. Invariant: a line for each fact however large the
//! manifest is; lists are counted, and `--format json` has them whole.

use std::fmt::Write as _;

use bimetal_files::Digest;
use bimetal_manifest::schema::{ArtifactKind, Component, Manifest, Policy};
use bimetal_terminal::table::{self, Cell};
use bimetal_terminal::{Printer, Tone};

/// One part of the file.
pub(crate) fn print(manifest: &Manifest, out: &Printer) {
    let title = format!("  manifest, {} part", manifest.language.as_str());
    out.data(&out.paint(&title, Tone::Strong));
    let mut lines = identity(manifest);
    lines.extend(build(manifest));
    let json = serde_json::to_vec(manifest).expect("a manifest has string keys only");
    lines.push(("hash", Cell::new(format!("sha256:{}", Digest::of(&json)))));
    table::pairs(&lines, 4, out);
    out.data("    `--format json` has it whole");
}

fn identity(manifest: &Manifest) -> Vec<(&'static str, Cell)> {
    let mut lines = Vec::new();
    if let Some(component) = &manifest.component {
        let name = format!("{} {}", component.kind.as_str(), component.type_name);
        lines.push(("component", Cell::new(name)));
        if !component.aliases.is_empty() {
            lines.push(("older names", Cell::new(component.aliases.join(", "))));
        }
        lines.push(("from", Cell::new(&component.module)));
        lines.push(("signals", Cell::maybe(signals(component))));
    }
    if manifest.artifact == ArtifactKind::Main {
        lines.push(("components", count(manifest.components.len())));
    }
    let distribution = manifest.distribution.as_ref();
    let distribution = distribution.map(|one| format!("{} {}", one.name, one.version));
    lines.push(("distribution", Cell::maybe(distribution)));
    if let Some(plugins) = &manifest.plugins {
        let policy = match plugins.policy {
            Policy::Exact => "exact",
            Policy::Abi => "abi",
        };
        let text = format!("in `{}`, policy {policy}", plugins.dir);
        lines.push(("plugins", Cell::new(text)));
    }
    lines
}

fn build(manifest: &Manifest) -> Vec<(&'static str, Cell)> {
    let mut toolchain = manifest.toolchain_version.clone();
    if let Some(commit) = &manifest.toolchain.commit {
        let _ = write!(toolchain, " ({commit})");
    }
    let mut built = manifest.build_time.clone();
    if let Some(builder) = &manifest.builder {
        let _ = write!(built, " by {} {}", builder.name, builder.version);
    }
    let mut lines = vec![
        ("toolchain", Cell::new(toolchain)),
        ("target", Cell::new(&manifest.target)),
        ("profile", Cell::new(&manifest.build_profile)),
        ("built", Cell::new(built)),
    ];
    if let Some(abi) = &manifest.abi {
        let features = match abi.features.len() {
            0 => String::new(),
            _ => format!(" with {}", abi.features.join(", ")),
        };
        let text = format!("{}.{}{features}", abi.major, abi.minor);
        lines.push(("C ABI", Cell::new(text)));
    }
    lines.extend([
        ("flags", count(manifest.build_flags.len())),
        ("variables", count(manifest.environment.len())),
        ("dependencies", count(manifest.dependency_hashes.len())),
    ]);
    lines
}

fn signals(component: &Component) -> Option<String> {
    let signals = component.signals.iter();
    let signals: Vec<_> = signals
        .map(|(signal, level)| format!("{signal} {level}"))
        .collect();
    (!signals.is_empty()).then(|| signals.join(", "))
}

fn count(number: usize) -> Cell {
    if number == 0 {
        Cell::new("none")
    } else {
        Cell::new(number.to_string())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lines_of(dependencies: usize) -> Vec<String> {
        let hashes: serde_json::Map<_, _> = (0..dependencies)
            .map(|number| (format!("example.com/{number}"), json!("h1:x")))
            .collect();
        let manifest = json!({
            "schema_version": 1, "artifact": "plugin", "language": "go",
            "toolchain_version": "go1.26.8", "build_profile": "release",
            "dependency_hashes": hashes, "build_flags": ["-trimpath"],
            "target": "x86_64-unknown-linux-gnu", "build_time": "2026-01-01T00:00:00Z",
            "component": {"kind": "processor", "type": "redactor", "module": "m v1"},
        });
        let manifest: Manifest = serde_json::from_value(manifest).unwrap();
        let cells = identity(&manifest).into_iter().chain(build(&manifest));
        cells
            .map(|(label, cell)| format!("{label}: {}", cell.text()))
            .collect()
    }

    #[test]
    fn a_large_manifest_takes_as_many_lines_as_a_small_one() {
        let (small, large) = (lines_of(0), lines_of(5000));
        assert_eq!(small.len(), large.len());
        assert!(
            small.contains(&"dependencies: none".to_owned()),
            "{small:?}"
        );
        assert!(
            large.contains(&"dependencies: 5000".to_owned()),
            "{large:?}"
        );
        assert!(large.contains(&"component: processor redactor".to_owned()));
    }
}
