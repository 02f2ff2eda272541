//! What the builder carries and writes into every distribution with a plugin host.
//!
//! In: the files that build.rs embedded. Out: the Go packages below `internal/`, the crates below
//! `rust/bimetal/`. Invariant: pure; tests, benchmarks and everything that only our own repository
//! needs is left out.

use std::collections::BTreeSet;

use toml_edit::{Array, DocumentMut, Item, TableLike, value};

use crate::model::SourceTree;
use crate::model::carried::CARRIED;

/// The one package that imports Go's `plugin`.
const OPENER: &str = "goplugin";

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/carried.rs"));
}

/// Path of the Go module in our repository.
const GO_MODULE: &str = "bimetal.dev/go";

/// Adds the Go side of main, its imports turned to `module`. Go's package `plugin` makes the linker
/// keep and export every function, so a main that loads no Go plugin goes without it.
pub(super) fn add_go(module: &str, loads_go: bool, tree: &mut SourceTree) {
    let ours = format!("\"{GO_MODULE}/");
    let theirs = format!("\"{module}/internal/");
    let is_wanted = |name: &str| match name.split_once('/') {
        None => false,
        Some((package, _)) => loads_go || package != OPENER,
    };
    for (name, bytes) in embedded::GO.iter().filter(|(name, _)| is_wanted(name)) {
        let text = String::from_utf8_lossy(bytes).replace(&ours, &theirs);
        tree.insert(format!("internal/{name}"), text);
    }
}

/// What the Go side of main requires directly: `path version` lines.
pub(super) fn go_requirements() -> Vec<String> {
    let text = embedded::GO
        .iter()
        .find(|(name, _)| *name == "go.mod")
        .map_or(&[][..], |(_, bytes)| bytes);
    let text = String::from_utf8_lossy(text);
    let mut inside = false;
    let mut lines = Vec::new();
    for line in text.lines().map(str::trim) {
        match line {
            "require (" => inside = true,
            ")" => inside = false,
            _ if line.ends_with("// indirect") || line.is_empty() || line.starts_with("//") => {}
            _ if inside => lines.push(line.to_owned()),
            _ => lines.extend(line.strip_prefix("require ").map(str::to_owned)),
        }
    }
    lines
}

/// Adds the crates and the workspace that holds them together.
pub(super) fn add_crates(tree: &mut SourceTree) {
    tree.insert("rust/bimetal/Cargo.toml", workspace());
    for (name, bytes) in embedded::CRATES {
        let path = format!("rust/bimetal/{name}");
        if name.ends_with("/Cargo.toml") {
            tree.insert(path, without_tests(&String::from_utf8_lossy(bytes)));
        } else {
            tree.insert(path, *bytes);
        }
    }
}

/// Our lock file: where the lock of a new distribution starts.
pub(super) fn lock() -> &'static [u8] {
    root("Cargo.lock")
}

/// A template by name.
pub(super) fn templates() -> impl Iterator<Item = (&'static str, &'static str)> {
    embedded::TEMPLATES.iter().map(|(name, bytes)| {
        (
            *name,
            std::str::from_utf8(bytes).expect("templates are text"),
        )
    })
}

fn root(name: &str) -> &'static [u8] {
    embedded::WORKSPACE
        .iter()
        .find(|(known, _)| *known == name)
        .map_or(&[][..], |(_, bytes)| bytes)
}

/// Our workspace's Cargo.toml, cut down to what the carried crates inherit.
fn workspace() -> String {
    let text = std::str::from_utf8(root("Cargo.toml")).expect("our own Cargo.toml is text");
    let mut document: DocumentMut = text.parse().expect("our own Cargo.toml parses");
    document.as_table_mut().retain(|key, _| key == "workspace");
    let workspace = document["workspace"]
        .as_table_mut()
        .expect("our own Cargo.toml has a workspace");
    workspace["members"] = value(CARRIED.iter().copied().collect::<Array>());
    workspace.remove("exclude");
    if let Some(dependencies) = workspace
        .get_mut("dependencies")
        .and_then(Item::as_table_like_mut)
    {
        let needed = inherited();
        let unneeded: Vec<String> = dependencies
            .iter()
            .map(|(key, _)| key.to_owned())
            .filter(|key| !needed.contains(key))
            .collect();
        for key in unneeded {
            dependencies.remove(&key);
        }
        move_our_crates(dependencies);
    }
    format!(
        "# The crates that bimetal brings; written by bimetal, do not edit.\n{}",
        document.to_string().trim_start()
    )
}

/// The names that the carried crates take from the workspace.
fn inherited() -> BTreeSet<String> {
    let manifests = embedded::CRATES
        .iter()
        .filter(|(name, _)| name.ends_with("/Cargo.toml"));
    let mut names = BTreeSet::new();
    for (_, bytes) in manifests {
        let document = manifest(&String::from_utf8_lossy(bytes));
        let targets = document
            .get("target")
            .and_then(Item::as_table_like)
            .into_iter()
            .flat_map(TableLike::iter);
        let tables = targets
            .filter_map(|(_, item)| item.as_table_like())
            .chain([document.as_table() as &dyn TableLike]);
        for section in tables
            .flat_map(|table| ["dependencies", "build-dependencies"].map(|name| table.get(name)))
        {
            let entries = section
                .and_then(Item::as_table_like)
                .into_iter()
                .flat_map(TableLike::iter);
            names.extend(entries.map(|(key, _)| key.to_owned()));
        }
    }
    names
}

/// Our crates stand beside each other here.
fn move_our_crates(dependencies: &mut dyn TableLike) {
    for name in CARRIED {
        if let Some(table) = dependencies.get_mut(name).and_then(Item::as_table_like_mut) {
            table.insert("path", value(*name));
        }
    }
}

/// Leaves out what only our own tests need.
fn without_tests(text: &str) -> String {
    manifest(text).to_string()
}

fn manifest(text: &str) -> DocumentMut {
    let mut document: DocumentMut = text.parse().expect("our own Cargo.toml parses");
    for section in ["dev-dependencies", "bench", "test", "example"] {
        document.remove(section);
    }
    document
}
