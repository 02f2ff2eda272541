//! The arrows that `ARCHITECTURE.md` lists.
//!
//! In: its text. Out: what each crate, and each directory of a crate, may use. Invariant: the
//! document is the only list; a line that cannot be read is an error.

use std::collections::{BTreeMap, BTreeSet};

use super::StructureError;

/// Name -> names that it may use.
pub(super) type Arrows = BTreeMap<String, BTreeSet<String>>;

const BETWEEN_CRATES: &str = "## Arrows, and no others";
const INSIDE_CRATES: &str = "## Arrows inside crates";

/// Reads the block about crates: chains of `a -> {b, c}` apart by a line break or by three spaces.
pub(super) fn between_crates(document: &str) -> Result<Arrows, StructureError> {
    let block = block_below(document, BETWEEN_CRATES).ok_or(StructureError::NoArrows)?;
    let mut arrows = Arrows::new();
    for chain in block.lines().flat_map(|line| line.split("   ")) {
        add(&mut arrows, chain)?;
    }
    Ok(arrows)
}

/// Reads the block about directories: lines of `crate: directory -> {directory, directory}`.
pub(super) fn inside_crates(document: &str) -> Result<BTreeMap<String, Arrows>, StructureError> {
    let mut crates: BTreeMap<String, Arrows> = BTreeMap::new();
    for line in block_below(document, INSIDE_CRATES)
        .unwrap_or_default()
        .lines()
    {
        if line.trim().is_empty() {
            continue;
        }
        let (name, chain) = line.split_once(':').ok_or_else(|| StructureError::Arrow {
            text: line.trim().to_owned(),
        })?;
        add(crates.entry(name.trim().to_owned()).or_default(), chain)?;
    }
    Ok(crates)
}

/// The lines of the first code block below a heading that starts with `heading`.
fn block_below<'a>(document: &'a str, heading: &str) -> Option<&'a str> {
    let (_, rest) = document.split_once(&format!("\n{heading}"))?;
    let section = rest.split("\n## ").next()?;
    let (_, block) = section.split("\n```").nth(1)?.split_once('\n')?;
    Some(block)
}

fn add(arrows: &mut Arrows, chain: &str) -> Result<(), StructureError> {
    let chain = chain.trim();
    if chain.is_empty() {
        return Ok(());
    }
    let links: Vec<_> = chain.split("->").map(str::trim).collect();
    if links.len() < 2 || links.contains(&"") {
        return Err(StructureError::Arrow {
            text: chain.to_owned(),
        });
    }
    for pair in links.windows(2) {
        for from in names_of(pair[0]) {
            arrows.entry(from).or_default().extend(names_of(pair[1]));
        }
    }
    Ok(())
}

fn names_of(link: &str) -> Vec<String> {
    let names = link.trim_start_matches('{').trim_end_matches('}');
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

    fn shown(arrows: &Arrows) -> Vec<String> {
        arrows
            .iter()
            .map(|(from, to)| format!("{from}:{to:?}"))
            .collect()
    }

    #[test]
    fn a_chain_is_read_as_its_single_steps() {
        let text = "x\n## Arrows, and no others\n\n```text\na -> b -> {c, d}    e -> f\n```\n\
            rest -> ignored";
        let arrows = between_crates(text).unwrap();
        assert_eq!(
            shown(&arrows),
            [r#"a:{"b"}"#, r#"b:{"c", "d"}"#, r#"e:{"f"}"#]
        );
    }

    #[test]
    fn a_document_without_arrows_or_with_half_an_arrow_is_an_error() {
        assert!(matches!(
            between_crates("# nothing"),
            Err(StructureError::NoArrows)
        ));
        let half = "\n## Arrows, and no others\n```text\na ->\n```\n";
        assert!(
            matches!(between_crates(half), Err(StructureError::Arrow { text }) if text == "a ->")
        );
    }

    #[test]
    fn directories_are_listed_by_crate_and_may_use_nothing() {
        let text = "x\n## Arrows inside crates\n\n```text\nbuilder: plan -> {model, flags}\n\
            builder: model -> {}\nhost: ffi -> registry\n```\n\n## Next\n```text\na: b\n```\n";
        let crates = inside_crates(text).unwrap();
        assert_eq!(
            shown(&crates["builder"]),
            ["model:{}", r#"plan:{"flags", "model"}"#]
        );
        assert_eq!(shown(&crates["host"]), [r#"ffi:{"registry"}"#]);
        assert!(inside_crates("# nothing").unwrap().is_empty());
        let bare = "\n## Arrows inside crates\n```text\nplan -> model\n```\n";
        assert!(matches!(
            inside_crates(bare),
            Err(StructureError::Arrow { .. })
        ));
    }
}
