//! A build on this machine.
//!
//! In: [`Prepared`]. Out: [`Distribution`]. Invariant: what was built is recorded after it is in
//! its place, for `rebuild`.

use super::compile::{compile, compile_main};
use super::error::{PipelineError, StartError};
use super::last_build::LastBuild;
use super::prepare::Prepared;
use super::run::Run;
use super::sources::{download, write_sources};
use crate::model::Step;
use crate::stages::lock;
use crate::stages::package::Distribution;

/// Builds what was prepared.
pub fn plain(prepared: &Prepared, run: &Run<'_>) -> Result<Distribution, PipelineError> {
    write_sources(prepared, run)?;
    let distribution = match prepared.plan.host {
        None => without_host(prepared, run),
        Some(_) => with_host(prepared, run),
    }?;
    LastBuild::record(&prepared.plan).map_err(StartError::from)?;
    Ok(distribution)
}

/// A distribution of OCB's shape.
fn without_host(prepared: &Prepared, run: &Run<'_>) -> Result<Distribution, PipelineError> {
    download(prepared, run)?;
    compile_main(&prepared.plan, run)
}

/// A distribution whose main has the plugin host.
fn with_host(prepared: &Prepared, run: &Run<'_>) -> Result<Distribution, PipelineError> {
    let lock = if prepared.plan.has(Step::Modules) {
        lock::lock
    } else {
        lock::lock_kept
    };
    let locked = run.step(Step::Lock, |runner| {
        lock(&prepared.plan, &prepared.tree, runner)
    })?;
    compile(locked, run)
}
