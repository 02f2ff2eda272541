//! Fixes which sources are used, downloads them, and hashes what the compilers will read.
//!
//! In: [`Plan`] and the written [`SourceTree`]. Out: [`Locked`]: go.sum, Cargo.lock, every
//! dependency of every artifact with its hash. Invariant: a hash is never copied from a lock file;
//! it is computed from the files and compared with the lock file.

mod archive;
mod complaints;
mod constraints;
mod crates;
mod error;
mod go_graph;
mod go_itself;
mod go_modules;
mod go_sources;
mod listing;
mod local;
mod module_graph;
mod parallel;
mod profile;
pub mod registry;
mod requirers;
mod tags;
mod tidy;
mod train;
mod tree;
mod variables;

use std::collections::{BTreeMap, BTreeSet};

use bimetal_terminal::hint::is_interrupt;
use camino::{Utf8Path, Utf8PathBuf};

pub use archive::cached_name;
pub use error::LockError;
pub use tree::{TreeError, sum_of_digests, sum_of_files, walked};

use crate::model::{Plan, SourceTree, Sources};
use crate::toolchain::{Runner, cargo_home, side_by_side, work};

/// A plan whose sources are fixed and hashed. Only a distribution with a plugin host needs that: no
/// other one has manifests.
#[derive(Debug)]
pub struct Locked<'p> {
    pub plan: &'p Plan,
    pub tree: &'p SourceTree,
    pub sources: Sources,
}

/// Brings the lock files up to date, and hashes the sources that they name.
pub fn lock<'p>(
    plan: &'p Plan,
    tree: &'p SourceTree,
    runner: &Runner<'_>,
) -> Result<Locked<'p>, LockError> {
    if !go_modules::recall(plan, tree, runner)? {
        go_modules::resolve(plan, tree, runner)?;
        return hash(plan, tree, Network::On, runner);
    }
    match hash(plan, tree, Network::On, runner) {
        // What was remembered no longer fits: a local module imports something new, or the module
        // cache is gone.
        Err(LockError::GoList { source }) if !is_interrupt(&source) => {
            go_modules::resolve(plan, tree, runner)?;
            hash(plan, tree, Network::On, runner)
        }
        other => other,
    }
}

/// Hashes the sources that the lock files name as they stand.
pub fn lock_kept<'p>(
    plan: &'p Plan,
    tree: &'p SourceTree,
    runner: &Runner<'_>,
) -> Result<Locked<'p>, LockError> {
    hash(plan, tree, Network::Off, runner)
}

/// Brings the lock files up to date, and downloads what they name.
pub fn download(plan: &Plan, tree: &SourceTree, runner: &Runner<'_>) -> Result<(), LockError> {
    let is_recalled = go_modules::recall(plan, tree, runner)?;
    if !(is_recalled && go_modules::has_all(plan, runner)?) {
        go_modules::resolve(plan, tree, runner)?;
    }
    if plan.rust.is_some() {
        make_cargo_home(plan)?;
        crates::update(plan, runner)?;
    }
    Ok(())
}

fn hash<'p>(
    plan: &'p Plan,
    tree: &'p SourceTree,
    network: Network,
    runner: &Runner<'_>,
) -> Result<Locked<'p>, LockError> {
    let variables = variables::read(plan, runner)?;
    let flags = variables::flags(&variables);
    let profile = profile::fix(&plan.out, flags)?;
    let given = tags::given(&plan.go.tags, flags);
    let go_tags = fixed_tags(plan, &given);
    let (rust, go) = side_by_side(
        || {
            make_cargo_home(plan)?;
            crates::hash(plan, tree, network, runner)
        },
        || go_sources::hash(plan, &given, &variables, runner),
    );
    let sources = Sources {
        go: go?,
        rust: rust?,
        go_tags,
        profile,
    };
    Ok(Locked {
        plan,
        tree,
        sources,
    })
}

/// Whether cargo may download what is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Network {
    On,
    Off,
}

fn make_cargo_home(plan: &Plan) -> Result<(), LockError> {
    let target = work::cargo_target(&plan.out);
    cargo_home::prepare(&target).map_err(|source| LockError::CargoHome {
        path: cargo_home::of_builder(&target),
        source,
    })
}

/// The tags that Go gets. Those of `GOFLAGS` become a flag of the build, so that the manifests tell
/// them like others.
fn fixed_tags(plan: &Plan, given: &BTreeSet<String>) -> String {
    if plan.go.tags.is_empty() {
        given.iter().cloned().collect::<Vec<_>>().join(",")
    } else {
        plan.go.tags.clone()
    }
}

/// The files of a Go module that is not packed: `name/…` -> file. The same that its hash
/// covers.
pub fn local_module(
    directory: &Utf8Path,
    name: &str,
) -> Result<BTreeMap<String, Utf8PathBuf>, LockError> {
    local::go_module(directory, name).map_err(|source| LockError::Hash {
        what: format!("local module `{directory}`"),
        source,
    })
}

#[cfg(test)]
mod tests;
