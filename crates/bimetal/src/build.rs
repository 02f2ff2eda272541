//! `bimetal`: from a configuration to a distribution, its sources, or its plan.
//!
//! In: [`BuildArgs`]. Out: what the pipeline gave, printed. Invariant: chooses a pipeline by the
//! flags, and decides nothing else.

use std::env;

use bimetal_builder::model::{Plan, Step};
use bimetal_builder::pipeline::{PipelineError, Prepared, Run, claim, plain, prepare, sources};
use bimetal_builder::progress::Progress;
use bimetal_builder::stages::package::Distribution;
use bimetal_builder::stages::resolve::Options;
use bimetal_builder::stages::{config, generate, plan};
use bimetal_builder::toolchain::{interrupt, without_effect, work};
use bimetal_hermetic::pipeline as hermetic;
use bimetal_terminal::Printer;
use camino::{Utf8Path, Utf8PathBuf};
use serde::Serialize;

use crate::args::{BuildArgs, Format};
use crate::error::StartError;
use crate::exit_code::ExitCode;

/// What `--dry-run` prints for programs.
#[derive(Serialize)]
struct Preview<'a> {
    out: &'a Utf8Path,
    #[serde(flatten)]
    plan: &'a Plan,
    /// The sources that `generate` writes; carried directories by their name only.
    files: &'a [Utf8PathBuf],
}

pub(crate) fn run(arguments: &BuildArgs, printer: &Printer) -> Result<ExitCode, PipelineError> {
    if arguments.output_path.is_some() {
        printer
            .warning("`--output-path` is deprecated; use `dist.output_path` in the configuration");
    }
    let config = config::read(arguments.config.as_deref(), variables())?;
    for warning in &config.warnings {
        printer.warning(warning);
    }
    // Not earlier: a read of a pipe that is never written to must end as every program's does.
    interrupt::install().map_err(StartError::Signals)?;
    let prepared = prepare(config, options(arguments))?;
    show_notes(&prepared, printer);
    if arguments.dry_run {
        show(&prepared, arguments.format, printer)?;
        return Ok(ExitCode::Ok);
    }
    let out = prepared.plan.out.clone();
    generate::make_directory(&out)?;
    let _alone = claim(&out, || note_waiting(&out, printer))?;
    let progress = Progress::new(printer.is_watched(), arguments.verbose);
    let run = Run {
        progress: &progress,
        logs: Some(work::logs(&out)),
    };
    build(prepared, arguments, &run, printer)?;
    Ok(ExitCode::Ok)
}

/// Runs the pipeline that the plan is for.
fn build(
    prepared: Prepared,
    arguments: &BuildArgs,
    run: &Run<'_>,
    printer: &Printer,
) -> Result<(), PipelineError> {
    let plan = &prepared.plan;
    if plan.has(Step::Dockerfile) {
        let path = hermetic::dockerfile(&prepared, arguments.engine, run)?;
        printer.line(&format!("written {path}"));
    } else if plan.has(Step::Container) {
        let engine = hermetic::find_engine(arguments.engine, run)?;
        printer.note(&format!("the container is made by {}", engine.about()));
        show_built(&hermetic::outside(prepared, &engine, run)?, printer);
    } else if plan.container.is_some() {
        let fetched = hermetic::inputs(prepared, None, run)?;
        printer.line(&format!("inputs in {}", fetched.context));
    } else if plan.has(Step::Build) {
        show_built(&plain(&prepared, run)?, printer);
    } else {
        sources(&prepared, run)?;
        printer.line(&format!("sources in {}", plan.out));
    }
    Ok(())
}

fn show_notes(prepared: &Prepared, printer: &Printer) {
    let unread = without_effect();
    if !unread.is_empty() {
        printer.note(&format!(
            "`go env -w` has set {}: a build reads variables of the environment only",
            unread.join(", ")
        ));
    }
    for note in &prepared.notes {
        printer.note(note);
    }
    for warning in &prepared.warnings {
        printer.warning(warning);
    }
}

pub(crate) fn note_waiting(out: &Utf8Path, printer: &Printer) {
    printer.note(&format!(
        "waiting for another `bimetal` that builds in `{out}`"
    ));
}

/// One line for every artifact that a user starts or drops into a directory.
fn show_built(distribution: &Distribution, printer: &Printer) {
    for path in [&distribution.main]
        .into_iter()
        .chain(&distribution.plugins)
    {
        printer.line(&format!("built {path}"));
    }
}

fn show(prepared: &Prepared, format: Format, printer: &Printer) -> Result<(), PipelineError> {
    let files = prepared.tree.paths();
    let text = match format {
        Format::Table => plan::table(&prepared.plan, &files),
        Format::Json => serde_json::to_string_pretty(&Preview {
            out: &prepared.plan.out,
            plan: &prepared.plan,
            files: &files,
        })
        .expect("a plan has only text keys"),
    };
    Ok(printer.text(&text).map_err(StartError::Output)?)
}

fn options(arguments: &BuildArgs) -> Options {
    Options {
        skip_generate: arguments.skip_generate,
        skip_modules: arguments.skip_get_modules,
        skip_compilation: arguments.skip_compilation,
        strict_versioning: !arguments.skip_strict_versioning,
        ldflags: arguments.ldflags.clone(),
        gcflags: arguments.gcflags.clone(),
        output_path: arguments.output_path.clone(),
        hermetic: arguments.hermetic || arguments.dockerfile_only,
        dockerfile_only: arguments.dockerfile_only,
    }
}

/// The environment as text; what is not UTF-8 cannot name anything in a configuration.
fn variables() -> impl Iterator<Item = (String, String)> {
    env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}
