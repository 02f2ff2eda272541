//! Writes the sources of the distribution.
//!
//! In: [`Plan`]. Out: [`SourceTree`]. Invariant: pure up to the one write, and the write touches
//! only what changed.

mod carried;
mod error;
mod go;
mod rust;
mod template;
mod writing;

use std::collections::BTreeSet;

use camino::Utf8PathBuf;

pub use error::GenerateError;
pub use template::render;
pub use writing::{make_directory, write};

use crate::model::{Plan, SourceTree};

/// Makes every source of the distribution.
pub fn generate(plan: &Plan) -> SourceTree {
    let mut tree = SourceTree::default();
    go::add(plan, &mut tree);
    if plan.host.is_some() {
        carried::add_go(&plan.distribution.module, &mut tree);
        rust::add(plan, &mut tree);
        carried::add_crates(&mut tree);
    }
    tree
}

/// The paths that [`generate`] gives, sorted; directories that are only copied stand for their
/// files.
pub fn paths(plan: &Plan) -> Vec<Utf8PathBuf> {
    let tree = generate(plan);
    let shortened: BTreeSet<Utf8PathBuf> = tree
        .iter()
        .chain(tree.seeds())
        .map(|(path, _)| {
            let parts: Vec<&str> = path.components().map(|part| part.as_str()).collect();
            match parts.as_slice() {
                ["rust", "bimetal", ..] => Utf8PathBuf::from("rust/bimetal/"),
                ["rust", "local", name, ..] => Utf8PathBuf::from(format!("rust/local/{name}/")),
                ["internal", "plugin", ..] => path.to_owned(),
                ["internal", package, ..] => Utf8PathBuf::from(format!("internal/{package}/")),
                _ => path.to_owned(),
            }
        })
        .collect();
    shortened.into_iter().collect()
}

#[cfg(test)]
mod tests;
