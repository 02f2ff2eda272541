//! Which crate may depend on which.
//!
//! In: `ARCHITECTURE.md` and `cargo metadata`. Out: every dependency that no arrow allows.
//! Invariant: the document is the only list.

use std::collections::BTreeMap;
use std::path::Path;

use cargo_metadata::{DependencyKind, Package};

use super::Finding;
use super::document::Arrows;

/// Every dependency that no arrow allows, and how many dependencies there are.
pub(super) fn check(root: &Path, packages: &[&Package], arrows: &Arrows) -> (Vec<Finding>, usize) {
    let rooms: BTreeMap<_, _> = packages
        .iter()
        .map(|package| (package.name.as_str(), room(root, package)))
        .collect();
    let mut arrows_seen = 0;
    let mut findings = Vec::new();
    for package in packages {
        let (forbidden, seen) = forbidden(root, package, &rooms, arrows);
        findings.extend(forbidden);
        arrows_seen += seen;
    }
    (findings, arrows_seen)
}

fn forbidden(
    root: &Path,
    package: &Package,
    rooms: &BTreeMap<&str, String>,
    arrows: &Arrows,
) -> (Vec<Finding>, usize) {
    let from = &rooms[package.name.as_str()];
    // Chores look at every room; nothing that is shipped depends on them.
    if from == "xtask" {
        return (Vec::new(), 0);
    }
    let manifest = package.manifest_path.as_std_path();
    let file = manifest.strip_prefix(root).unwrap_or(manifest);
    let allowed = |to: &str| arrows.get(from).is_some_and(|rooms| rooms.contains(to));
    let targets: Vec<_> = package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind != DependencyKind::Development)
        .filter_map(|dependency| rooms.get(dependency.name.as_str()))
        .collect();
    let findings = targets
        .iter()
        .filter(|to| to.as_str() == "xtask" || !allowed(to))
        .map(|to| {
            let text =
                format!("`{from}` depends on `{to}`, and `ARCHITECTURE.md` has no such arrow");
            Finding::new(file, None, text)
        })
        .collect();
    (findings, targets.len())
}

/// The name that the document uses: the directory's for components, the crate's without its prefix
/// for the others.
pub(super) fn room(root: &Path, package: &Package) -> String {
    if package
        .manifest_path
        .as_std_path()
        .starts_with(root.join("components"))
    {
        return "components".to_owned();
    }
    super::short_name(package).to_owned()
}
