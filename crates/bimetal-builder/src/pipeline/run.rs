//! Runs one step: names it, times it, says where its logs go.
//!
//! In: a step and its work. Out: what the work gave. Invariant: knows no order.

use camino::Utf8PathBuf;

use crate::model::Step;
use crate::progress::{Activity, Progress};
use crate::toolchain::Runner;

/// What the steps of one run have in common.
#[derive(Debug)]
pub struct Run<'a> {
    pub progress: &'a Progress,
    /// `None` where logs would be lost anyway.
    pub logs: Option<Utf8PathBuf>,
}

impl Run<'_> {
    /// Runs one step and shows it.
    pub fn step<T, E>(
        &self,
        step: Step,
        work: impl FnOnce(&Runner<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.progress.step(step.name(), |activity| {
            work(&Runner {
                logs: self.logs.as_deref(),
                activity,
            })
        })
    }

    /// Runs what is part of no step that is shown.
    pub fn quietly<T>(&self, work: impl FnOnce(&Runner<'_>) -> T) -> T {
        work(&Runner {
            logs: self.logs.as_deref(),
            activity: &Activity::silent(),
        })
    }
}
