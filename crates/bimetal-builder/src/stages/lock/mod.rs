//! Fixes which sources are used, downloads them, and hashes what the compilers will read.
//!
//! In: [`Plan`] and the written [`SourceTree`]. Out: [`Locked`]: go.sum, Cargo.lock, every
//! dependency of every artifact with its hash. Invariant: a hash is never copied from a lock file;
//! it is computed from the files and compared with the lock file.

mod archive;
mod constraints;
mod crates;
mod error;
mod flags;
mod go_modules;
mod go_sources;
mod local;
mod parallel;
mod profile;
pub mod registry;
mod requirers;
mod tags;
mod tree;

use std::collections::{BTreeMap, BTreeSet};

use bimetal_terminal::hint::is_interrupt;
use camino::{Utf8Path, Utf8PathBuf};

pub use archive::cached_name;
pub use error::LockError;
pub use tree::{TreeError, sum_of_files, walked};

use self::go_modules::Origin;
use crate::model::{Plan, SourceTree, Sources, Step};
use crate::toolchain::{Runner, cargo_home, work};

/// A plan whose sources are fixed and hashed.
#[derive(Clone, Debug)]
pub struct Locked {
    pub plan: Plan,
    pub tree: SourceTree,
    pub sources: Sources,
}

/// Updates the lock files and hashes the sources; each only if the plan has the step.
pub fn lock(mut plan: Plan, tree: SourceTree, runner: &Runner<'_>) -> Result<Locked, LockError> {
    let mut sources = Sources::default();
    if plan.rust.is_some() {
        let target = work::cargo_target(&plan.out);
        cargo_home::prepare(&target).map_err(|source| LockError::CargoHome {
            path: cargo_home::of_builder(&target),
            source,
        })?;
    }
    let origin = if plan.has(Step::Modules) {
        go_modules::update(&plan, &tree, runner)?
    } else {
        Origin::Kept
    };
    if plan.has(Step::Modules) && !plan.has(Step::Lock) && plan.rust.is_some() {
        crates::update(&plan, runner)?;
    }
    if plan.has(Step::Lock) {
        let flags = flags::read(&plan, runner)?;
        sources.profile = profile::fix(&plan.out, &flags)?;
        let given = fix_tags(&mut plan, &flags);
        let go = match go_sources::hash(&plan, &given, runner) {
            // What was remembered no longer fits: a local module imports something new, or the
            // module cache is gone.
            Err(LockError::GoList { source })
                if origin == Origin::Remembered && !is_interrupt(&source) =>
            {
                go_modules::resolve(&plan, &tree, runner)?;
                go_sources::hash(&plan, &given, runner)?
            }
            other => other?,
        };
        sources.go_main = go.main;
        sources.go_plugins = go.plugins;
        sources.go_main_tags = go.main_tags;
        sources.go_plugin_tags = go.plugin_tags;
        sources.go_directories = go.directories;
        if plan.rust.is_some() {
            let rust = crates::hash(&plan, runner)?;
            sources.rust_main = rust.main;
            sources.rust_plugins = rust.plugins;
        }
    }
    Ok(Locked {
        plan,
        tree,
        sources,
    })
}

/// The tags that Go gets. With a plugin host those of `GOFLAGS` become a flag of the build, so that
/// the manifests tell them like others.
fn fix_tags(plan: &mut Plan, flags: &str) -> BTreeSet<String> {
    let given = tags::given(&plan.go.tags, flags);
    if plan.host.is_some() && plan.go.tags.is_empty() {
        plan.go.tags = given.iter().cloned().collect::<Vec<_>>().join(",");
    }
    given
}

/// The files of a Go module that nobody has packed: `name/…` -> file. The same that its hash
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
