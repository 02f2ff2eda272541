//! The part of a hermetic build that runs in its container: the ordinary steps, offline, from
//! recorded inputs.
//!
//! In: the directory of inputs. Out: the finished files below `out/` in it, else a [`Failure`] on
//! standard error. Invariant: nothing is built while there is a way out, or from a file that is not
//! as it was recorded.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::env;

use bimetal_files::Digest;
use bimetal_files::{FileError, read};
use bimetal_terminal::Hint;
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use walkdir::WalkDir;

use crate::error::{CliError, StartError};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::steps::Steps;
use bimetal_builder::model::SourceTree;
use bimetal_builder::progress::{Activity, Progress};
use bimetal_builder::stages::resolve;
use bimetal_builder::toolchain::{Runner, interrupt};
use bimetal_hermetic::deliver::{self, About};
use bimetal_hermetic::environment;
use bimetal_hermetic::fetch::{DOCKERFILE, LIST, RECORDED, Recorded, SOURCES};
use bimetal_terminal::Printer;

/// Interfaces of the machine to itself.
const LOOPBACK: &str = "lo";

/// What is wrong with the container or its inputs.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InsideError {
    #[error("the container has a network: there is a route through `{interface}`")]
    Network { interface: String },
    #[error("{0}")]
    File(#[from] FileError),
    #[error("cannot understand `{path}`: {reason}")]
    Unreadable { path: Utf8PathBuf, reason: String },
    #[error("the input `{path}` is not what was recorded")]
    Changed { path: Utf8PathBuf },
    #[error("the inputs were recorded by bimetal {recorded}, and this is {running}")]
    OtherBuilder { recorded: String, running: String },
    #[error("`SOURCE_DATE_EPOCH` is `{found}`, and {recorded} was recorded")]
    OtherTime { found: String, recorded: i64 },
}

impl Hint for InsideError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::Network { .. } => {
                "the engine ignored that the network is to be off; try another one with `--engine`"
            }
            Self::Changed { .. } | Self::File(_) | Self::Unreadable { .. } => {
                "something changed the inputs between their collection and the build; build again"
            }
            Self::OtherBuilder { .. } => "run the version that recorded the inputs",
            Self::OtherTime { .. } => return None,
        };
        Some(hint.into())
    }
}

/// Builds from the inputs in `root`; tells a failure in a way that is understood outside.
pub(crate) fn run(root: &Utf8Path, printer: &Printer) -> Result<ExitCode, CliError> {
    interrupt::install().map_err(StartError::Signals)?;
    let Err(error) = build(root) else {
        return Ok(ExitCode::Ok);
    };
    printer.error(error.as_error(), error.hint().as_deref());
    // Last, because of an engine's output only the end is kept.
    printer.line(&Failure::new(&error).to_lines());
    Ok(error.exit_code())
}

fn build(root: &Utf8Path) -> Result<(), CliError> {
    refuse_network()?;
    let inputs = read_inputs(root)?;
    let recorded = recorded(root)?;
    let mut plan = recorded.plan.inside(root.join(SOURCES));
    let silent = Activity::silent();
    let runner = Runner {
        logs: None,
        activity: &silent,
    };
    let search_path = env::var("PATH").unwrap_or_default();
    resolve::tools_for(&mut plan, &search_path, &runner)?;
    let dockerfile = read(&root.join(DOCKERFILE)).map_err(InsideError::from)?;
    let environment = environment::collect(&plan, recorded.base.digests(), &dockerfile, &runner)?;
    plan.hermetic = Some(environment.clone());

    let tree = sources(root, &inputs)?;
    let progress = Progress::new(false, false);
    let steps = Steps {
        progress: &progress,
        logs: None,
        planned: plan.steps.clone(),
    };
    let distribution = steps.compile(steps.lock(plan.clone(), tree)?)?;
    deliver::deliver(
        &distribution,
        &About {
            root,
            plan: &plan,
            recorded: &recorded,
            environment: &environment,
        },
    )?;
    Ok(())
}

/// An engine that does not know its own flag must not go unnoticed.
fn refuse_network() -> Result<(), InsideError> {
    let routes = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let v4 = first_route(routes("/proc/net/route").lines().skip(1), 0);
    let v6 = || first_route(routes("/proc/net/ipv6_route").lines(), 9);
    match v4.or_else(v6) {
        None => Ok(()),
        Some(interface) => Err(InsideError::Network { interface }),
    }
}

/// The first interface other than the loopback; `column` is where a line names it.
fn first_route<'a>(lines: impl Iterator<Item = &'a str>, column: usize) -> Option<String> {
    lines
        .filter_map(|line| line.split_whitespace().nth(column))
        .find(|name| *name != LOOPBACK)
        .map(str::to_owned)
}

/// The list of inputs, after comparing every file with it.
fn read_inputs(root: &Utf8Path) -> Result<BTreeMap<Utf8PathBuf, Digest>, InsideError> {
    let path = root.join(LIST);
    let list: BTreeMap<Utf8PathBuf, Digest> =
        serde_json::from_slice(&read(&path)?).map_err(|error| InsideError::Unreadable {
            path,
            reason: error.to_string(),
        })?;
    for (name, wanted) in &list {
        let path = root.join(name);
        if Digest::of_path(&path)? != *wanted {
            return Err(InsideError::Changed { path });
        }
    }
    for entry in WalkDir::new(root.join(SOURCES)).into_iter().flatten() {
        let path = Utf8Path::from_path(entry.path()).and_then(|path| path.strip_prefix(root).ok());
        if !entry.file_type().is_dir() && path.is_none_or(|path| !list.contains_key(path)) {
            return Err(InsideError::Changed {
                path: Utf8PathBuf::from(entry.path().to_string_lossy().into_owned()),
            });
        }
    }
    Ok(list)
}

fn recorded(root: &Utf8Path) -> Result<Recorded, InsideError> {
    let path = root.join(RECORDED);
    let recorded: Recorded =
        serde_json::from_slice(&read(&path)?).map_err(|error| InsideError::Unreadable {
            path,
            reason: error.to_string(),
        })?;
    let running = env!("CARGO_PKG_VERSION");
    if recorded.builder != running {
        return Err(InsideError::OtherBuilder {
            recorded: recorded.builder,
            running: running.to_owned(),
        });
    }
    let found = env::var("SOURCE_DATE_EPOCH").unwrap_or_default();
    if found != recorded.source_date_epoch.to_string() {
        return Err(InsideError::OtherTime {
            found,
            recorded: recorded.source_date_epoch,
        });
    }
    Ok(recorded)
}

/// The sources that were generated outside.
fn sources(
    root: &Utf8Path,
    inputs: &BTreeMap<Utf8PathBuf, Digest>,
) -> Result<SourceTree, InsideError> {
    let mut tree = SourceTree::default();
    for name in inputs.keys() {
        if let Ok(below) = name.strip_prefix(SOURCES) {
            tree.insert(below, read(&root.join(name))?);
        }
    }
    Ok(tree)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_route_through_something_else_than_the_loopback_is_a_network() {
        let v4 = "eth0\t00000000\t0101A8C0\t0003\n";
        assert_eq!(first_route(v4.lines(), 0), Some("eth0".to_owned()));
        let v6 = "00000000000000000000000000000001 80 0 00 0 00 00000000 1 0 lo\n";
        assert_eq!(first_route(v6.lines(), 9), None);
        assert_eq!(first_route("".lines(), 0), None);
    }

    #[test]
    fn an_input_that_changed_or_was_added_is_named() {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(keep.path()).unwrap();
        fs::create_dir_all(root.join("src")).unwrap();
        fs::write(root.join("src/main.go"), "a").unwrap();
        let list = BTreeMap::from([("src/main.go", Digest::of(b"a"))]);
        fs::write(root.join(LIST), serde_json::to_vec(&list).unwrap()).unwrap();
        assert!(read_inputs(root).is_ok());
        fs::write(root.join("src/more.go"), "b").unwrap();
        assert!(
            read_inputs(root)
                .unwrap_err()
                .to_string()
                .contains("more.go")
        );
        fs::remove_file(root.join("src/more.go")).unwrap();
        fs::write(root.join("src/main.go"), "b").unwrap();
        assert!(
            read_inputs(root)
                .unwrap_err()
                .to_string()
                .contains("main.go")
        );
    }
}
