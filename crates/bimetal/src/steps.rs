//! Runs the steps of a plan from the lock files on: the same on this machine and in a container.
//!
//! In: a plan, its sources on disk. Out: the distribution, else the error of the step that failed.
//! Invariant: every step gets what the one before it gave; what is not in the plan does nothing and
//! is not shown.

use camino::Utf8PathBuf;

use crate::error::CliError;
use bimetal_builder::model::SourceTree;
use bimetal_builder::model::{Plan, Step};
use bimetal_builder::progress::{Activity, Progress};
use bimetal_builder::stages::lock::Locked;
use bimetal_builder::stages::package::Distribution;
use bimetal_builder::stages::{build, describe, lock, package, stamp, verify};
use bimetal_builder::toolchain::Runner;

/// Who runs the steps of a plan, and where their logs go.
pub(crate) struct Steps<'a> {
    pub(crate) progress: &'a Progress,
    /// `None` where logs would be lost anyway.
    pub(crate) logs: Option<Utf8PathBuf>,
    pub(crate) planned: Vec<Step>,
}

impl Steps<'_> {
    /// Runs one step, shown if it is planned.
    pub(crate) fn run<T, E>(
        &self,
        step: Step,
        work: impl FnOnce(&Runner<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let start = |activity: &Activity| {
            work(&Runner {
                logs: self.logs.as_deref(),
                activity,
            })
        };
        if self.planned.contains(&step) {
            self.progress.step(step.name(), start)
        } else {
            start(&Activity::silent())
        }
    }

    /// Runs what is part of no step that is shown.
    pub(crate) fn quietly<T>(&self, work: impl FnOnce(&Runner<'_>) -> T) -> T {
        work(&Runner {
            logs: self.logs.as_deref(),
            activity: &Activity::silent(),
        })
    }

    /// Brings the lock files up to date and hashes what they name, as far as that is planned.
    pub(crate) fn lock(&self, plan: Plan, tree: SourceTree) -> Result<Locked, CliError> {
        let step = if plan.has(Step::Lock) {
            Step::Lock
        } else {
            Step::Modules
        };
        Ok(self.run(step, |runner| {
            lock::lock(plan, tree, runner).map_err(Box::new)
        })?)
    }

    /// From fixed sources to artifacts in their place.
    pub(crate) fn compile(&self, locked: Locked) -> Result<Distribution, CliError> {
        let described = self.run(Step::Describe, |runner| describe::describe(locked, runner))?;
        let stamped = self.run(Step::Stamp, |runner| stamp::stamp(described, runner))?;
        let built = self.run(Step::Build, |runner| build::build(stamped, runner))?;
        let verified = self.run(Step::Verify, |runner| verify::verify(built, runner))?;
        Ok(self.run(Step::Package, |runner| package::package(verified, runner))?)
    }
}
