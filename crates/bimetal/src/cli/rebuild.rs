//! `bimetal rebuild`: does a distribution come from what it says it comes from?
//!
//! In: an output folder. Out: what differs between its files and those of a new build. Invariant: nothing that a user would start or load is
//! changed; the new build stays in the work folder.

use std::env;

use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use serde::Serialize;

use super::args::{Format, RebuildArgs};
use super::build::claim_folder;
use super::error::CliError;
use super::exit_code::ExitCode;
use super::hermetic::{self, HermeticError};
use super::printer::Printer;
use super::steps::Steps;
use crate::attest;
use crate::engine::{self, Engine};
use crate::progress::Progress;
use crate::rebuild::{self, CompareError, Difference, What};
use crate::stages::fetch;
use crate::stages::plan::Step;
use crate::stages::resolve::find_tool;
use crate::toolchain::{Invocation, Runner, interrupt, work};

/// Lines of diffoscope's report that are shown for a file.
const LINES: usize = 60;
const DIFFOSCOPE: &str = "diffoscope";

/// What can go wrong beside the build.
#[derive(Debug, thiserror::Error)]
pub(super) enum RebuildError {
    #[error("there is no folder `{path}`")]
    NoFolder {
        path: Utf8PathBuf,
        source: std::io::Error,
    },
    #[error("cannot read `{path}`: {reason}")]
    Sums { path: Utf8PathBuf, reason: String },
    #[error(transparent)]
    Compare(#[from] CompareError),
}

impl RebuildError {
    pub(super) fn hint(&self) -> &'static str {
        match self {
            Self::NoFolder { .. } => "name the output folder of a build",
            Self::Sums { .. } => "restore it, or build the distribution once more",
            Self::Compare(error) => error.hint(),
        }
    }
}

/// What is printed for programs.
#[derive(Serialize)]
struct Report<'a> {
    files: usize,
    differences: &'a [Difference],
}

pub(super) fn run(arguments: &RebuildArgs, printer: &Printer) -> Result<ExitCode, CliError> {
    let out = arguments
        .out
        .canonicalize_utf8()
        .map_err(|source| RebuildError::NoFolder {
            path: arguments.out.clone(),
            source,
        })?;
    interrupt::install().map_err(CliError::Signals)?;
    let _alone = claim_folder(&out, printer)?;
    let progress = Progress::new(printer.is_watched(), arguments.verbose);
    let steps = Steps {
        progress: &progress,
        logs: Some(work::logs(&out)),
        planned: vec![Step::Fetch, Step::Container],
    };
    let search_path = env::var("PATH").unwrap_or_default();
    let engine = steps.quietly(|runner| {
        engine::find(arguments.engine, &search_path, runner).map_err(HermeticError::from)
    })?;
    let rebuilt = build(&out, arguments, &engine, &steps)?;
    if !arguments.compare {
        printer.line(&format!("rebuilt in {rebuilt}"));
        return Ok(ExitCode::Ok);
    }
    let files = files(&out, &rebuilt)?;
    let names = files.iter().map(Utf8PathBuf::as_path);
    let differences = rebuild::compare(&out, &rebuilt, names).map_err(RebuildError::from)?;
    report(arguments.format, files.len(), &differences, printer)?;
    if differences.is_empty() {
        // It is the same as what is there; the work folder need not keep it.
        let _left = fs::remove_dir_all(&rebuilt);
        return Ok(ExitCode::Ok);
    }
    if let Some(program) = find_tool(DIFFOSCOPE, &search_path) {
        steps.quietly(|runner| explain(&program, &out, &rebuilt, &differences, printer, runner));
    }
    printer.note(&format!("the new build stays in `{rebuilt}`"));
    Ok(ExitCode::Refused)
}

/// Builds again, from the recorded inputs and the sources as they are; gives the folder of the new build.
fn build(
    out: &Utf8Path,
    arguments: &RebuildArgs,
    engine: &Engine,
    steps: &Steps<'_>,
) -> Result<Utf8PathBuf, CliError> {
    let fetched = steps.run(Step::Fetch, |runner| {
        fetch::again(out, arguments.base_image.as_deref(), runner)
    })?;
    let context = fetched.context.clone();
    let output = work::folder(out).join("hermetic/rebuilt");
    let built = steps.run(Step::Container, |runner| {
        hermetic::contain(fetched, engine, output, runner)
    });
    // Copies of what is elsewhere.
    let _left = fs::remove_dir_all(context);
    Ok(built?.folder().to_owned())
}

/// Every file that either build lists, programs before the texts about them.
fn files(out: &Utf8Path, rebuilt: &Utf8Path) -> Result<Vec<Utf8PathBuf>, CliError> {
    let listed = |folder: &Utf8Path| {
        let path = folder.join(attest::SUMS);
        let failed = |reason: String| RebuildError::Sums {
            path: path.clone(),
            reason,
        };
        let text = fs::read_to_string(&path).map_err(|error| failed(error.to_string()))?;
        attest::read_sums(&text).map_err(failed)
    };
    let mut files = listed(out)?;
    files.extend(listed(rebuilt)?);
    let mut files: Vec<Utf8PathBuf> = files.into_keys().collect();
    files.push(attest::SUMS.into());
    files.sort_by_key(|path| {
        let is_text =
            attest::DOCUMENTS.contains(&path.as_str()) || path.extension() == Some("json");
        (is_text, path.clone())
    });
    Ok(files)
}

fn report(
    format: Format,
    files: usize,
    differences: &[Difference],
    printer: &Printer,
) -> Result<(), CliError> {
    let text = match format {
        Format::Json => serde_json::to_string_pretty(&Report { files, differences })
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
    printer.data(&text).map_err(CliError::Output)
}

/// What diffoscope makes of the first object file that differs. It is only an explanation: without it the comparison stands.
fn explain(
    program: &Utf8Path,
    out: &Utf8Path,
    rebuilt: &Utf8Path,
    differences: &[Difference],
    printer: &Printer,
    runner: &Runner<'_>,
) {
    let first = differences
        .iter()
        .find(|difference| matches!(difference.what, What::Sections { .. }));
    let Some(Difference { file, .. }) = first else {
        return;
    };
    let report = work::folder(out).join("diffoscope.txt");
    let compare = Invocation::new(program, "/")
        .args(["--no-progress", "--max-text-report-size=200000", "--text"])
        .args([
            report.as_str(),
            out.join(file).as_str(),
            rebuilt.join(file).as_str(),
        ]);
    // It ends with 1 where files differ, which is why it was called.
    let _differs = runner.run_within("diffoscope", &compare, std::time::Duration::from_mins(5));
    let Ok(text) = fs::read_to_string(&report) else {
        return;
    };
    printer.note(&format!(
        "diffoscope says of `{file}` (whole report: `{report}`):"
    ));
    for line in text.lines().take(LINES) {
        printer.line(line);
    }
}
