//! Modules and crates that main and the plugin both have.
//!
//! In: a pair. Out: mismatches. Invariant: pure; a name that only one side has is no difference.

use std::collections::BTreeMap;

use super::Pair;
use super::mismatch::{Check, Mismatch, Outcome};
use bimetal_manifest::object::{Artifact, Module};
use bimetal_manifest::schema::{Dependency, Language, Manifest};

/// Why Go says that two equal modules differ, and what to do.
pub(super) const DIRECTORY_AGAINST_VERSION: &str = "one side takes the module from a directory (a \
    workspace, or the module that is built), the other as a version: Go writes the version into \
    every place in the code and so takes them for two modules, even with equal files; build both \
    from the same version, without `go.work`";

/// Longest chain of requirers that is shown.
const CHAIN_LIMIT: usize = 16;

pub(super) fn compare(pair: &Pair<'_>) -> Vec<Mismatch> {
    if !pair.is_exact() {
        return Vec::new();
    }
    let (main, plugin) = (
        hashes(pair.main, pair.main_part),
        hashes(pair.plugin, pair.plugin_part),
    );
    let mut found: Vec<_> = main
        .iter()
        .filter_map(|(name, hash)| Some((*name, *hash, *plugin.get(name)?)))
        .filter(|(_, main, plugin)| main != plugin)
        .map(|(name, main, plugin)| difference(pair, name, main, plugin))
        .collect();
    found.extend(contradicting_modules(pair.plugin, pair.plugin_part));
    found
}

/// The hashes of the manifest, and for modules that it leaves out those of Go's build information.
fn hashes<'a>(artifact: &'a Artifact, part: &'a Manifest) -> BTreeMap<&'a str, &'a str> {
    let mut found: BTreeMap<_, _> = modules(artifact)
        .map(|(path, module)| (path, module.sum.as_str()))
        .collect();
    found.extend(
        part.dependency_hashes
            .iter()
            .map(|(name, hash)| (name.as_str(), hash.as_str())),
    );
    found
}

/// Modules with a sum, by the path that they are imported by.
fn modules(artifact: &Artifact) -> impl Iterator<Item = (&str, &Module)> {
    let dependencies = artifact
        .facts
        .go
        .as_ref()
        .map(|go| go.build_info.dependencies.as_slice())
        .unwrap_or_default();
    dependencies
        .iter()
        .map(|module| {
            (
                module.path.as_str(),
                module.replaced_by.as_deref().unwrap_or(module),
            )
        })
        .filter(|(_, module)| !module.sum.is_empty())
}

fn difference(pair: &Pair<'_>, name: &str, main: &str, plugin: &str) -> Mismatch {
    let ours = version(pair.main, pair.main_part, name);
    let theirs = version(pair.plugin, pair.plugin_part, name);
    let is_same_version = ours.is_some() && ours == theirs;
    let (class, on_load) = match pair.language {
        Language::Go => (
            Outcome::WouldRunWrongCode,
            "two bodies of the same functions would work on the same variables, unnoticed",
        ),
        Language::Rust => (
            Outcome::Refused,
            "main's policy `exact` takes only plugins with its own crates",
        ),
    };
    let text = |version: Option<&str>, hash: &str| match version {
        Some(version) => format!("{version} {hash}"),
        None => hash.to_owned(),
    };
    Mismatch::new(class, Check::Dependency, name)
        .main(text(ours, main))
        .plugin(text(theirs, plugin))
        .required_by(requirers(pair.plugin_part, name))
        .on_load(on_load)
        .help(
            if ours.is_some_and(is_directory) ^ theirs.is_some_and(is_directory) {
                DIRECTORY_AGAINST_VERSION.to_owned()
            } else {
                help(pair.language, name, ours, is_same_version)
            },
        )
}

/// A module that was taken from a directory has no version: one of a workspace, or the one that was
/// built.
pub(super) fn is_directory(version: &str) -> bool {
    matches!(version, "" | "(devel)")
}

/// Who brings `name` into the plugin, up to the component.
fn requirers(part: &Manifest, name: &str) -> Vec<String> {
    let mut chain: Vec<String> = Vec::new();
    let mut next = entry(part, name);
    while let Some(above) = next.and_then(|dependency| dependency.required_by.as_ref()) {
        // A manifest may be wrong about this and lead in a circle.
        if chain.len() == CHAIN_LIMIT || chain.contains(above) {
            break;
        }
        next = entry(part, above);
        chain.push(above.clone());
    }
    chain
}

/// The dependency of that name, or of that `name@version` where a name occurs twice.
fn entry<'a>(part: &'a Manifest, name: &str) -> Option<&'a Dependency> {
    part.dependencies.iter().find(|dependency| {
        dependency.name == name
            || name
                .strip_prefix(dependency.name.as_str())
                .is_some_and(|rest| rest.strip_prefix('@') == Some(dependency.version.as_str()))
    })
}

fn help(language: Language, name: &str, version: Option<&str>, is_same_version: bool) -> String {
    match (language, version.filter(|version| !is_directory(version))) {
        _ if is_same_version => {
            format!(
                "build both from the same sources of `{name}`: one of them has changed files or a \
                 replacement, and one comment line more is a change"
            )
        }
        (Language::Go, Some(version)) => {
            format!("`go get {name}@{version}` in the plugin's module, then build it again")
        }
        (Language::Rust, Some(version)) => {
            let crate_name = name.split('@').next().unwrap_or(name);
            format!("`cargo update --precise {version} {crate_name}`, then build the plugin again")
        }
        (_, None) => format!("build both in one run of `bimetal`, so that they share one `{name}`"),
    }
}

fn version<'a>(artifact: &'a Artifact, part: &'a Manifest, name: &str) -> Option<&'a str> {
    let stated = entry(part, name);
    let recorded = || {
        modules(artifact)
            .find(|(path, _)| *path == name)
            .map(|(_, module)| module.version.as_str())
    };
    stated
        .map(|dependency| dependency.version.as_str())
        .or_else(recorded)
}

/// Where Go's record has a sum for a module, the manifest has the same.
fn contradicting_modules(plugin: &Artifact, part: &Manifest) -> Vec<Mismatch> {
    modules(plugin)
        .filter_map(|(path, module)| Some((path, module, part.dependency_hashes.get(path)?)))
        .filter(|(_, module, stated)| module.sum != **stated)
        .filter(|(path, ..)| !is_replaced(part, path))
        .map(|(path, module, stated)| {
            Mismatch::new(Outcome::Refused, Check::ManifestContradictsBinary, path)
                .plugin(format!("manifest: {stated}, file: {}", module.sum))
                .on_load(
                    "the manifest is not that of the code beside it, so nothing in it can be \
                    trusted",
                )
                .help("build the plugin again with `bimetal`")
        })
        .collect()
}

/// For replaced and local modules the manifest has a hash of our own.
fn is_replaced(part: &Manifest, path: &str) -> bool {
    let source = part
        .dependencies
        .iter()
        .find(|dependency| dependency.name == path)
        .map(|found| found.source.as_str());
    matches!(source, Some(Dependency::REPLACED | Dependency::LOCAL))
}
