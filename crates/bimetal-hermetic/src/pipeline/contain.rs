//! One run of an engine over collected inputs.
//!
//! In: [`Fetched`], an engine. Out: [`Received`]. Invariant: what the builder inside reported about
//! its failure is the error, not what the engine says about it.

use std::collections::BTreeMap;

use bimetal_builder::pipeline::PipelineError;
use bimetal_builder::toolchain::Runner;
use camino::Utf8PathBuf;

use super::error::HermeticError;
use super::failure::Failure;
use crate::engine::{self, Engine, EngineError, Job};
use crate::fetch::{self, Fetched};
use crate::receive::{self, Received};

/// The time of every artifact, as the Dockerfile takes it.
pub(super) const EPOCH: &str = "SOURCE_DATE_EPOCH";

/// Builds in a container, and checks what came out into `output`.
pub(super) fn contain(
    fetched: Fetched,
    engine: &Engine,
    output: Utf8PathBuf,
    runner: &Runner<'_>,
) -> Result<Received, PipelineError> {
    bimetal_files::remove_directory(&output).map_err(HermeticError::from)?;
    let epoch = fetched.recorded.source_date_epoch.to_string();
    let arguments = BTreeMap::from([(EPOCH.to_owned(), epoch)]);
    let job = Job {
        context: &fetched.context,
        output: &output,
        arguments: &arguments,
        stage: fetch::STAGE,
        directory: fetch::OUTPUT,
    };
    engine::build(engine, &job, runner).map_err(reported)?;
    Ok(receive::receive(fetched, output)?)
}

fn reported(error: EngineError) -> HermeticError {
    let failure = error.output().and_then(Failure::find);
    failure
        .and_then(Failure::into_error)
        .unwrap_or(HermeticError::Engine(error))
}
