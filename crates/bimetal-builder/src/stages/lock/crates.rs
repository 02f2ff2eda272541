//! The crates in each Rust artifact's graph, with the hash of what rustc will read.
//!
//! In: the generated workspace. Out: Cargo.lock on disk, one [`Dependency`] per crate and artifact,
//! and the same of the programs that describe components.
//! Invariant: no crate that the builder carries came from anywhere else. Build scripts and
//! procedural macros count: what they do ends in the artifact.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bimetal_files::{Digest, Hasher};
use bimetal_lockfile::CargoLock;
use bimetal_manifest::schema::Dependency;
use bimetal_terminal::hint::is_interrupt;
use camino::Utf8Path;
use cargo_metadata::semver::Version;
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};

use super::error::LockError;
use super::registry::{self, Unpacked};
use super::requirers::{Edges, requirers};
use super::{Network, local, parallel, tree};
use crate::flags::cargo::cargo;
use crate::model::{Linkage, Plan, RustSources, SourceTree, keys};
use crate::toolchain::{AnswerError, Invocation, Runner, cargo_home, remembered, work};

/// Beginning of the names of the crates that the builder carries.
const OURS: &str = "bimetal-";

/// One crate of the graph; sorted by name first, so that no path of this machine decides about an
/// order.
type Crate<'a> = (&'a str, &'a Version, &'a PackageId);

/// Brings Cargo.lock up to date and hashes every crate that main or a Rust plugin uses.
pub(super) fn hash(
    plan: &Plan,
    tree: &SourceTree,
    network: Network,
    runner: &Runner<'_>,
) -> Result<RustSources, LockError> {
    let metadata = graph(plan, tree, network, runner)?;
    let workspace = plan.out.join("rust");
    refuse_foreign(plan, &metadata)?;

    let edges = edges(&metadata)?;
    let root = |directory: &Utf8Path| root(&metadata, directory);
    let main_root = root(&workspace.join("main"))?;
    let main = closure(&edges, main_root);
    let plugins = plan
        .rust_with(Linkage::Plugin)
        .map(|plugin| {
            let root = root(&plan.out.join(&plugin.dir))?;
            Ok((plugin, root, closure(&edges, root)))
        })
        .collect::<Result<Vec<_>, LockError>>()?;

    let describers = plan
        .rust_components
        .iter()
        .map(|component| {
            let root = root(&plan.out.join(component.describer_dir()))?;
            Ok((component, closure(&edges, root)))
        })
        .collect::<Result<Vec<_>, LockError>>()?;

    let wrappers = ["main", "describe", "plugin"].map(|directory| workspace.join(directory));
    let used: BTreeSet<Crate<'_>> = plugins
        .iter()
        .flat_map(|(_, _, crates)| crates)
        .chain(describers.iter().flat_map(|(_, crates)| crates))
        .chain(&main)
        .copied()
        .collect();
    let used: Vec<&Package> = used
        .into_iter()
        .map(|(_, _, id)| &metadata[id])
        .filter(|package| {
            !wrappers
                .iter()
                .any(|directory| package.manifest_path.starts_with(directory))
        })
        .collect();
    let checksums = checksums(&workspace.join("Cargo.lock"))?;
    runner
        .activity
        .doing(&format!("hashing {} crates", used.len()));
    let features = features(&metadata);
    let hashed = parallel::map(&used, |package| {
        let hash = dependency(package, &checksums, &features)?;
        Ok((package.id.clone(), hash))
    });
    let hashed: HashMap<PackageId, Dependency> =
        hashed.into_iter().collect::<Result<_, LockError>>()?;

    Ok(RustSources {
        main: pick(&main, &hashed, &requirers(&edges, [main_root])),
        plugins: plugins
            .iter()
            .map(|(plugin, root, crates)| {
                // The wrapper has no other dependency of that name.
                let component = edges
                    .get(root)
                    .into_iter()
                    .flatten()
                    .find(|(name, ..)| *name == plugin.spec.crate_name);
                let requirers = requirers(&edges, component.into_iter().chain([root]).copied());
                (plugin.name.clone(), pick(crates, &hashed, &requirers))
            })
            .collect(),
        // No manifest has them, so that no report names who brings one in.
        describers: describers
            .iter()
            .map(|(component, crates)| {
                let crates = pick(crates, &hashed, &BTreeMap::new());
                (component.name.clone(), crates)
            })
            .collect(),
    })
}

/// The dependencies among `crates`, each with the key of the one that brings it in. Wrappers have
/// no hash and are none.
fn pick<'a>(
    crates: &BTreeSet<Crate<'a>>,
    hashed: &HashMap<PackageId, Dependency>,
    requirers: &BTreeMap<Crate<'a>, Option<Crate<'a>>>,
) -> Vec<Dependency> {
    let (picked, dependencies): (Vec<Crate<'_>>, Vec<Dependency>) = crates
        .iter()
        .filter_map(|one| Some((*one, hashed.get(one.2)?.clone())))
        .unzip();
    let keys: HashMap<Crate<'_>, String> =
        picked.iter().copied().zip(keys(&dependencies)).collect();
    picked
        .iter()
        .zip(dependencies)
        .map(|(one, dependency)| {
            let requirer = requirers.get(one).copied().flatten();
            Dependency {
                required_by: requirer.and_then(|requirer| keys.get(&requirer).cloned()),
                ..dependency
            }
        })
        .collect()
}

fn unexpected(reason: impl std::fmt::Display) -> AnswerError {
    AnswerError::of("cargo metadata")(reason)
}

/// Brings Cargo.lock up to date, and downloads what it names for this machine.
pub(super) fn update(plan: &Plan, runner: &Runner<'_>) -> Result<(), LockError> {
    ask(plan, &metadata(plan), Network::On, runner).map(drop)
}

fn metadata(plan: &Plan) -> Invocation {
    let rust = plan.rust.as_ref();
    let target = rust.map_or("", |rust| rust.tools.target.as_str());
    cargo(plan, "metadata").args([
        "--format-version=1",
        "--locked",
        "--filter-platform",
        target,
        "--offline",
    ])
}

/// The graph of the generated workspace: asked from cargo, or remembered.
fn graph(
    plan: &Plan,
    tree: &SourceTree,
    network: Network,
    runner: &Runner<'_>,
) -> Result<Metadata, LockError> {
    let memory = work::directory(&plan.out).join("crates");
    let command = metadata(plan);
    let parsed = |text: &[u8]| MetadataCommand::parse(String::from_utf8_lossy(text));
    let inputs = || inputs(plan, tree, &command);
    if let Some(inputs) = inputs()
        && let Some(text) = remembered::recall(&memory, &inputs)
        && let Ok(metadata) = parsed(&text)
        && is_whole(plan, tree, &metadata)
    {
        return Ok(metadata);
    }
    let text = ask(plan, &command, network, runner)?;
    let metadata = parsed(&text).map_err(unexpected)?;
    // Now with the Cargo.lock that cargo may have written.
    if let Some(inputs) = inputs() {
        remembered::remember(&memory, inputs, &text);
    }
    Ok(metadata)
}

/// Everything that decides about the graph: the generated workspace with its Cargo.lock, cargo and
/// its settings. What it reads of crates is compared with Cargo.lock in every build.
fn inputs(plan: &Plan, tree: &SourceTree, command: &Invocation) -> Option<Digest> {
    let mut sum = Hasher::default();
    sum.update(format!("{command:?} {:?}", plan.rust));
    let settings = cargo_home::of_builder(&work::cargo_target(&plan.out)).join("config.toml");
    let manifests = tree.iter().map(|(path, _)| path);
    // From the disk, where a user may keep sources of his own.
    let files = manifests
        .filter(|path| path.starts_with("rust") && path.file_name() == Some("Cargo.toml"))
        .chain([Utf8Path::new("rust/Cargo.lock"), settings.as_path()]);
    for path in files {
        let bytes = bimetal_files::read_if_present(&plan.out.join(path)).ok()?;
        sum.update(format!("{path:?} {:?} ", bytes.as_ref().map(Vec::len)));
        sum.update(bytes.unwrap_or_default());
    }
    Some(sum.finish())
}

/// Whether every crate is still there, and the generated workspace has no other ones.
fn is_whole(plan: &Plan, tree: &SourceTree, metadata: &Metadata) -> bool {
    let is_generated = |path: &Utf8Path| {
        let name = path.strip_prefix(&plan.out);
        name.is_ok_and(|name| tree.get(name).is_some())
    };
    let mut packages = metadata.packages.iter();
    packages.all(|package| {
        let path = package.manifest_path.as_path();
        path.is_file() && (package.source.is_some() || is_generated(path))
    })
}

/// `cargo metadata`, if everything is there; else after `cargo fetch`.
fn ask(
    plan: &Plan,
    metadata: &Invocation,
    network: Network,
    runner: &Runner<'_>,
) -> Result<Vec<u8>, LockError> {
    match runner.read("cargo-metadata", metadata) {
        Ok(text) => Ok(text),
        Err(source) if is_interrupt(&source) || network == Network::Off => {
            Err(LockError::Metadata { source })
        }
        Err(_) => {
            let rust = plan.rust.as_ref();
            let target = rust.map_or("", |rust| rust.tools.target.as_str());
            let fetch = cargo(plan, "fetch").args(["--target", target]);
            runner
                .run("cargo-fetch", &fetch)
                .map_err(|source| LockError::Fetch { source })?;
            runner
                .read("cargo-metadata", metadata)
                .map_err(|source| LockError::Metadata { source })
        }
    }
}

/// A `[patch]` that does not fit is only a warning for cargo, and a published crate of that name
/// would be taken.
fn refuse_foreign(plan: &Plan, metadata: &Metadata) -> Result<(), LockError> {
    let named = |package: &Package| {
        plan.rust_components
            .iter()
            .any(|component| component.spec.crate_name == *package.name)
    };
    match metadata.packages.iter().find(|package| {
        package.source.is_some() && package.name.starts_with(OURS) && !named(package)
    }) {
        None => Ok(()),
        Some(package) => Err(LockError::Registry {
            name: package.name.to_string(),
            version: package.version.to_string(),
        }),
    }
}

fn root<'a>(metadata: &'a Metadata, directory: &Utf8Path) -> Result<Crate<'a>, LockError> {
    let manifest = directory.join("Cargo.toml");
    metadata
        .packages
        .iter()
        .find(|package| package.manifest_path == manifest)
        .map(of)
        .ok_or_else(|| unexpected(format!("`{manifest}` is not in the workspace")).into())
}

fn of(package: &Package) -> Crate<'_> {
    (package.name.as_str(), &package.version, &package.id)
}

/// What every crate needs to be built, without what only its tests need.
fn edges(metadata: &Metadata) -> Result<Edges<Crate<'_>>, LockError> {
    let resolve = metadata.resolve.as_ref();
    let resolve = resolve.ok_or_else(|| unexpected("it has no `resolve`"))?;
    let edges = resolve.nodes.iter().map(|node| {
        let needed = node.deps.iter().filter(|dep| {
            dep.dep_kinds
                .iter()
                .any(|kind| kind.kind != DependencyKind::Development)
        });
        (
            of(&metadata[&node.id]),
            needed.map(|dep| of(&metadata[&dep.pkg])).collect(),
        )
    });
    Ok(edges.collect())
}

/// Everything that `root` needs, with itself.
fn closure<'a>(edges: &Edges<Crate<'a>>, root: Crate<'a>) -> BTreeSet<Crate<'a>> {
    requirers(edges, [root]).into_keys().chain([root]).collect()
}

fn features(metadata: &Metadata) -> HashMap<&PackageId, Vec<String>> {
    metadata
        .resolve
        .iter()
        .flat_map(|resolve| &resolve.nodes)
        .map(|node| {
            (
                &node.id,
                node.features.iter().map(ToString::to_string).collect(),
            )
        })
        .collect()
}

fn dependency(
    package: &Package,
    checksums: &CargoLock,
    features: &HashMap<&PackageId, Vec<String>>,
) -> Result<Dependency, LockError> {
    let (name, version) = (package.name.to_string(), package.version.to_string());
    let directory = package
        .manifest_path
        .parent()
        .unwrap_or(&package.manifest_path);
    let origin = package.source.as_ref().map(|source| source.repr.as_str());
    let (hash, source) = match origin {
        Some(origin) if !origin.starts_with("git+") => {
            let checksum = checksums
                .checksum(&name, &version)
                .ok_or_else(|| LockError::NoChecksum {
                    name: name.clone(),
                    version: version.clone(),
                })?
                .to_owned();
            let directory = directory.to_owned();
            let unpacked = Unpacked {
                name: name.clone(),
                version: version.clone(),
                directory,
                checksum,
            };
            (registry::verify(&unpacked)?, "registry")
        }
        origin => (
            own_hash(directory, &name, &version)?,
            if origin.is_some() {
                "git"
            } else {
                Dependency::LOCAL
            },
        ),
    };
    Ok(Dependency {
        source: source.to_owned(),
        hash,
        features: features.get(&package.id).cloned().unwrap_or_default(),
        replaced_by: None,
        required_by: None,
        name,
        version,
    })
}

fn own_hash(directory: &Utf8Path, name: &str, version: &str) -> Result<String, LockError> {
    local::package(directory, &format!("{name}@{version}"))
        .and_then(|files| tree::hash_files(&files))
        .map_err(|source| LockError::Hash {
            what: format!("crate `{name}` {version}"),
            source,
        })
}

/// The checksums of Cargo.lock. `cargo metadata` does not give them.
fn checksums(path: &Utf8Path) -> Result<CargoLock, LockError> {
    let text = bimetal_files::read_to_string(path)?;
    CargoLock::parse(&text).map_err(|source| LockError::CargoLock { source })
}
