//! From fixed sources to artifacts in their place.
//!
//! In: what `lock` gave, or a plan whose main has no plugin host. Out: [`Distribution`]. Invariant:
//! only what was verified is put into place.

use super::error::PipelineError;
use super::run::Run;
use crate::model::{Plan, Step};
use crate::stages::lock::Locked;
use crate::stages::package::Distribution;
use crate::stages::{build, describe, package, stamp, verify};

/// Main with the plugin host, and its plugins.
pub(super) fn compile(locked: Locked<'_>, run: &Run<'_>) -> Result<Distribution, PipelineError> {
    let described = run.step(Step::Describe, |runner| describe::describe(locked, runner))?;
    let stamped = run.step(Step::Stamp, |runner| stamp::stamp(described, runner))?;
    let built = run.step(Step::Build, |runner| build::build(stamped, runner))?;
    let verified = run.step(Step::Verify, |runner| verify::verify(built, runner))?;
    Ok(run.step(Step::Package, |runner| package::package(verified, runner))?)
}

/// A main of OCB's shape.
pub(super) fn compile_main(plan: &Plan, run: &Run<'_>) -> Result<Distribution, PipelineError> {
    let built = run.step(Step::Build, |runner| build::build_main(plan, runner))?;
    let verified = verify::verify_main(plan, built)?;
    Ok(run.step(Step::Package, |runner| package::package(verified, runner))?)
}
