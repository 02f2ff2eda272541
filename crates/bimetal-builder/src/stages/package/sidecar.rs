//! `manifests/<artifact>.json`: what an artifact says, and what is known only after the link.
//!
//! In: a checked artifact. Out: JSON text. Invariant: `manifest` is what is linked in, `file` is
//! what was read from the file; a key of `file` is never removed.

use bimetal_files::Digest;
use bimetal_manifest::object::{Facts, Form, GlibcVersion, SymbolKind};
use serde::Serialize;
use serde_json::Value;

use super::error::PackageError;
use crate::stages::verify::{About, Checked};

/// End of the name of the function that makes a Rust plugin's factory.
const FACTORY_SUFFIX: &str = "_new_factory";

#[derive(Serialize)]
struct Sidecar<'a> {
    /// An object for a plugin, a list for main.
    manifest: Value,
    file: File<'a>,
}

#[derive(Serialize)]
struct File<'a> {
    name: &'a str,
    sha256: Digest,
    size: u64,
    form: Form,
    machine: &'a str,
    needed: &'a [String],
    /// The oldest C library that the file runs with.
    glibc: Option<GlibcVersion>,
    /// The symbol that main calls to get the plugin's factory.
    #[serde(skip_serializing_if = "Option::is_none")]
    factory: Option<&'a str>,
    /// The import path that Go's runtime knows the plugin by.
    #[serde(skip_serializing_if = "Option::is_none")]
    plugin_path: Option<&'a str>,
    exported_symbols: u64,
    /// How many package hashes Go's runtime would compare.
    package_hashes: usize,
}

/// The sidecar of the artifact `name`.
pub(super) fn text(name: &str, checked: &Checked, about: &About) -> Result<String, PackageError> {
    let failed = |source| PackageError::Sidecar {
        name: name.to_owned(),
        source,
    };
    let facts = &about.facts;
    let file = File {
        name,
        sha256: checked.sha256,
        size: checked.size,
        form: facts.form,
        machine: &facts.machine,
        needed: &facts.needed,
        glibc: facts.glibc,
        factory: factory(facts),
        plugin_path: facts.go.as_ref().and_then(|go| go.plugin_path.as_deref()),
        exported_symbols: facts.exported,
        package_hashes: facts.go.as_ref().map_or(0, |go| go.package_hashes.len()),
    };
    let manifest = serde_json::from_str(&about.text).map_err(failed)?;
    let mut text = serde_json::to_string_pretty(&Sidecar { manifest, file }).map_err(failed)?;
    text.push('\n');
    Ok(text)
}

fn factory(facts: &Facts) -> Option<&str> {
    match facts.form {
        Form::GoPlugin => {
            let found = facts.go.as_ref().and_then(|go| go.new_factory);
            found
                .filter(|kind| *kind == SymbolKind::Function)
                .map(|_| "NewFactory")
        }
        Form::RustPlugin => facts
            .plugin_symbols
            .iter()
            .map(|symbol| symbol.name.as_str())
            .find(|name| name.ends_with(FACTORY_SUFFIX)),
        _ => None,
    }
}
