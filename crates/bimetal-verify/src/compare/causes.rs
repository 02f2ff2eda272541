//! Folds what differs between a Go plugin and main to causes: one compiler, one flag, one module,
//! each with the packages that it explains.
//!
//! In: mismatches of manifests, the package hashes of both files. Out: the same mismatches with
//! their packages, and one for each group of packages that none of them explains. Invariant: pure;
//! every package whose hash differs is named by exactly one mismatch.

use std::collections::{BTreeMap, BTreeSet};

use super::dependencies::{DIRECTORY_AGAINST_VERSION, is_directory};
use super::mismatch::{Check, Mismatch, Outcome};
use super::packages::is_standard;
use bimetal_manifest::object::{Artifact, GoFacts, Module};
use bimetal_manifest::schema::Language;

/// Flags and variables that change package hashes, those that change the most packages first.
const WIDE: &[&str] = &[
    "-trimpath",
    "-gcflags",
    "-race",
    "-msan",
    "-asan",
    "GOEXPERIMENT",
    "GOFIPS140",
    "-tags",
    "-coverpkg",
    "-covermode",
    "-cover",
    "-pgo",
    "PGO profile",
    "CGO_ENABLED",
    "GOFLAGS",
    "CGO_CFLAGS",
    "CGO_CPPFLAGS",
];

/// What changes nothing that two artifacts share as long as no package hash differs.
const HARMLESS_ALONE: &[&str] = &["GOFIPS140", "-cover", "-covermode"];

/// Packages of the standard library that flags for C reach.
const CGO_PACKAGES: &[&str] = &["crypto/internal/boring", "net", "os/user", "runtime/cgo"];

/// Gives every package that differs to the mismatch that explains it.
pub(super) fn fold(found: Vec<Mismatch>, main: &Artifact, plugin: &Artifact) -> Vec<Mismatch> {
    let stated = [main, plugin].map(stated);
    let (Some(main), Some(plugin)) = (&main.facts.go, &plugin.facts.go) else {
        return found;
    };
    // Without hashes main cannot open any Go plugin; the check of the form says so.
    if main.package_hashes.is_empty() {
        return found;
    }
    let shared = Shared::new(main, plugin, stated.into_iter().flatten());
    let mut explained: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    let mut left = Vec::new();
    for package in &shared.differing {
        match cause(&found, &shared, package) {
            Some(index) => explained.entry(index).or_default().push(package),
            None => left.push(*package),
        }
    }
    let mut folded = Vec::with_capacity(found.len());
    for (index, mismatch) in found.into_iter().enumerate() {
        let packages = explained.remove(&index).unwrap_or_default();
        folded.extend(with_packages(mismatch, &packages, &shared));
    }
    folded.extend(unexplained(&left, &shared, main, plugin));
    folded
}

/// The modules that the manifest of the Go part names.
fn stated(artifact: &Artifact) -> impl Iterator<Item = &str> {
    let part = artifact.manifest(Language::Go);
    part.into_iter()
        .flat_map(|part| part.dependency_hashes.keys().map(String::as_str))
}

/// The packages that both files have.
struct Shared<'a> {
    all: BTreeSet<&'a str>,
    differing: Vec<&'a str>,
    /// Module paths of both, for telling which module a package belongs to.
    modules: BTreeSet<&'a str>,
}

impl<'a> Shared<'a> {
    fn new(main: &'a GoFacts, plugin: &'a GoFacts, stated: impl Iterator<Item = &'a str>) -> Self {
        let (mut all, mut differing) = (BTreeSet::new(), Vec::new());
        for (package, hash) in &plugin.package_hashes {
            if let Some(other) = main.package_hashes.get(package) {
                all.insert(package.as_str());
                if other != hash {
                    differing.push(package.as_str());
                }
            }
        }
        let modules = [main, plugin]
            .iter()
            .flat_map(|go| go.build_info.dependencies.iter().chain(&go.build_info.main))
            .map(|module| module.path.as_str())
            .chain(stated)
            .collect();
        Self {
            all,
            differing,
            modules,
        }
    }

    /// The module that a package belongs to: the longest path that it starts with.
    fn module_of(&self, package: &str) -> Option<&'a str> {
        let mut path = package;
        loop {
            if let Some(module) = self.modules.get(path) {
                return Some(module);
            }
            path = path.rsplit_once('/')?.0;
        }
    }

    fn has_packages_of(&self, module: &str) -> bool {
        self.all
            .iter()
            .any(|package| self.module_of(package) == Some(module))
    }
}

/// The mismatch that explains why the hashes of `package` differ.
fn cause(found: &[Mismatch], shared: &Shared<'_>, package: &str) -> Option<usize> {
    let place = |is_it: &dyn Fn(&Mismatch) -> bool| found.iter().position(is_it);
    if !is_standard(package)
        && let Some(module) = shared.module_of(package)
        && let Some(index) = place(&|one| one.check == Check::Dependency && one.subject == module)
    {
        return Some(index);
    }
    let toolchain = place(&|one| {
        matches!(one.check, Check::Toolchain)
            || (one.check == Check::ManifestContradictsBinary
                && one.subject == "compiler of plugin")
    });
    let wide = |name: &&str| {
        place(&|one| matches!(one.check, Check::Flag | Check::Environment) && one.subject == *name)
    };
    let is_cgo_only = |name: &&str| name.starts_with("CGO_C");
    toolchain.or_else(|| {
        WIDE.iter()
            .filter(|name| {
                !is_cgo_only(name) || CGO_PACKAGES.contains(&package) || !is_standard(package)
            })
            .find_map(wide)
    })
}

/// What a mismatch of the manifests comes to, now that it is known which packages it reaches. None
/// if it reaches nothing that counts.
fn with_packages(mismatch: Mismatch, packages: &[&str], shared: &Shared<'_>) -> Option<Mismatch> {
    if !packages.is_empty() {
        let count = packages.len();
        let is_fatal = mismatch.outcome == Outcome::WouldAbort;
        let mismatch = mismatch.names(count, packages.iter().copied());
        return Some(if is_fatal {
            mismatch
        } else {
            let text = match count {
                1 => "`plugin.Open` would refuse it: the hash of 1 package differs".to_owned(),
                _ => {
                    format!("`plugin.Open` would refuse it: the hashes of {count} packages differ")
                }
            };
            mismatch.outcome(Outcome::Refused).on_load(text)
        });
    }
    let is_harmless = match mismatch.check {
        Check::Dependency => !shared.has_packages_of(&mismatch.subject),
        Check::Flag | Check::Environment => HARMLESS_ALONE.contains(&mismatch.subject.as_str()),
        _ => false,
    };
    (!is_harmless).then_some(mismatch)
}

/// One mismatch for the standard library and one for each module, with the best guess at what made
/// the difference.
fn unexplained(
    left: &[&str],
    shared: &Shared<'_>,
    main: &GoFacts,
    plugin: &GoFacts,
) -> Vec<Mismatch> {
    let mut groups: BTreeMap<Option<&str>, Vec<&str>> = BTreeMap::new();
    for package in left {
        let module = (!is_standard(package))
            .then(|| shared.module_of(package))
            .flatten();
        groups.entry(module).or_default().push(package);
    }
    groups
        .into_iter()
        .map(|(module, packages)| match module {
            Some(module) => of_module(module, &packages, main, plugin),
            None => of_standard(&packages, shared),
        })
        .collect()
}

fn of_module(module: &str, packages: &[&str], main: &GoFacts, plugin: &GoFacts) -> Mismatch {
    let (ours, theirs) = (version(main, module), version(plugin, module));
    let one_is_a_directory =
        ours.as_deref().is_none_or(is_directory) ^ theirs.as_deref().is_none_or(is_directory);
    let help = if one_is_a_directory {
        DIRECTORY_AGAINST_VERSION.to_owned()
    } else {
        format!(
            "build both from the same files of `{module}`: Go compares where declarations stand as \
             well, so one comment line more is a difference"
        )
    };
    Mismatch::new(Outcome::Refused, Check::PackageHash, module)
        .values(ours.as_deref(), theirs.as_deref())
        .names(packages.len(), packages.iter().copied())
        .on_load(
            "`plugin.Open` would refuse it, and its code would stay in the process and spoil \
            later plugins",
        )
        .help(help)
}

/// Version of a module as Go recorded it; the module that was built itself may have none.
fn version(go: &GoFacts, path: &str) -> Option<String> {
    let info = &go.build_info;
    let text = |module: &Module| match module.replaced_by.as_deref() {
        Some(other) => format!("{} => {} {}", module.version, other.path, other.version),
        None => module.version.clone(),
    };
    info.dependencies
        .iter()
        .chain(&info.main)
        .find(|module| module.path == path)
        .map(text)
        .filter(|version| !version.is_empty())
}

fn of_standard(packages: &[&str], shared: &Shared<'_>) -> Mismatch {
    let standard = shared.all.iter().filter(|package| is_standard(package));
    Mismatch::new(
        Outcome::Refused,
        Check::PackageHash,
        "Go's standard library",
    )
    .names(packages.len(), packages.iter().copied())
    .on_load(
        "`plugin.Open` would refuse it, and its code would stay in the process and spoil \
            later plugins",
    )
    .help(super::packages::cause(packages, standard.count()))
}
