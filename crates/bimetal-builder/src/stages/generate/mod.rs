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

pub use error::GenerateError;
pub use template::render;
pub use writing::{make_directory, write};

use bimetal_manifest::schema::Language;

use crate::model::{Plan, SourceTree};

/// Makes every source of the distribution.
pub fn generate(plan: &Plan) -> SourceTree {
    let mut tree = SourceTree::default();
    go::add(plan, &mut tree);
    if let Some(host) = &plan.host {
        let loads_go = host.loads(Language::Go);
        carried::add_go(&plan.distribution.module, loads_go, &mut tree);
        rust::add(plan, &mut tree);
        carried::add_crates(&mut tree);
    }
    tree
}

#[cfg(test)]
mod tests;
