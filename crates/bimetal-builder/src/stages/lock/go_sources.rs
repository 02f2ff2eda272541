//! The Go modules in each artifact's import graph, with the hash of what the compiler will read.
//!
//! In: go.mod, go.sum, the module cache. Out: one [`Dependency`] per module and artifact.
//! Invariant: a module from the proxy whose unpacked files do not have the sum of go.sum stops the
//! build.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bimetal_lockfile::GoSum;
use bimetal_manifest::schema::Dependency;
use camino::{Utf8Path, Utf8PathBuf};

use super::error::LockError;
use super::go_graph::{Graph, Module, Package, graph, module_of, parse, standard};
use super::requirers::requirers;
use super::tags::{self, Node};
use super::variables::Variables;
use super::{archive, go_graph, go_itself, listing, local, parallel, tree};
use crate::flags::go::go;
use crate::model::{GoSources, Plan};
use crate::toolchain::{InvocationError, Runner};

/// How much `go list` is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listing {
    /// Only whether all packages are there.
    Names,
    /// The import graph with modules.
    Graph,
}

/// Runs `go list` over main and every Go plugin.
pub(super) fn list(
    plan: &Plan,
    listing: Listing,
    runner: &Runner<'_>,
) -> Result<Vec<u8>, InvocationError> {
    // With a profile every package would be listed once for each main package that it is compiled
    // for.
    let mut invocation = go(plan).args(["list", "-deps", "-pgo=off"]);
    invocation = match listing {
        Listing::Names => invocation.args(["-f", "{{with .Error}}{{.}}{{end}}"]),
        Listing::Graph => invocation.arg(format!("-json={}", go_graph::fields())),
    };
    if !plan.go.tags.is_empty() {
        invocation = invocation.arg(format!("-tags={}", plan.go.tags));
    }
    let plugins = plan
        .go_plugins
        .iter()
        .map(|plugin| format!("./{}", plugin.dir));
    runner.read("go-list", &invocation.arg(".").args(plugins))
}

/// Hashes every module that main or a Go plugin uses, and finds out which of the `given` tags
/// matter.
pub(super) fn hash(
    plan: &Plan,
    given: &BTreeSet<String>,
    variables: &Variables,
    runner: &Runner<'_>,
) -> Result<GoSources, LockError> {
    let text = listing::graph(plan, variables, || list(plan, Listing::Graph, runner))
        .map_err(|source| LockError::GoList { source })?;
    let packages = parse(&text)?;
    let main = graph(&packages, &plan.distribution.module)?;
    let plugins = plan
        .go_plugins
        .iter()
        .map(|plugin| Ok((plugin, graph(&packages, &plugin.package)?)))
        .collect::<Result<Vec<_>, LockError>>()?;

    let mut used: BTreeMap<&str, &Module> = main.modules.clone();
    for (_, graph) in &plugins {
        used.extend(&graph.modules);
    }
    let sums = sums(&plan.out)?;
    let used: Vec<&Module> = used.into_values().collect();
    runner
        .activity
        .doing(&format!("hashing {} Go modules", used.len()));
    let dependencies = parallel::map(&used, |module| dependency(plan, module, &sums));
    let dependencies: BTreeMap<String, Dependency> = dependencies
        .into_iter()
        .map(|dependency| dependency.map(|dependency| (dependency.name.clone(), dependency)))
        .collect::<Result<_, _>>()?;

    // What the generated module asks for is not brought in, nor is what the component's own
    // module asks for.
    let pick = |graph: &Graph<'_>, component: Option<&str>| -> Vec<Dependency> {
        let start = [plan.distribution.module.as_str()];
        let requirers = requirers(&graph.edges, start.into_iter().chain(component));
        let with_requirer = |path: &&str| Dependency {
            required_by: requirers.get(path).copied().flatten().map(str::to_owned),
            ..dependencies[*path].clone()
        };
        graph.modules.keys().map(with_requirer).collect()
    };
    let mut tags = effective_tags(plan, &packages, given)?.into_iter();
    Ok(GoSources {
        main: pick(&main, None),
        plugins: plugins
            .iter()
            .map(|(plugin, graph)| {
                let component = module_of(&packages, &plugin.module.spec.import);
                (plugin.name.clone(), pick(graph, component))
            })
            .collect(),
        main_tags: tags.next().unwrap_or_default(),
        plugin_tags: plugins
            .iter()
            .map(|(plugin, _)| plugin.name.clone())
            .zip(tags)
            .collect(),
        directories: directories(plan, &packages),
        itself: go_itself::digest(plan, variables, &standard(&packages), runner),
        main_packages: main.directories(&plan.out),
        plugin_packages: plugins
            .iter()
            .filter_map(|(plugin, graph)| {
                Some((plugin.name.clone(), graph.directories(&plan.out)?))
            })
            .collect(),
    })
}

/// The tags that matter: main's, then those of each plugin in the plan's order.
fn effective_tags(
    plan: &Plan,
    packages: &HashMap<String, Package>,
    given: &BTreeSet<String>,
) -> Result<Vec<Vec<String>>, LockError> {
    let nodes: Vec<Node<'_>> = packages
        .values()
        .map(|package| Node {
            path: &package.import_path,
            directory: plan.out.join(&package.dir),
            files: &package.files,
            imports: package.imported().collect(),
        })
        .collect();
    let plugins = plan.go_plugins.iter();
    let roots: Vec<&str> = [plan.distribution.module.as_str()]
        .into_iter()
        .chain(plugins.map(|plugin| plugin.package.as_str()))
        .collect();
    tags::effective(&nodes, &roots, given)
}

fn directories(plan: &Plan, packages: &HashMap<String, Package>) -> BTreeMap<String, Utf8PathBuf> {
    plan.component_modules()
        .filter_map(|module| {
            let package = packages.get(&module.spec.import)?;
            Some((module.spec.import.clone(), package.dir.clone()))
        })
        .collect()
}

fn dependency(plan: &Plan, module: &Module, sums: &GoSum) -> Result<Dependency, LockError> {
    let source = module.replace.as_deref().unwrap_or(module);
    let is_local = source.version.is_empty();
    let (hash, kind) = if is_local {
        // A relative replacement is relative to go.mod; `go list` gives the directory on the outer
        // module.
        let directory = plan.out.join(&module.dir);
        let name = format!("{}@{}", module.path, module.version);
        let files = local::go_module(&directory, &name);
        let hash = files.and_then(|files| tree::hash_files(&files));
        (
            hash.map_err(|source| hash_error(&module.path, source))?,
            Dependency::LOCAL,
        )
    } else {
        let kind = if module.replace.is_some() {
            Dependency::REPLACED
        } else {
            "proxy"
        };
        (verified(source, &module.dir, sums)?, kind)
    };
    Ok(Dependency {
        name: module.path.clone(),
        version: module.version.clone(),
        source: kind.to_owned(),
        hash,
        features: Vec::new(),
        // A local directory's path is of this machine and says nothing; its hash does.
        replaced_by: (module.replace.is_some() && !is_local)
            .then(|| format!("{} {}", source.path, source.version)),
        required_by: None,
    })
}

fn hash_error(module: &str, source: tree::TreeError) -> LockError {
    LockError::Hash {
        what: format!("module `{module}`"),
        source,
    }
}

fn verified(module: &Module, directory: &Utf8Path, sums: &GoSum) -> Result<String, LockError> {
    let wanted = sums
        .get(&module.path, &module.version)
        .ok_or_else(|| LockError::NoSum {
            module: module.path.clone(),
            version: module.version.clone(),
        })?;
    let prefix = format!("{}@{}", module.path, module.version);
    let changed = |found: String, files: Vec<String>| LockError::ModuleChanged {
        module: format!("`{}` {}", module.path, module.version),
        directory: directory.to_owned(),
        found,
        wanted: wanted.to_owned(),
        files: files.into(),
    };
    let files = match tree::packed_files(directory, &prefix) {
        Ok(files) => files,
        Err(tree::TreeError::Special { path }) => {
            let name = tree::relative(&path, directory).to_owned();
            return Err(changed("a special file".to_owned(), vec![name]));
        }
        Err(source) => return Err(hash_error(&module.path, source)),
    };
    let found = tree::hash_files(&files).map_err(|source| hash_error(&module.path, source))?;
    if found == wanted {
        return Ok(found);
    }
    let names = archive::differences(directory, &prefix, &files).unwrap_or_default();
    Err(changed(found, names))
}

/// The sums of go.sum; without a file there are none.
fn sums(out: &Utf8Path) -> Result<GoSum, LockError> {
    let bytes = bimetal_files::read_if_present(&out.join("go.sum"))?.unwrap_or_default();
    GoSum::parse(&String::from_utf8_lossy(&bytes)).map_err(|source| LockError::GoSum { source })
}

#[cfg(test)]
mod tests;
