//! `bimetal rebuild`: does a distribution come from what it says it comes from?
//!
//! In: an output directory. Out: what differs between its files and those of a new build.
//! Invariant: nothing that a user would start or load is changed; the new build stays in the work
//! directory.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::env;

use bimetal_files::RelativePath;
use bimetal_terminal::Hint;
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use serde::Serialize;

use crate::args::{Format, RebuildArgs};
use crate::build::claim_directory;
use crate::error::{CliError, StartError};
use crate::exit_code::ExitCode;
use crate::hermetic::{self, HermeticError};
use crate::steps::Steps;
use bimetal_builder::model::Step;
use bimetal_builder::model::documents::DOCUMENTS;
use bimetal_builder::owned::{Ours, RECORD};
use bimetal_builder::progress::{Activity, Progress};
use bimetal_builder::stages::resolve::tools_for;
use bimetal_builder::toolchain::find_tool;
use bimetal_builder::toolchain::{Invocation, Runner, interrupt, work};
use bimetal_hermetic::attest;
use bimetal_hermetic::engine;
use bimetal_hermetic::fetch::{self, RECORDED};
use bimetal_hermetic::rebuild::{self, CompareError, Difference, What};
use bimetal_terminal::Printer;

/// Lines of diffoscope's report that are shown for a file.
const LINES: usize = 60;
const DIFFOSCOPE: &str = "diffoscope";

/// What can go wrong beside the build.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RebuildError {
    #[error("there is no directory `{path}`")]
    NoDirectory {
        path: Utf8PathBuf,
        source: std::io::Error,
    },
    #[error("cannot read `{path}`: {reason}")]
    Files { path: Utf8PathBuf, reason: String },
    #[error("{0}")]
    Compare(#[from] CompareError),
}

impl Hint for RebuildError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::NoDirectory { .. } => "name the output directory of a build",
            Self::Files { .. } => "restore it, or build the distribution once more",
            Self::Compare(_) => return None,
        };
        Some(hint.into())
    }
}

/// What is printed for programs.
#[derive(Serialize)]
struct Report<'a> {
    files: usize,
    differences: &'a [Difference],
}

pub(crate) fn run(arguments: &RebuildArgs, printer: &Printer) -> Result<ExitCode, CliError> {
    let out = arguments
        .out
        .canonicalize_utf8()
        .map_err(|source| RebuildError::NoDirectory {
            path: arguments.out.clone(),
            source,
        })?;
    interrupt::install().map_err(StartError::Signals)?;
    let _alone = claim_directory(&out, printer)?;
    let progress = Progress::new(printer.is_watched(), arguments.verbose);
    let contained = out.join(RECORDED).exists();
    let rebuilt = if contained {
        in_container(&out, arguments, &progress)
    } else {
        if arguments.engine.is_some() || arguments.base_image.is_some() {
            printer.warning("`--engine` and `--base-image` have no effect: the distribution was not built in a container");
        }
        here(&out, &progress)
    };
    let rebuilt = match rebuilt {
        // 2 says that there is something to compare.
        Err(error) if error.is_refusal() => {
            printer.error(error.as_error(), error.hint().as_deref());
            return Ok(ExitCode::Failure);
        }
        other => other?,
    };
    if !arguments.compare {
        printer.line(&format!("rebuilt in {rebuilt}"));
        return Ok(ExitCode::Ok);
    }
    let list = if contained { listed } else { placed };
    let files = files([list(&out)?, list(&rebuilt)?]);
    let names = files.iter().map(Utf8PathBuf::as_path);
    let differences = rebuild::compare(&out, &rebuilt, names).map_err(RebuildError::from)?;
    report(arguments.format, files.len(), &differences, printer)?;
    if differences.is_empty() {
        // It is the same as what is there; the work directory need not keep it.
        let _left = fs::remove_dir_all(if contained {
            rebuilt
        } else {
            fetch::repeated(&out)
        });
        return Ok(ExitCode::Ok);
    }
    let search_path = env::var("PATH").unwrap_or_default();
    // Programs have asked for the differences; what diffoscope says is for people, and takes its
    // time.
    let explained = match arguments.format {
        Format::Table => find_tool(DIFFOSCOPE, &search_path),
        Format::Json => None,
    };
    if let Some(program) = explained {
        let activity = Activity::silent();
        let logs = work::logs(&out);
        let runner = Runner {
            logs: Some(&logs),
            activity: &activity,
        };
        explain(&program, &out, &rebuilt, &differences, printer, &runner);
    }
    printer.note(&format!("the new build stays in `{rebuilt}`"));
    Ok(ExitCode::Refused)
}

/// Builds again in a container, from the recorded inputs and the sources as they are; gives the
/// directory of the new build.
fn in_container(
    out: &Utf8Path,
    arguments: &RebuildArgs,
    progress: &Progress,
) -> Result<Utf8PathBuf, CliError> {
    let steps = Steps {
        progress,
        logs: Some(work::logs(out)),
        planned: vec![Step::Fetch, Step::Container],
    };
    let search_path = env::var("PATH").unwrap_or_default();
    let engine = steps.quietly(|runner| {
        engine::find(arguments.engine, &search_path, runner).map_err(HermeticError::from)
    })?;
    let fetched = steps.run(Step::Fetch, |runner| {
        fetch::again(out, arguments.base_image.as_deref(), runner)
    })?;
    let context = fetched.context.clone();
    let output = work::directory(out).join("hermetic/rebuilt");
    let built = steps.run(Step::Container, |runner| {
        hermetic::contain(fetched, &engine, output, runner)
    });
    // Copies of what is elsewhere.
    let _left = fs::remove_dir_all(context);
    Ok(built?.directory().to_owned())
}

/// Builds again on this machine, from the recorded plan and the sources as they are; gives the
/// directory of the new build.
fn here(out: &Utf8Path, progress: &Progress) -> Result<Utf8PathBuf, CliError> {
    let silent = Activity::silent();
    let runner = Runner {
        logs: None,
        activity: &silent,
    };
    let (mut plan, tree) = fetch::repeat(out, &runner)?;
    let search_path = env::var("PATH").unwrap_or_default();
    tools_for(&mut plan, &search_path, &runner)?;
    let directory = plan.out.clone();
    let steps = Steps {
        progress,
        logs: Some(work::logs(&directory)),
        planned: plan.steps.clone(),
    };
    steps.compile(steps.lock(plan, tree)?)?;
    Ok(directory)
}

/// The files of a hermetic distribution, and the list of them.
fn listed(directory: &Utf8Path) -> Result<Vec<Utf8PathBuf>, CliError> {
    let path = directory.join(attest::SUMS);
    let failed = |reason: String| RebuildError::Files {
        path: path.clone(),
        reason,
    };
    let text = fs::read_to_string(&path).map_err(|error| failed(error.to_string()))?;
    let mut files: Vec<Utf8PathBuf> = attest::read_sums(&text)
        .map_err(failed)?
        .into_keys()
        .collect();
    files.push(attest::SUMS.into());
    Ok(files)
}

/// The files of a distribution that was built on this machine.
fn placed(directory: &Utf8Path) -> Result<Vec<Utf8PathBuf>, CliError> {
    let ours = Ours::load(directory).map_err(|error| RebuildError::Files {
        path: directory.join(RECORD),
        reason: error.to_string(),
    })?;
    let files = ours.artifacts.into_keys().map(Utf8PathBuf::from);
    // A Dockerfile that somebody asked for is not of the build.
    Ok(files
        .filter(|name| RelativePath::parse(name).is_ok() && !DOCUMENTS.contains(&name.as_str()))
        .collect())
}

/// Every file that either build has, programs before the texts about them.
fn files(of_both: [Vec<Utf8PathBuf>; 2]) -> Vec<Utf8PathBuf> {
    let files: BTreeSet<Utf8PathBuf> = of_both.into_iter().flatten().collect();
    let is_text = |path: &Utf8Path| {
        DOCUMENTS.contains(&path.as_str()) || matches!(path.extension(), Some("json" | "lock"))
    };
    let (texts, programs): (Vec<_>, Vec<_>) = files.into_iter().partition(|path| is_text(path));
    programs.into_iter().chain(texts).collect()
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
    Ok(printer.text(&text).map_err(StartError::Output)?)
}

/// What diffoscope makes of the first object file that differs. It is only an explanation: without
/// it the comparison stands.
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
    let report = work::directory(out).join("diffoscope.txt");
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
