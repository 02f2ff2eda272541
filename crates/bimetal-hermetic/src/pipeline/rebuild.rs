//! A distribution once more, from its recorded inputs and the sources as they are.
//!
//! In: an output directory. Out: the directory of the new build. Invariant: nothing that a user
//! would start or load is changed; the new build stays in the work directory.

use std::env;

use bimetal_builder::model::Step;
use bimetal_builder::pipeline::{PipelineError, Run, build_again};
use bimetal_builder::stages::plan::{Again, again};
use bimetal_builder::stages::resolve;
use bimetal_builder::toolchain::work;
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

use super::contain::contain;
use crate::engine::Engine;
use crate::fetch;

/// Builds in a container, from the recorded inputs; `root_fs` is where the root file system lies,
/// if it is not in the work directory any more.
pub fn rebuild_in_container(
    out: &Utf8Path,
    engine: &Engine,
    root_fs: Option<&Utf8Path>,
    run: &Run<'_>,
) -> Result<Utf8PathBuf, PipelineError> {
    let fetched = run.step(Step::Fetch, |runner| fetch::refetch(out, root_fs, runner))?;
    let context = fetched.context.clone();
    let output = work::directory(out).join("hermetic/rebuilt");
    let built = run.step(Step::Container, |runner| {
        contain(fetched, engine, output, runner)
    });
    // Copies of what is elsewhere.
    let _left = fs::remove_dir_all(context);
    Ok(built?.directory().to_owned())
}

/// Builds on this machine, by the recorded plan.
pub fn rebuild_here(out: &Utf8Path, run: &Run<'_>) -> Result<Utf8PathBuf, PipelineError> {
    let replayed = run.quietly(|runner| fetch::replay(out, runner))?;
    let search_path = env::var("PATH").unwrap_or_default();
    let tools = run.quietly(|runner| {
        resolve::tools_again(&replayed.plan, &replayed.directory, &search_path, runner)
    })?;
    let here = Again {
        out: replayed.directory.clone(),
        tools: Some(tools),
        hermetic: None,
        times: replayed.times,
    };
    let plan = again(replayed.plan, here);
    let run = Run {
        progress: run.progress,
        logs: Some(work::logs(&plan.out)),
    };
    build_again(&plan, &replayed.tree, &run)?;
    Ok(replayed.directory)
}
