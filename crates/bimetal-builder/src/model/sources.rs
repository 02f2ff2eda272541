//! What an artifact is made of.
//!
//! In: nothing. Out: [`Sources`]. Invariant: values only; the hashes are those of the files.

use std::collections::{BTreeMap, BTreeSet};

use bimetal_files::Digest;
use bimetal_manifest::schema::Dependency;
use camino::Utf8PathBuf;

/// The dependencies of every artifact. Empty for a distribution without a plugin host: it has no
/// manifests.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    pub go: GoSources,
    pub rust: RustSources,
    /// Value of `-tags` for main and every Go plugin.
    pub go_tags: String,
    /// What guides Go's compiler.
    pub profile: Option<Profile>,
}

/// Go's part.
#[derive(Clone, Debug, Default)]
pub struct GoSources {
    /// Modules in main's import graph.
    pub main: Vec<Dependency>,
    /// By [`GoPlugin::name`](super::GoPlugin::name).
    pub plugins: BTreeMap<String, Vec<Dependency>>,
    /// Of the given tags those that main's import graph asks for.
    pub main_tags: Vec<String>,
    /// The same of every Go plugin, by its name.
    pub plugin_tags: BTreeMap<String, Vec<String>>,
    /// Import path of a component -> directory of its package.
    pub directories: BTreeMap<String, Utf8PathBuf>,
    /// Of Go's variables, packages and programs, and of the C compiler; none where something of it
    /// cannot be read, or `-a` asks for everything anew.
    pub itself: Option<Digest>,
    /// Directories of the generated module's packages in main's import graph; none where files
    /// outside of them count.
    pub main_packages: Option<BTreeSet<Utf8PathBuf>>,
    /// The same of every Go plugin, by its name.
    pub plugin_packages: BTreeMap<String, BTreeSet<Utf8PathBuf>>,
}

/// Rust's part.
#[derive(Clone, Debug, Default)]
pub struct RustSources {
    /// Crates in the graph of main's static library.
    pub main: Vec<Dependency>,
    /// By [`RustComponent::name`](super::RustComponent::name).
    pub plugins: BTreeMap<String, Vec<Dependency>>,
    /// Crates in the graph of the program that describes a component, by the same name.
    pub describers: BTreeMap<String, Vec<Dependency>>,
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
