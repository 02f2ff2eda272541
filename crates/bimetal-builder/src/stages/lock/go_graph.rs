//! The import graph of each artifact, as `go list` has it.
//!
//! In: the text of `go list -deps -json`. Out: packages by their import paths, the [`Graph`] of
//! what one of them imports. Invariant: knows nothing of hashes; a package that Go cannot load is
//! an error.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;

use super::error::LockError;
use super::requirers::Edges;
use super::tags::{self, Files};
use crate::toolchain::AnswerError;

/// The modules of one artifact.
pub(super) struct Graph<'a> {
    /// Without the generated one and the standard library.
    pub(super) modules: BTreeMap<&'a str, &'a Module>,
    /// The packages of the generated one.
    own: Vec<&'a Package>,
    /// Which module imports packages of which other ones.
    pub(super) edges: Edges<&'a str>,
    /// A package asks `pkg-config` for flags, which tells of this machine what no hash covers.
    asks_machine: bool,
}

impl Graph<'_> {
    /// Directories of the generated module's packages below `out`; none where files outside of
    /// them count.
    pub(super) fn directories(&self, out: &Utf8Path) -> Option<BTreeSet<Utf8PathBuf>> {
        if self.asks_machine {
            return None;
        }
        let directories = self.own.iter().map(|package| {
            let embeds = !package.embed_files.is_empty();
            (!embeds).then(|| out.join(&package.dir))
        });
        directories.collect()
    }
}

/// What `go list` is asked for, to fill [`Package`].
pub(super) fn fields() -> String {
    format!(
        "ImportPath,Dir,Standard,Imports,ImportMap,Module,Error,EmbedFiles,CgoPkgConfig,{}",
        tags::FIELDS
    )
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Package {
    pub(super) import_path: String,
    #[serde(default)]
    pub(super) dir: Utf8PathBuf,
    #[serde(default)]
    standard: bool,
    #[serde(default)]
    imports: Vec<String>,
    #[serde(default)]
    import_map: BTreeMap<String, String>,
    /// May lie below the package's directory.
    #[serde(default)]
    embed_files: Vec<String>,
    #[serde(default)]
    cgo_pkg_config: Vec<String>,
    #[serde(flatten)]
    pub(super) files: Files,
    pub(super) module: Option<Module>,
    error: Option<PackageError>,
}

impl Package {
    /// What it imports, under the names of the listing.
    pub(super) fn imported(&self) -> impl Iterator<Item = &str> {
        let name = |import| self.import_map.get(import).unwrap_or(import).as_str();
        self.imports.iter().map(name)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PackageError {
    err: String,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Module {
    pub(super) path: String,
    #[serde(default)]
    pub(super) version: String,
    #[serde(default)]
    pub(super) main: bool,
    #[serde(default)]
    pub(super) dir: Utf8PathBuf,
    pub(super) replace: Option<Box<Module>>,
}

/// Packages by their import paths.
pub(super) fn parse(text: &[u8]) -> Result<HashMap<String, Package>, LockError> {
    let mut packages = HashMap::new();
    for package in serde_json::Deserializer::from_slice(text).into_iter::<Package>() {
        let package = package.map_err(AnswerError::of("go list -json"))?;
        if let Some(error) = package.error {
            return Err(LockError::Package {
                package: package.import_path,
                reason: error.err,
            });
        }
        packages.insert(package.import_path.clone(), package);
    }
    Ok(packages)
}

/// The modules of everything that `root` imports.
pub(super) fn graph<'a>(
    packages: &'a HashMap<String, Package>,
    root: &str,
) -> Result<Graph<'a>, LockError> {
    let mut graph = Graph {
        modules: BTreeMap::new(),
        own: Vec::new(),
        edges: Edges::new(),
        asks_machine: false,
    };
    let mut seen = BTreeSet::new();
    let mut open = vec![root];
    while let Some(path) = open.pop() {
        if !seen.insert(path) {
            continue;
        }
        // `C` and `unsafe` are no packages.
        let Some(package) = packages.get(path).filter(|package| !package.standard) else {
            continue;
        };
        graph.asks_machine |= !package.cgo_pkg_config.is_empty();
        let module = package.module.as_ref().ok_or_else(|| LockError::NoModule {
            package: package.import_path.clone(),
        })?;
        if module.main {
            graph.own.push(package);
        } else {
            graph.modules.insert(module.path.as_str(), module);
        }
        let asked = graph.edges.entry(module.path.as_str()).or_default();
        for import in package.imported() {
            asked.extend(module_of(packages, import));
            open.push(import);
        }
    }
    Ok(graph)
}

/// The module of a package.
pub(super) fn module_of<'a>(
    packages: &'a HashMap<String, Package>,
    import: &str,
) -> Option<&'a str> {
    let module = packages.get(import)?.module.as_ref()?;
    Some(module.path.as_str())
}

/// Directories of the standard packages.
pub(super) fn standard(packages: &HashMap<String, Package>) -> BTreeSet<&Utf8Path> {
    let standard = packages.values().filter(|package| package.standard);
    let directories = standard.map(|package| package.dir.as_path());
    directories
        .filter(|directory| !directory.as_str().is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The directories of a main package that imports one of another module; `main` and `other` are
    /// further fields of these.
    fn directories(main: &str, other: &str) -> Option<BTreeSet<Utf8PathBuf>> {
        let text = format!(
            r#"{{"ImportPath":"tiny","Dir":"","Imports":["other","C"],
                "Module":{{"Path":"tiny","Main":true}}{main}}}
               {{"ImportPath":"other","Dir":"/cache/other",
                "Module":{{"Path":"other","Version":"v1.0.0"}}{other}}}
               {{"ImportPath":"unused","Module":{{"Path":"unused"}},"CgoPkgConfig":["zlib"]}}"#
        );
        let packages = parse(text.as_bytes()).unwrap();
        let graph = graph(&packages, "tiny").unwrap();
        assert_eq!(graph.modules.keys().collect::<Vec<_>>(), [&"other"]);
        graph.directories("/out".into())
    }

    #[test]
    fn what_counts_beyond_the_generated_packages_leaves_no_directories() {
        assert_eq!(directories("", ""), Some(BTreeSet::from(["/out/".into()])));
        assert_eq!(directories(r#","EmbedFiles":["a/b.txt"]"#, ""), None);
        assert!(directories("", r#","EmbedFiles":["a/b.txt"]"#).is_some());
        assert_eq!(directories("", r#","CgoPkgConfig":["zlib"]"#), None);
    }
}
