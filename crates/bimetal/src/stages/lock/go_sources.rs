//! The Go modules in each artifact's import graph, with the hash of what the compiler will read.
//!
//! In: go.mod, go.sum, the module cache. Out: one [`Dependency`] per module and artifact. Invariant: a module from the proxy whose
//! unpacked files do not have the sum of go.sum stops the build.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Read as _;

use bimetal_manifest::schema::Dependency;
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use serde::Deserialize;

use super::error::LockError;
use super::go_modules::go;
use super::{archive, local, parallel, tree};
use crate::stages::plan::Plan;
use crate::toolchain::{InvocationError, Runner};

/// Go's part of the lock.
pub(super) struct GoSources {
    pub(super) main: Vec<Dependency>,
    pub(super) plugins: BTreeMap<String, Vec<Dependency>>,
    pub(super) folders: BTreeMap<String, Utf8PathBuf>,
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
    module: Option<Module>,
    error: Option<PackageError>,
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
    let mut invocation = go(plan).args(["list", "-deps"]);
    invocation = match listing {
        Listing::Names => invocation.args(["-f", "{{with .Error}}{{.}}{{end}}"]),
        Listing::Graph => {
            invocation.arg("-json=ImportPath,Dir,Standard,Imports,ImportMap,Module,Error")
        }
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

/// Hashes every module that main or a Go plugin uses.
pub(super) fn hash(plan: &Plan, runner: &Runner<'_>) -> Result<GoSources, LockError> {
    let text = list(plan, Listing::Graph, runner).map_err(|source| LockError::GoList { source })?;
    let packages = parse(&text)?;
    let main = modules(&packages, &plan.distribution.module)?;
    let plugins = plan
        .go_plugins
        .iter()
        .map(|plugin| Ok((plugin.name.as_str(), modules(&packages, &plugin.package)?)))
        .collect::<Result<Vec<_>, LockError>>()?;

    let mut used: BTreeMap<&str, &Module> = main.clone();
    for (_, modules) in &plugins {
        used.extend(modules);
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

    let pick = |modules: &BTreeMap<&str, &Module>| -> Vec<Dependency> {
        modules
            .keys()
            .map(|path| dependencies[*path].clone())
            .collect()
    };
    Ok(GoSources {
        main: pick(&main),
        plugins: plugins
            .iter()
            .map(|(name, modules)| ((*name).to_owned(), pick(modules)))
            .collect(),
        folders: folders(plan, &packages),
    })
}

fn folders(plan: &Plan, packages: &HashMap<String, Package>) -> BTreeMap<String, Utf8PathBuf> {
    plan.go_components
        .iter()
        .map(|component| &component.module)
        .chain(plan.go_plugins.iter().map(|plugin| &plugin.module))
        .filter_map(|module| {
            let package = packages.get(&module.import)?;
            Some((module.import.clone(), package.dir.clone()))
        })
        .collect()
}

fn parse(text: &[u8]) -> Result<HashMap<String, Package>, LockError> {
    let mut packages = HashMap::new();
    for package in serde_json::Deserializer::from_slice(text).into_iter::<Package>() {
        let package = package.map_err(|error| LockError::Answer {
            tool: "go list -json",
            reason: error.to_string(),
        })?;
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

/// The modules of everything that `root` imports, without the generated module and the standard library.
fn modules<'a>(
    packages: &'a HashMap<String, Package>,
    root: &str,
) -> Result<BTreeMap<&'a str, &'a Module>, LockError> {
    let mut modules = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let mut open = vec![root];
    while let Some(path) = open.pop() {
        if !seen.insert(path) {
            continue;
        }
        // `C` and `unsafe` are no packages.
        let Some(package) = packages.get(path) else {
            continue;
        };
        if package.standard {
            continue;
        }
        let module = package.module.as_ref().ok_or_else(|| LockError::NoModule {
            package: package.import_path.clone(),
        })?;
        if !module.main {
            modules.insert(module.path.as_str(), module);
        }
        open.extend(
            package
                .imports
                .iter()
                .map(|import| package.import_map.get(import).unwrap_or(import).as_str()),
        );
    }
    Ok(modules)
}

fn dependency(
    plan: &Plan,
    module: &Module,
    sums: &HashMap<(String, String), String>,
) -> Result<Dependency, LockError> {
    let source = module.replace.as_deref().unwrap_or(module);
    let is_local = source.version.is_empty();
    let (hash, kind) = if is_local {
        // A relative replacement is relative to go.mod; `go list` gives the folder on the outer module.
        let folder = plan.out.join(&module.dir);
        let name = format!("{}@{}", module.path, module.version);
        let files = local::go_module(&folder, &name);
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
        // A local folder's path is of this machine and says nothing; its hash does.
        replaced_by: (module.replace.is_some() && !is_local)
            .then(|| format!("{} {}", source.path, source.version)),
    })
}

fn hash_error(module: &str, source: tree::TreeError) -> LockError {
    match source {
        tree::TreeError::Interrupted => LockError::Interrupted,
        source => LockError::Hash {
            what: format!("module `{module}`"),
            source,
        },
    }
}

fn verified(
    module: &Module,
    folder: &Utf8Path,
    sums: &HashMap<(String, String), String>,
) -> Result<String, LockError> {
    let key = (module.path.clone(), module.version.clone());
    let wanted = sums.get(&key).ok_or_else(|| LockError::NoSum {
        module: module.path.clone(),
        version: module.version.clone(),
    })?;
    let prefix = format!("{}@{}", module.path, module.version);
    let changed = |found: String, files: Vec<String>| LockError::ModuleChanged {
        module: module.path.clone(),
        version: module.version.clone(),
        folder: folder.to_owned(),
        found,
        wanted: wanted.clone(),
        files,
    };
    let files = match tree::packed_files(folder, &prefix) {
        Ok(files) => files,
        Err(tree::TreeError::Special { path }) => {
            let name = tree::relative(&path, folder).to_owned();
            return Err(changed("a special file".to_owned(), vec![name]));
        }
        Err(source) => return Err(hash_error(&module.path, source)),
    };
    let found = tree::hash_files(&files).map_err(|source| hash_error(&module.path, source))?;
    if found == *wanted {
        return Ok(found);
    }
    let names = archive::differences(folder, &prefix, &files).unwrap_or_default();
    Err(changed(found, names))
}

/// go.sum: module and version -> `h1:` of the module's files.
fn sums(out: &Utf8Path) -> Result<HashMap<(String, String), String>, LockError> {
    let path = out.join("go.sum");
    let mut text = String::new();
    match fs::File::open(path.as_std_path()) {
        Ok(mut file) => file.read_to_string(&mut text).map(drop),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
    .map_err(|source| LockError::Read { path, source })?;
    Ok(text
        .lines()
        .filter_map(|line| {
            let mut words = line.split_ascii_whitespace();
            let (module, version, sum) = (words.next()?, words.next()?, words.next()?);
            (!version.ends_with("/go.mod") && sum.starts_with("h1:"))
                .then(|| ((module.to_owned(), version.to_owned()), sum.to_owned()))
        })
        .collect())
}
