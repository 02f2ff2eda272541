//! What an artifact is made of.
//!
//! In: nothing. Out: [`Sources`]. Invariant: values only; the hashes are those of the files.

use std::collections::BTreeMap;

use bimetal_manifest::schema::Dependency;
use camino::Utf8PathBuf;

/// The dependencies of every artifact. Empty for a distribution without a plugin host: it has no
/// manifests.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Go modules in main's import graph.
    pub go_main: Vec<Dependency>,
    /// Crates in the graph of main's static library.
    pub rust_main: Vec<Dependency>,
    /// By [`GoPlugin::name`](super::GoPlugin::name).
    pub go_plugins: BTreeMap<String, Vec<Dependency>>,
    /// By [`RustComponent::name`](super::RustComponent::name).
    pub rust_plugins: BTreeMap<String, Vec<Dependency>>,
    /// Value of `-tags` for main and every Go plugin.
    pub go_tags: String,
    /// Of the given tags those that main's import graph asks for.
    pub go_main_tags: Vec<String>,
    /// The same of every Go plugin, by its name.
    pub go_plugin_tags: BTreeMap<String, Vec<String>>,
    /// Go import path of a component -> directory of its package.
    pub go_directories: BTreeMap<String, Utf8PathBuf>,
    /// What guides Go's compiler.
    pub profile: Option<Profile>,
}

/// A profile of the distribution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The copy that the compiler reads; it is named like the user's file.
    pub path: Utf8PathBuf,
    /// `sha256:` of its bytes.
    pub digest: String,
}

impl Profile {
    /// Its base name: all that Go itself records of it.
    pub fn name(&self) -> &str {
        self.path.file_name().unwrap_or_default()
    }
}

/// The hashes by key.
pub fn by_key(dependencies: &[Dependency]) -> BTreeMap<String, String> {
    keys(dependencies)
        .into_iter()
        .zip(dependencies)
        .map(|(key, dependency)| (key, dependency.hash.clone()))
        .collect()
}

/// The key of each of one artifact's dependencies: its name, or `name@version` where the name
/// occurs more than once.
pub fn keys(dependencies: &[Dependency]) -> Vec<String> {
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for dependency in dependencies {
        *count.entry(&dependency.name).or_default() += 1;
    }
    dependencies
        .iter()
        .map(|dependency| match count[dependency.name.as_str()] {
            1 => dependency.name.clone(),
            _ => format!("{}@{}", dependency.name, dependency.version),
        })
        .collect()
}
