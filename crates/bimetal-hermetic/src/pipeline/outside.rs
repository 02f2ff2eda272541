//! The part of a hermetic build that runs outside of its container.
//!
//! In: [`Prepared`] with a container. Out: the distribution; or only the inputs, or the Dockerfile.
//! Invariant: nothing is put into place that was not built from what was collected.

use std::env;

use bimetal_builder::model::Step;
use bimetal_builder::owned::Ours;
use bimetal_builder::pipeline::{PipelineError, Prepared, Run, sources};
use bimetal_builder::stages::package::{Distribution, PackageError};
use bimetal_builder::toolchain::work;
use bimetal_files::Digest;
use camino::Utf8PathBuf;
use fs_err as fs;

use super::base::{base, needs_engine};
use super::contain::{EPOCH, contain};
use super::error::HermeticError;
use crate::engine::{self, Engine};
use crate::fetch::{self, DOCKERFILE, Fetched};
use crate::receive;

/// The first day of 1980, which every archive format can tell, and no reader takes for a real time.
const DEFAULT_EPOCH: i64 = 315_532_800;

/// Builds in a container.
pub fn outside(
    prepared: Prepared,
    engine: &Engine,
    run: &Run<'_>,
) -> Result<Distribution, PipelineError> {
    let fetched = inputs(prepared, Some(engine), run)?;
    let output = work::directory(&fetched.out).join("hermetic/artifacts");
    let received = run.step(Step::Container, |runner| {
        contain(fetched, engine, output, runner)
    })?;
    let distribution = run.step(Step::Package, |runner| receive::place(&received, runner))?;
    // It is in the work directory: the next run removes what is left.
    let _left = fs::remove_dir_all(received.directory());
    Ok(distribution)
}

/// Collects the inputs of a container, and makes none.
pub fn inputs(
    prepared: Prepared,
    engine: Option<&Engine>,
    run: &Run<'_>,
) -> Result<Fetched, PipelineError> {
    let epoch = epoch()?;
    sources(&prepared, run)?;
    run.step(Step::Fetch, |runner| {
        let Prepared { plan, tree, .. } = prepared;
        let base = base(&plan, engine, runner)?;
        Ok(fetch::fetch(plan, &tree, base, epoch, runner)?)
    })
}

/// The engine that makes the container. Looked for first: that one is missing is said before
/// anything is downloaded.
pub fn find_engine(wanted: Option<engine::Name>, run: &Run<'_>) -> Result<Engine, PipelineError> {
    let search_path = env::var("PATH").unwrap_or_default();
    let found = run.quietly(|runner| engine::find(wanted, &search_path, runner));
    Ok(found.map_err(HermeticError::from)?)
}

/// Writes the Dockerfile, and nothing else; gives its path.
pub fn dockerfile(
    prepared: &Prepared,
    wanted: Option<engine::Name>,
    run: &Run<'_>,
) -> Result<Utf8PathBuf, PipelineError> {
    let plan = &prepared.plan;
    let engine = needs_engine(plan)
        .then(|| find_engine(wanted, run))
        .transpose()?;
    let base = run.step(Step::Dockerfile, |runner| {
        base(plan, engine.as_ref(), runner)
    })?;
    let path = plan.out.join(DOCKERFILE);
    let mut ours = Ours::load(&plan.out).map_err(HermeticError::from)?;
    if path.exists() && !ours.artifacts.contains_key(DOCKERFILE) {
        return Err(PackageError::NotOurs { paths: vec![path] }.into());
    }
    let text = fetch::dockerfile(&base);
    ours.artifacts
        .insert(DOCKERFILE.to_owned(), Digest::of(text.as_bytes()).tagged());
    ours.save(&plan.out).map_err(HermeticError::from)?;
    bimetal_files::write_if_changed(&path, text.as_bytes()).map_err(HermeticError::from)?;
    Ok(path)
}

/// The time that artifacts say they were built at: the caller's, else one that is always the same.
fn epoch() -> Result<i64, HermeticError> {
    match env::var(EPOCH) {
        Err(_) => Ok(DEFAULT_EPOCH),
        Ok(value) if value.is_empty() => Ok(DEFAULT_EPOCH),
        Ok(value) => match value.parse() {
            Ok(seconds) if seconds >= 0 => Ok(seconds),
            _ => Err(HermeticError::Epoch { value }),
        },
    }
}
