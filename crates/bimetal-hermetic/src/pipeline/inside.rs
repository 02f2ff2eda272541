//! The part of a hermetic build that runs in its container: the ordinary steps, offline, from
//! recorded inputs.
//!
//! In: the directory of inputs. Out: the finished files below `out/` in it, else the error and the
//! lines that report it outside. Invariant: the toolchains are those of the container, and they and
//! the inputs are after the build what they were before it.

use std::env;

use bimetal_builder::pipeline::{PipelineError, Run, build_again};
use bimetal_builder::progress::Progress;
use bimetal_builder::stages::plan::{Again, again};
use bimetal_builder::stages::resolve;
use camino::Utf8Path;

use super::failure::Failure;
use crate::deliver::{self, About};
use crate::environment;
use crate::fetch::SOURCES;
use crate::inputs;

/// Builds from the inputs in `root`.
pub fn inside(root: &Utf8Path) -> Result<(), PipelineError> {
    let progress = Progress::new(false, false);
    let run = Run {
        progress: &progress,
        logs: None,
    };
    let sent = inputs::read_sent(root)?;
    let recorded = sent.recorded;
    let base_images = recorded.base.digests();
    let sources = root.join(SOURCES);
    let search_path = env::var("PATH").unwrap_or_default();
    let tools =
        run.quietly(|runner| resolve::tools_again(&recorded.plan, &sources, &search_path, runner))?;
    let environment = run.quietly(|runner| {
        environment::collect(&tools, base_images.clone(), &sent.dockerfile, runner)
    })?;
    let here = Again {
        out: sources,
        tools: Some(tools.clone()),
        hermetic: Some(environment.clone()),
        ..Again::default()
    };
    let configuration = recorded.configuration();
    let plan = again(recorded.plan, here);
    let distribution = build_again(&plan, &sent.tree, &run)?;
    // Build scripts ran with all rights in this container.
    inputs::unchanged(root, &sent.list)?;
    let after =
        run.quietly(|runner| environment::collect(&tools, base_images, &sent.dockerfile, runner))?;
    environment::unchanged(&environment, &after)?;
    let about = About {
        root,
        plan: &plan,
        configuration: &configuration,
        source_date_epoch: recorded.source_date_epoch,
        environment: &environment,
    };
    Ok(deliver::deliver(&distribution, &about)?)
}

/// The lines that report `error` outside of the container.
pub fn report(error: &PipelineError) -> String {
    Failure::new(error).to_lines()
}
