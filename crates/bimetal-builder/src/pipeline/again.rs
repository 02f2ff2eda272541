//! A build of sources that stand fixed: in a container, or to compare.
//!
//! In: a plan and its sources. Out: [`Distribution`]. Invariant: nothing is downloaded.

use super::compile::{compile, compile_main};
use super::error::PipelineError;
use super::run::Run;
use crate::model::{Plan, SourceTree, Step};
use crate::stages::lock;
use crate::stages::package::Distribution;

/// Builds what stands on the disk.
pub fn build_again(
    plan: &Plan,
    tree: &SourceTree,
    run: &Run<'_>,
) -> Result<Distribution, PipelineError> {
    if plan.host.is_none() {
        return compile_main(plan, run);
    }
    let locked = run.step(Step::Lock, |runner| lock::lock_kept(plan, tree, runner))?;
    compile(locked, run)
}
