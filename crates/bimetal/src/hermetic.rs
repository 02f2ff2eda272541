//! The part of a hermetic build that runs outside of its container.
//!
//! In: a plan with a container. Out: the distribution, else the error of the step that failed,
//! inside or outside. Invariant: nothing is put into place that was not built from what was
//! collected.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::env;
use std::fmt;

use bimetal_files::{Digest, FileError};
use bimetal_terminal::Hint;
use camino::Utf8PathBuf;
use fs_err as fs;

use crate::error::CliError;
use crate::failure::Failure;
use crate::steps::Steps;
use bimetal_builder::model;
use bimetal_builder::model::{Plan, Step};
use bimetal_builder::owned::{Ours, OwnedError};
use bimetal_builder::progress::Progress;
use bimetal_builder::stages::generate;
use bimetal_builder::stages::package::{self, Distribution};
use bimetal_builder::toolchain::{Runner, work};
use bimetal_hermetic::engine::{self, Engine, EngineError, Job};
use bimetal_hermetic::fetch::{self, Base, DOCKERFILE, Fetched, Pinned, Recorded};
use bimetal_hermetic::receive::{self, Received};
use bimetal_terminal::Printer;

/// The images whose toolchains the builder is made for, on an older system: what is built there
/// runs with its C library and with newer ones.
const GO_IMAGE: &str = "golang:1.26.8-bookworm";
const RUST_IMAGE: &str = "rust:1.95.0-bookworm";
/// The first day of 1980, which every archive format can tell, and nobody takes for a real time.
const EPOCH: i64 = 315_532_800;
const EPOCH_VARIABLE: &str = "SOURCE_DATE_EPOCH";

/// What can go wrong beside the steps that every build has.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HermeticError {
    #[error("{0}")]
    Engine(#[from] EngineError),
    #[error("cannot find out the digest of the image `{image}`")]
    Pin { image: String, source: EngineError },
    #[error("the build in the container failed at the step `{step}`")]
    Inside {
        step: String,
        source: Cause,
        hint: Option<String>,
        refused: bool,
    },
    #[error("`SOURCE_DATE_EPOCH` is `{value}`, which is no number of seconds since 1970")]
    Epoch { value: String },
    #[error("{0}")]
    Owned(#[from] OwnedError),
    #[error("{0}")]
    File(#[from] FileError),
}

/// An error that was told by another process, with what caused it.
#[derive(Debug)]
pub(crate) struct Cause {
    text: String,
    source: Option<Box<Cause>>,
}

impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl std::error::Error for Cause {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl Hint for HermeticError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::Inside { hint, .. } => return hint.as_deref().map(Cow::Borrowed),
            Self::Epoch { .. } => {
                "unset it, or take a time such as that of your last commit: `git log -1 --format=%ct`"
            }
            _ => return None,
        };
        Some(hint.into())
    }
}

impl HermeticError {
    /// Whether the publish gate inside refused a plugin.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, Self::Inside { refused: true, .. })
    }
}

/// Builds `plan` in a container, or as much of it as is planned.
pub(crate) fn build(
    plan: Plan,
    engine: Option<engine::Name>,
    progress: &Progress,
    printer: &Printer,
) -> Result<Option<Distribution>, CliError> {
    let steps = Steps {
        progress,
        logs: Some(work::logs(&plan.out)),
        planned: plan.steps.clone(),
    };
    let epoch = epoch()?;
    if plan.has(Step::Dockerfile) {
        let path = steps.run(Step::Dockerfile, |runner| {
            only_dockerfile(&plan, engine, runner)
        })?;
        printer.line(&format!("written {path}"));
        return Ok(None);
    }
    // First: a missing engine is told before anything is downloaded.
    let engine = plan
        .has(Step::Container)
        .then(|| steps.quietly(|runner| find(engine, runner)))
        .transpose()?;
    if let Some(engine) = &engine {
        printer.note(&format!("the container is made by {}", engine.about()));
    }
    let tree = generate::generate(&plan);
    if plan.has(Step::Generate) {
        steps.run(Step::Generate, |_| generate::write(&tree, &plan.out))?;
    }
    let locked = steps.lock(plan, tree)?;
    let fetched = steps.run(Step::Fetch, |runner| {
        let base = base(&locked.plan, engine.as_ref(), runner)?;
        let recorded = Recorded::new(&locked.plan, base, epoch);
        fetch::fetch(locked.plan, &locked.tree, recorded, runner).map_err(CliError::from)
    })?;
    let Some(engine) = engine else {
        printer.line(&format!("inputs in {}", fetched.context));
        return Ok(None);
    };
    let output = work::directory(&fetched.plan.out).join("hermetic/artifacts");
    let received = steps.run(Step::Container, |runner| {
        contain(fetched, &engine, output, runner)
    })?;
    let directory = received.directory().to_owned();
    let distribution = steps.run(Step::Package, |runner| receive::place(received, runner))?;
    // It is in the work directory: the next run removes what is left.
    let _left = fs::remove_dir_all(directory);
    Ok(Some(distribution))
}

/// Runs the engine on the collected inputs, and checks what came out into `output`.
pub(crate) fn contain(
    fetched: Fetched,
    engine: &Engine,
    output: Utf8PathBuf,
    runner: &Runner<'_>,
) -> Result<Received, CliError> {
    bimetal_files::remove_directory(&output).map_err(HermeticError::from)?;
    let arguments = BTreeMap::from([(
        EPOCH_VARIABLE.to_owned(),
        fetched.recorded.source_date_epoch.to_string(),
    )]);
    let job = Job {
        context: &fetched.context,
        output: &output,
        arguments: &arguments,
        stage: fetch::STAGE,
        directory: fetch::OUTPUT,
    };
    engine::build(engine, &job, runner).map_err(told)?;
    Ok(receive::receive(fetched, output)?)
}

/// What the builder inside said about its failure, else what the engine says.
fn told(error: EngineError) -> HermeticError {
    let Some(failure) = error.output().and_then(Failure::find) else {
        return HermeticError::Engine(error);
    };
    let mut source = None;
    for text in failure.causes.into_iter().rev() {
        source = Some(Box::new(Cause { text, source }));
    }
    match source {
        None => HermeticError::Engine(error),
        Some(source) => HermeticError::Inside {
            step: failure.step,
            source: *source,
            hint: failure.hint,
            refused: failure.refused,
        },
    }
}

fn only_dockerfile(
    plan: &Plan,
    wanted: Option<engine::Name>,
    runner: &Runner<'_>,
) -> Result<Utf8PathBuf, CliError> {
    let engine = needs_engine(plan)
        .then(|| find(wanted, runner))
        .transpose()?;
    let base = base(plan, engine.as_ref(), runner)?;
    let path = plan.out.join(DOCKERFILE);
    let mut ours = Ours::load(&plan.out).map_err(HermeticError::from)?;
    let is_foreign = path.exists() && !ours.artifacts.contains_key(DOCKERFILE);
    if is_foreign {
        return Err(package::PackageError::NotOurs { paths: vec![path] }.into());
    }
    let text = fetch::dockerfile(&base);
    ours.artifacts
        .insert(DOCKERFILE.to_owned(), Digest::of(&text).tagged());
    ours.save(&plan.out).map_err(HermeticError::from)?;
    bimetal_files::write_if_changed(&path, text.as_bytes()).map_err(HermeticError::from)?;
    Ok(path)
}

/// Whether an engine has to be asked for a digest.
fn needs_engine(plan: &Plan) -> bool {
    match &plan.container {
        None | Some(model::Base::RootFs { .. }) => false,
        Some(model::Base::Image(name)) => !name.contains('@'),
        Some(model::Base::Official) => true,
    }
}

fn find(wanted: Option<engine::Name>, runner: &Runner<'_>) -> Result<Engine, CliError> {
    let search_path = env::var("PATH").unwrap_or_default();
    Ok(engine::find(wanted, &search_path, runner).map_err(HermeticError::from)?)
}

/// The base by its digest: the one that was recorded the last time, as long as the configuration
/// names the same image.
fn base(plan: &Plan, engine: Option<&Engine>, runner: &Runner<'_>) -> Result<Base, CliError> {
    let mut ours = Ours::load(&plan.out).map_err(HermeticError::from)?;
    let known = std::mem::take(&mut ours.base_images);
    let pin = |name: &str| pin(name, &known, engine, runner);
    let base = match plan.container.as_ref() {
        None | Some(model::Base::Official) => Base::Official {
            go: pin(GO_IMAGE)?,
            rust: pin(RUST_IMAGE)?,
        },
        Some(model::Base::Image(name)) => Base::Image(pin(name)?),
        Some(model::Base::RootFs { path, wanted }) => Base::RootFs {
            path: path.clone(),
            digest: match wanted {
                Some(digest) => digest.clone(),
                None => Digest::of_path(path).map_err(HermeticError::from)?.tagged(),
            },
        },
    };
    ours.base_images = base.digests();
    ours.save(&plan.out).map_err(HermeticError::from)?;
    Ok(base)
}

fn pin(
    name: &str,
    known: &BTreeMap<String, String>,
    engine: Option<&Engine>,
    runner: &Runner<'_>,
) -> Result<Pinned, CliError> {
    let wanted = match known.get(name) {
        Some(digest) if !name.contains('@') => format!("{}@{digest}", engine::without_tag(name)),
        _ => name.to_owned(),
    };
    let reference = match engine {
        Some(engine) => {
            engine::pin(engine, &wanted, runner).map_err(|source| HermeticError::Pin {
                image: wanted.clone(),
                source,
            })?
        }
        None => wanted,
    };
    Ok(Pinned {
        name: name.to_owned(),
        reference,
    })
}

/// The time that artifacts tell: the caller's, else one that is always the same.
fn epoch() -> Result<i64, HermeticError> {
    match env::var(EPOCH_VARIABLE) {
        Err(_) => Ok(EPOCH),
        Ok(value) if value.is_empty() => Ok(EPOCH),
        Ok(value) => match value.parse() {
            Ok(seconds) if seconds >= 0 => Ok(seconds),
            _ => Err(HermeticError::Epoch { value }),
        },
    }
}
