//! `bimetal rebuild`: does a distribution come from what it says it comes from?
//!
//! In: an output directory. Out: what differs between its files and those of a new build, printed.
//! Invariant: nothing that a user would start or load is changed.

use std::env;

use bimetal_builder::model::documents::RECORDED;
use bimetal_builder::pipeline::{PipelineError, Run, claim};
use bimetal_builder::progress::Progress;
use bimetal_builder::toolchain::{interrupt, work};
use bimetal_hermetic::fetch;
use bimetal_hermetic::pipeline::{find_engine, rebuild_here, rebuild_in_container};
use bimetal_hermetic::rebuild::{Comparison, Difference, compare_distributions, explain};
use bimetal_terminal::Printer;
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use serde::Serialize;

use crate::args::{Format, RebuildArgs};
use crate::error::{HINTS, StartError};
use crate::exit_code::ExitCode;

/// Lines of diffoscope's report that are shown for a file.
const LINES: usize = 60;

/// What is printed for programs.
#[derive(Serialize)]
struct Report<'a> {
    files: usize,
    differences: &'a [Difference],
}

pub(crate) fn run(arguments: &RebuildArgs, printer: &Printer) -> Result<ExitCode, PipelineError> {
    let out = arguments
        .out
        .canonicalize_utf8()
        .map_err(|source| StartError::NoDirectory {
            path: arguments.out.clone(),
            source,
        })?;
    interrupt::install().map_err(StartError::Signals)?;
    let _alone = claim(&out, || crate::build::note_waiting(&out, printer))?;
    let progress = Progress::new(printer.is_watched(), arguments.verbose);
    let run = Run {
        progress: &progress,
        logs: Some(work::logs(&out)),
    };
    let contained = out.join(RECORDED).exists();
    let rebuilt = match rebuild(&out, contained, arguments, printer, &run) {
        // 2 says that there is something to compare.
        Err(error) if error.refused => {
            printer.error(error.as_error(), HINTS);
            return Ok(ExitCode::Failure);
        }
        other => other?,
    };
    if !arguments.compare {
        printer.line(&format!("rebuilt in {rebuilt}"));
        return Ok(ExitCode::Ok);
    }
    let comparison = compare_distributions(&out, &rebuilt)?;
    report(arguments.format, &comparison, printer)?;
    if comparison.differences.is_empty() {
        // It is the same as what is there; the work directory need not keep it.
        let _left = fs::remove_dir_all(if contained {
            rebuilt
        } else {
            fetch::replayed(&out)
        });
        return Ok(ExitCode::Ok);
    }
    // Programs have asked for the differences; what diffoscope says is for people, and takes its
    // time.
    if arguments.format == Format::Table {
        show_explanation(&out, &rebuilt, &comparison.differences, printer, &run);
    }
    printer.note(&format!("the new build stays in `{rebuilt}`"));
    Ok(ExitCode::Refused)
}

/// Gives the directory of the new build.
fn rebuild(
    out: &Utf8Path,
    contained: bool,
    arguments: &RebuildArgs,
    printer: &Printer,
    run: &Run<'_>,
) -> Result<Utf8PathBuf, PipelineError> {
    if contained {
        let engine = find_engine(arguments.engine, run)?;
        let root_fs = arguments.base_image.as_deref();
        return rebuild_in_container(out, &engine, root_fs, run);
    }
    if arguments.engine.is_some() || arguments.base_image.is_some() {
        printer.warning(
            "`--engine` and `--base-image` have no effect: the distribution was not \
            built in a container",
        );
    }
    rebuild_here(out, run)
}

fn report(format: Format, comparison: &Comparison, printer: &Printer) -> Result<(), PipelineError> {
    let Comparison { files, differences } = comparison;
    let text = match format {
        Format::Json => serde_json::to_string_pretty(&Report {
            files: *files,
            differences,
        })
        .expect("differences are always JSON"),
        Format::Table if differences.is_empty() => {
            format!("equal: {files} files are, byte for byte, what was rebuilt")
        }
        Format::Table => {
            let mut lines: Vec<String> = differences.iter().map(ToString::to_string).collect();
            lines.push(format!(
                "different: {} of {files} files are not what was rebuilt",
                differences.len()
            ));
            lines.join("\n")
        }
    };
    Ok(printer.text(&text).map_err(StartError::Output)?)
}

fn show_explanation(
    out: &Utf8Path,
    rebuilt: &Utf8Path,
    differences: &[Difference],
    printer: &Printer,
    run: &Run<'_>,
) {
    let search_path = env::var("PATH").unwrap_or_default();
    let explained = run.quietly(|runner| explain(out, rebuilt, differences, &search_path, runner));
    let Some(explanation) = explained else {
        return;
    };
    printer.note(&format!(
        "diffoscope says of `{}` (whole report: `{}`):",
        explanation.file, explanation.report
    ));
    for line in explanation.text.lines().take(LINES) {
        printer.line(line);
    }
}
