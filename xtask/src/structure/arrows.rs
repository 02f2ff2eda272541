//! Which crate may depend on which.
//!
//! In: `ARCHITECTURE.md` and `cargo metadata`. Out: every dependency that no arrow allows.
//! Invariant: the document is the only list.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cargo_metadata::{DependencyKind, MetadataCommand, Package};

use super::{Finding, StructureError};

/// Room -> rooms that it may use.
type Arrows = BTreeMap<String, BTreeSet<String>>;

pub(super) fn check(root: &Path) -> Result<Vec<Finding>, StructureError> {
    let arrows = parse(&fs_err::read_to_string(root.join("ARCHITECTURE.md"))?)?;
    let metadata = MetadataCommand::new().current_dir(root).no_deps().exec()?;
    let packages = metadata.workspace_packages();
    let rooms: BTreeMap<_, _> = packages
        .iter()
        .map(|package| (package.name.as_str(), room(root, package)))
        .collect();
    Ok(packages
        .iter()
        .flat_map(|package| forbidden(root, package, &rooms, &arrows))
        .collect())
}

fn forbidden(
    root: &Path,
    package: &Package,
    rooms: &BTreeMap<&str, String>,
    arrows: &Arrows,
) -> Vec<Finding> {
    let from = &rooms[package.name.as_str()];
    // Chores look at every room; nothing that is shipped depends on them.
    if from == "xtask" {
        return Vec::new();
    }
    let manifest = package.manifest_path.as_std_path();
    let file = manifest.strip_prefix(root).unwrap_or(manifest);
    let allowed = |to: &str| arrows.get(from).is_some_and(|rooms| rooms.contains(to));
    package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind != DependencyKind::Development)
        .filter_map(|dependency| rooms.get(dependency.name.as_str()))
        .filter(|to| *to == "xtask" || !allowed(to))
        .map(|to| {
            Finding::new(
                file,
                None,
                format!("`{from}` depends on `{to}`, and `ARCHITECTURE.md` has no such arrow"),
            )
        })
        .collect()
}

/// The name that the document uses: the directory's for components, the crate's without its prefix
/// for the others.
fn room(root: &Path, package: &Package) -> String {
    if package
        .manifest_path
        .as_std_path()
        .starts_with(root.join("components"))
    {
        return "components".to_owned();
    }
    package
        .name
        .strip_prefix("bimetal-")
        .unwrap_or(&package.name)
        .to_owned()
}

/// Reads the code block below `## Arrows`: chains of `a -> {b, c}` apart by a line break or by
/// three spaces.
fn parse(document: &str) -> Result<Arrows, StructureError> {
    let block = document
        .split_once("\n## Arrows")
        .and_then(|(_, rest)| rest.split("\n```").nth(1))
        .and_then(|block| block.split_once('\n'))
        .map(|(_, block)| block)
        .ok_or(StructureError::NoArrows)?;
    let mut arrows = Arrows::new();
    for chain in block
        .lines()
        .flat_map(|line| line.split("   "))
        .map(str::trim)
        .filter(|chain| !chain.is_empty())
    {
        let links: Vec<_> = chain.split("->").map(rooms_of).collect();
        if links.len() < 2 || links.iter().any(Vec::is_empty) {
            return Err(StructureError::Arrow {
                text: chain.to_owned(),
            });
        }
        for pair in links.windows(2) {
            for from in &pair[0] {
                arrows
                    .entry(from.clone())
                    .or_default()
                    .extend(pair[1].iter().cloned());
            }
        }
    }
    Ok(arrows)
}

fn rooms_of(link: &str) -> Vec<String> {
    let names = link.trim().trim_start_matches('{').trim_end_matches('}');
    names
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_read_as_its_single_steps() {
        let text = "x\n## Arrows, and no others\n\n```text\na -> b -> {c, d}    e -> f\n```\nrest -> ignored";
        let arrows = parse(text).unwrap();
        let shown: Vec<_> = arrows
            .iter()
            .map(|(from, to)| format!("{from}:{to:?}"))
            .collect();
        assert_eq!(shown, [r#"a:{"b"}"#, r#"b:{"c", "d"}"#, r#"e:{"f"}"#]);
    }

    #[test]
    fn a_document_without_arrows_or_with_half_an_arrow_is_an_error() {
        assert!(matches!(parse("# nothing"), Err(StructureError::NoArrows)));
        let half = "\n## Arrows\n```text\na ->\n```\n";
        assert!(matches!(parse(half), Err(StructureError::Arrow { text }) if text == "a ->"));
    }
}
