//! `--skip-compilation`: the sources, and what their lock files name.
//!
//! In: [`Prepared`]. Out: sources on the disk. Invariant: nothing is compiled.

use super::error::{PipelineError, StartError};
use super::prepare::Prepared;
use super::run::Run;
use crate::model::Step;
use crate::stages::{generate, lock};

/// Writes the sources, and downloads what they need.
pub fn sources(prepared: &Prepared, run: &Run<'_>) -> Result<(), PipelineError> {
    write_sources(prepared, run)?;
    download(prepared, run)
}

/// Writes the sources, unless those on the disk count.
pub fn write_sources(prepared: &Prepared, run: &Run<'_>) -> Result<(), PipelineError> {
    let (plan, tree) = (&prepared.plan, &prepared.tree);
    if plan.has(Step::Generate) {
        run.step(Step::Generate, |_| generate::write(tree, &plan.out))?;
    } else if !plan.out.join("main.go").is_file() {
        let path = plan.out.clone();
        return Err(StartError::NoSources { path }.into());
    }
    Ok(())
}

/// Downloads modules and crates, unless the lock files on the disk count.
pub(super) fn download(prepared: &Prepared, run: &Run<'_>) -> Result<(), PipelineError> {
    let (plan, tree) = (&prepared.plan, &prepared.tree);
    if plan.has(Step::Modules) {
        run.step(Step::Modules, |runner| lock::download(plan, tree, runner))?;
    }
    Ok(())
}
