//! `bimetal`: from a configuration to a distribution, one step after the other.
//!
//! In: [`BuildArgs`]. Out: a distribution (or only its sources, or the plan), else the error of the
//! first step that failed. Invariant: every step gets what the one before it gave; what is not in
//! the plan does nothing; only one builder works in an output directory.

use std::env;
use std::process;
use std::time::{SystemTime, UNIX_EPOCH};

use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

use crate::args::{BuildArgs, Format};
use crate::error::{CliError, StartError};
use crate::exit_code::ExitCode;
use crate::hermetic;
use crate::steps::Steps;
use bimetal_builder::model::SourceTree;
use bimetal_builder::model::{Plan, Step};
use bimetal_builder::progress::{Activity, Progress};
use bimetal_builder::stages::config::{self, Config};
use bimetal_builder::stages::generate;
use bimetal_builder::stages::package::Distribution;
use bimetal_builder::stages::plan;
use bimetal_builder::stages::resolve::{self, Options, Surroundings};
use bimetal_builder::toolchain::{Runner, claim, interrupt, without_effect, work};
use bimetal_hermetic::fetch;
use bimetal_terminal::Printer;

pub(crate) fn run(arguments: &BuildArgs, printer: &Printer) -> Result<ExitCode, CliError> {
    if arguments.output_path.is_some() {
        printer
            .warning("`--output-path` is deprecated; use `dist.output_path` in the configuration");
    }
    let config = config::read(arguments.config.as_deref(), variables())?;
    for warning in &config.warnings {
        printer.warning(warning);
    }
    // Not earlier: a read of a pipe that nobody writes to must end as every program's does.
    interrupt::install().map_err(StartError::Signals)?;
    let progress = Progress::new(printer.is_watched(), arguments.verbose);
    let plan = decide(&config, arguments, printer)?;
    if arguments.dry_run {
        show(&plan, arguments.format, printer)?;
        return Ok(ExitCode::Ok);
    }
    generate::make_directory(&plan.out)?;
    let _alone = claim_directory(&plan.out, printer)?;
    if plan.container.is_some() {
        let distribution = hermetic::build(plan, arguments.engine, &progress, printer)?;
        if let Some(built) = &distribution {
            tell(built, printer);
        }
        return Ok(ExitCode::Ok);
    }
    let tree = generate::generate(&plan);
    if plan.has(Step::Generate) {
        progress.step(Step::Generate.name(), |_| generate::write(&tree, &plan.out))?;
    }
    finish(plan, tree, &progress, printer)
}

/// Everything up to the plan: asks the machine, changes nothing.
fn decide(config: &Config, arguments: &BuildArgs, printer: &Printer) -> Result<Plan, CliError> {
    let scratch = tempfile::Builder::new()
        .prefix("bimetal-")
        .tempdir()
        .map_err(StartError::Scratch)?;
    let surroundings = surroundings(text_path(scratch.path().to_owned())?)?;
    let activity = Activity::silent();
    let runner = Runner {
        logs: None,
        activity: &activity,
    };
    let resolved = resolve::resolve(config, &options(arguments), &surroundings, &runner)?;
    let unread = without_effect();
    if !unread.is_empty() {
        printer.note(&format!(
            "`go env -w` has set {}: a build reads variables of the environment only",
            unread.join(", ")
        ));
    }
    for note in &resolved.notes {
        printer.note(note);
    }
    Ok(plan::plan(resolved))
}

/// The output directory, ours until the file is closed: two builders in one directory would take
/// each other's files.
pub(crate) fn claim_directory(out: &Utf8Path, printer: &Printer) -> Result<fs::File, CliError> {
    let waiting = || {
        printer.note(&format!(
            "waiting for another `bimetal` that builds in `{out}`"
        ));
    };
    let claimed = fs::File::open(out)
        .and_then(|directory| claim::wait(directory.file(), waiting).map(|()| directory));
    Ok(claimed.map_err(|source| StartError::Claim {
        path: out.to_owned(),
        source,
    })?)
}

/// Everything behind the sources.
fn finish(
    plan: Plan,
    tree: SourceTree,
    progress: &Progress,
    printer: &Printer,
) -> Result<ExitCode, CliError> {
    let steps = Steps {
        progress,
        logs: Some(work::logs(&plan.out)),
        planned: plan.steps.clone(),
    };
    let (out, planned) = (plan.out.clone(), plan.clone());
    let locked = steps.lock(plan, tree)?;
    if !steps.planned.contains(&Step::Build) {
        printer.line(&format!("sources in {out}"));
        return Ok(ExitCode::Ok);
    }
    let distribution = steps.compile(locked)?;
    // For `rebuild`.
    fetch::record(&planned)?;
    tell(&distribution, printer);
    Ok(ExitCode::Ok)
}

/// One line for every artifact that a user starts or drops into a directory.
pub(crate) fn tell(distribution: &Distribution, printer: &Printer) {
    for path in distribution.main.iter().chain(&distribution.plugins) {
        printer.line(&format!("built {path}"));
    }
}

fn show(plan: &Plan, format: Format, printer: &Printer) -> Result<(), CliError> {
    let text = match format {
        Format::Table => plan::table(plan),
        Format::Json => serde_json::to_string_pretty(plan).expect("a plan has only text keys"),
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

fn surroundings(scratch: Utf8PathBuf) -> Result<Surroundings, CliError> {
    let set = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let host = if env::consts::OS == "macos" {
        "darwin"
    } else {
        env::consts::OS
    };
    Ok(Surroundings {
        current_directory: text_path(env::current_dir().map_err(StartError::Surroundings)?)?,
        search_path: set("PATH").unwrap_or_default(),
        goos: set("GOOS").unwrap_or_else(|| host.to_owned()),
        fresh_directory: text_path(env::temp_dir())?.join(fresh_name()),
        scratch,
    })
}

/// A name that no other run has.
fn fresh_name() -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_nanos());
    format!("otelcol-distribution-{}-{now}", process::id())
}

fn text_path(path: std::path::PathBuf) -> Result<Utf8PathBuf, StartError> {
    Utf8PathBuf::from_path_buf(path).map_err(|path| StartError::NotText(path.display().to_string()))
}

/// The environment as text; what is not UTF-8 cannot name anything in a configuration.
fn variables() -> impl Iterator<Item = (String, String)> {
    env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}
