//! The Go modules in each artifact's import graph, with the hash of what the compiler will read.
//!
//! In: go.mod, go.sum, the module cache. Out: one [`Dependency`] per module and artifact.
//! Invariant: a module from the proxy whose unpacked files do not have the sum of go.sum stops the
//! build.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bimetal_lockfile::GoSum;
use bimetal_manifest::schema::Dependency;
use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;

use super::error::LockError;
use super::requirers::{Edges, requirers};
use super::tags::{self, Files, Node};
use super::variables::Variables;
use super::{archive, go_itself, listing, local, parallel, tree};
use crate::flags::go::go;
use crate::model::{GoSources, Plan};
use crate::toolchain::{AnswerError, InvocationError, Runner};

/// The modules of one artifact.
struct Graph<'a> {
    /// Without the generated one and the standard library.
    modules: BTreeMap<&'a str, &'a Module>,
    /// The packages of the generated one.
    own: Vec<&'a Package>,
    /// Which module imports packages of which other ones.
    edges: Edges<&'a str>,
}

/// How much `go list` is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listing {
    /// Only whether all packages are there.
    Names,
    /// The import graph with modules.
    Graph,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Package {
    import_path: String,
    #[serde(default)]
    dir: Utf8PathBuf,
    #[serde(default)]
    standard: bool,
    #[serde(default)]
    imports: Vec<String>,
    #[serde(default)]
    import_map: BTreeMap<String, String>,
    #[serde(flatten)]
    files: Files,
    module: Option<Module>,
    error: Option<PackageError>,
}

impl Package {
    /// What it imports, under the names of the listing.
    fn imported(&self) -> impl Iterator<Item = &str> {
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
struct Module {
    path: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    main: bool,
    #[serde(default)]
    dir: Utf8PathBuf,
    replace: Option<Box<Module>>,
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
        Listing::Graph => invocation.arg(format!(
            "-json=ImportPath,Dir,Standard,Imports,ImportMap,Module,Error,{}",
            tags::FIELDS
        )),
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
        main_packages: own(plan, &main),
        plugin_packages: plugins
            .iter()
            .filter_map(|(plugin, graph)| Some((plugin.name.clone(), own(plan, graph)?)))
            .collect(),
    })
}

/// Directories of the standard packages.
fn standard(packages: &HashMap<String, Package>) -> BTreeSet<&Utf8Path> {
    let standard = packages.values().filter(|package| package.standard);
    let directories = standard.map(|package| package.dir.as_path());
    directories
        .filter(|directory| !directory.as_str().is_empty())
        .collect()
}

/// Directories of the generated module's packages; none where files outside of them count.
fn own(plan: &Plan, graph: &Graph<'_>) -> Option<BTreeSet<Utf8PathBuf>> {
    let directories = graph.own.iter().map(|package| {
        let embeds = !package.files.embedded.is_empty();
        (!embeds).then(|| plan.out.join(&package.dir))
    });
    directories.collect()
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

fn module_of<'a>(packages: &'a HashMap<String, Package>, import: &str) -> Option<&'a str> {
    let module = packages.get(import)?.module.as_ref()?;
    Some(module.path.as_str())
}

fn directories(plan: &Plan, packages: &HashMap<String, Package>) -> BTreeMap<String, Utf8PathBuf> {
    plan.component_modules()
        .filter_map(|module| {
            let package = packages.get(&module.spec.import)?;
            Some((module.spec.import.clone(), package.dir.clone()))
        })
        .collect()
}

fn parse(text: &[u8]) -> Result<HashMap<String, Package>, LockError> {
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
fn graph<'a>(packages: &'a HashMap<String, Package>, root: &str) -> Result<Graph<'a>, LockError> {
    let mut graph = Graph {
        modules: BTreeMap::new(),
        own: Vec::new(),
        edges: Edges::new(),
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
            "local",
        )
    } else {
        let kind = if module.replace.is_some() {
            "replaced"
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
mod tests {
    use fs_err as fs;

    use super::*;
    use crate::progress::Activity;
    use crate::stages::plan::samples;
    use crate::toolchain::Invocation;

    use super::super::variables;

    const PATH: &str = "golang.org/x/time";
    const VERSION: &str = "v0.15.0";

    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Downloaded {
        dir: Utf8PathBuf,
        zip: Utf8PathBuf,
        sum: String,
    }

    /// A real module from the proxy, as `go mod download` left it.
    fn download() -> Downloaded {
        let activity = Activity::silent();
        let runner = Runner {
            logs: None,
            activity: &activity,
        };
        let name = format!("{PATH}@{VERSION}");
        let invocation = Invocation::go("go", "/", false).args(["mod", "download", "-json", &name]);
        serde_json::from_slice(&runner.read("download", &invocation).unwrap()).unwrap()
    }

    fn module(directory: &Utf8Path) -> Module {
        Module {
            path: PATH.to_owned(),
            version: VERSION.to_owned(),
            main: false,
            dir: directory.to_owned(),
            replace: None,
        }
    }

    fn sums(sum: &str) -> GoSum {
        GoSum::parse(&format!("{PATH} {VERSION} {sum}\n")).unwrap()
    }

    /// A module cache of its own, with the module in it.
    fn cache(downloaded: &Downloaded) -> (tempfile::TempDir, Utf8PathBuf) {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(keep.path().to_owned()).unwrap();
        let directory = root.join(format!("{PATH}@{VERSION}"));
        for (name, from) in tree::packed_files(&downloaded.dir, "x").unwrap() {
            let to = directory.join(name.strip_prefix("x/").unwrap());
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::write(to, fs::read(from).unwrap()).unwrap();
        }
        let archive = root.join(format!("cache/download/{PATH}/@v/{VERSION}.zip"));
        fs::create_dir_all(archive.parent().unwrap()).unwrap();
        fs::copy(&downloaded.zip, archive).unwrap();
        (keep, directory)
    }

    #[test]
    fn the_hash_of_an_unpacked_module_is_the_sum_that_go_computed() {
        let downloaded = download();
        let found = verified(
            &module(&downloaded.dir),
            &downloaded.dir,
            &sums(&downloaded.sum),
        )
        .unwrap();
        assert_eq!(found, downloaded.sum);
    }

    #[test]
    fn a_tampered_module_cache_is_named_with_module_and_files() {
        let downloaded = download();
        let (_keep, directory) = cache(&downloaded);
        let check = || verified(&module(&directory), &directory, &sums(&downloaded.sum));
        check().unwrap();
        fs::write(directory.join("rate/rate.go"), "package rate // evil").unwrap();
        fs::write(directory.join("rate/extra.go"), "package rate").unwrap();
        fs::remove_file(directory.join("LICENSE")).unwrap();
        let text = check().unwrap_err().to_string();
        assert!(
            text.starts_with("module `golang.org/x/time` v0.15.0 was changed after its download"),
            "{text}"
        );
        assert!(
            text.ends_with("changed: rate/extra.go (added), rate/rate.go, LICENSE (removed)"),
            "{text}"
        );
    }

    #[test]
    fn a_module_without_a_sum_is_refused() {
        let error = verified(
            &module("/nowhere".into()),
            "/nowhere".into(),
            &GoSum::default(),
        )
        .unwrap_err();
        assert!(matches!(error, LockError::NoSum { .. }));
    }

    #[test]
    fn only_modules_that_are_imported_count_and_local_ones_are_hashed_by_their_files() {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(keep.path().canonicalize().unwrap()).unwrap();
        let mut plan = samples::plain_plan();
        plan.out = root.join("out");
        plan.distribution.module = "example.com/tiny".to_owned();
        plan.go.tool.as_mut().unwrap().program = "go".into();
        let files = [
            (
                "out/go.mod",
                "module example.com/tiny\n\ngo 1.25\n\n\
                 require (\n\texample.com/used v1.0.0\n\texample.com/unused v1.0.0\n)\n\n\
                 replace example.com/used => ../used\n\nreplace example.com/unused => ../unused\n",
            ),
            (
                "out/main.go",
                "package main\n\nimport _ \"example.com/used\"\n\nfunc main() {}\n",
            ),
            ("used/go.mod", "module example.com/used\n\ngo 1.25\n"),
            ("used/used.go", "package used\n"),
            ("unused/go.mod", "module example.com/unused\n\ngo 1.25\n"),
        ];
        for (name, text) in files {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let activity = Activity::silent();
        let runner = Runner {
            logs: None,
            activity: &activity,
        };
        let variables = variables::read(&plan, &runner).unwrap();
        let first = hash(&plan, &BTreeSet::new(), &variables, &runner)
            .unwrap()
            .main;
        let [used] = first.as_slice() else {
            panic!("{first:?}")
        };
        assert_eq!(
            (
                used.name.as_str(),
                used.version.as_str(),
                used.source.as_str()
            ),
            ("example.com/used", "v1.0.0", "local")
        );
        fs::write(root.join("used/used.go"), "package used // changed\n").unwrap();
        assert_ne!(
            hash(&plan, &BTreeSet::new(), &variables, &runner)
                .unwrap()
                .main[0]
                .hash,
            used.hash
        );
    }
}
