//! The base of the container, by its digest.
//!
//! In: what the plan names, what was recorded. Out: [`Base`]. Invariant: as long as the
//! configuration names the same image, the digest that was found first is kept.

use std::collections::BTreeMap;

use bimetal_builder::model::{self, Plan};
use bimetal_builder::owned::Ours;
use bimetal_builder::toolchain::Runner;
use bimetal_files::{Digest, FileError};
use camino::Utf8Path;

use super::error::HermeticError;
use crate::engine::{self, Engine};
use crate::fetch::{Base, Pinned};

/// The images whose toolchains the builder is made for, on an older system: what is built there
/// runs with its C library and with newer ones.
const GO_IMAGE: &str = "golang:1.26.8-bookworm";
const RUST_IMAGE: &str = "rust:1.95.0-bookworm";
/// Whether an engine has to be asked for a digest.
pub(super) fn needs_engine(plan: &Plan) -> bool {
    match &plan.container {
        None | Some(model::Base::RootFs { .. }) => false,
        Some(model::Base::Image(name)) => !name.contains('@'),
        Some(model::Base::Official) => true,
    }
}

/// The base by its digest: the one that was recorded the last time, as long as the configuration
/// names the same image.
pub(super) fn base(
    plan: &Plan,
    engine: Option<&Engine>,
    runner: &Runner<'_>,
) -> Result<Base, HermeticError> {
    let mut ours = Ours::load(&plan.out)?;
    let known = std::mem::take(&mut ours.base_images);
    let pin = |name: &str| pin(name, &known, engine, runner);
    let base = match plan.container.as_ref() {
        None | Some(model::Base::Official) => Base::Official {
            go: pin(GO_IMAGE)?,
            rust: pin(RUST_IMAGE)?,
        },
        Some(model::Base::Image(name)) => Base::Image(pin(name)?),
        Some(model::Base::RootFs { path, wanted }) => Base::RootFs {
            path: path.clone(),
            digest: match wanted {
                Some(digest) => digest.clone(),
                None => digest(path)?,
            },
        },
    };
    ours.base_images = base.digests();
    ours.save(&plan.out)?;
    Ok(base)
}

fn pin(
    name: &str,
    known: &BTreeMap<String, String>,
    engine: Option<&Engine>,
    runner: &Runner<'_>,
) -> Result<Pinned, HermeticError> {
    let wanted = match known.get(name) {
        Some(digest) if !name.contains('@') => format!("{}@{digest}", engine::without_tag(name)),
        _ => name.to_owned(),
    };
    let reference = match engine {
        Some(engine) => {
            engine::pin(engine, &wanted, runner).map_err(|source| HermeticError::Pin {
                image: wanted.clone(),
                source,
            })?
        }
        None => wanted,
    };
    Ok(Pinned {
        name: name.to_owned(),
        reference,
    })
}

fn digest(path: &Utf8Path) -> Result<String, FileError> {
    Ok(Digest::of_path(path)?.tagged())
}
