//! Measures whole processes: starts of Collectors, and builds that were done before.
//!
//! In: the quickstart, built by the builder and its Go parts by OCB. Out: ratios with their A/A.
//! Invariant: what is compared takes turns in one call; a figure is of processes from their start.

mod build;
mod start;
mod turns;

use bimetal_conformance::distribution::{Distribution, build, ocb, repository};
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

use self::build::Project;
use self::turns::Taken;
use super::component::{Figure, Measured, Run};
use crate::chore::ChoreError;

/// A row: its table, its name, and the ratio that must be reached.
struct Row {
    table: &'static str,
    name: &'static str,
    must: f64,
}

const START_LINKED: Row = Row {
    table: "starts",
    name: "start, Rust linked in and no Go plugin, against OCB's main",
    must: 1.3,
};
const START_PLUGINS: Row = Row {
    table: "starts",
    name: "start, a Go and a Rust plugin, against OCB's main, `plugin.Open` and SHA-256",
    must: 1.4,
};
const NOTHING_CHANGED: Row = Row {
    table: "builds",
    name: "build, nothing changed, against OCB's second build",
    must: 1.5,
};
const LINE_CHANGED: Row = Row {
    table: "builds",
    name: "build, one line of the Rust component changed, against nothing changed",
    must: 2.0,
};

/// Every table, with the names of its rows.
pub(crate) fn tables() -> Vec<(&'static str, Vec<String>)> {
    let rows = |of: &[Row]| of.iter().map(|row| row.name.to_owned()).collect();
    let tables = [
        [START_LINKED, START_PLUGINS],
        [NOTHING_CHANGED, LINE_CHANGED],
    ];
    tables.iter().map(|of| (of[0].table, rows(of))).collect()
}

/// Measures the rows that are `wanted` by their name, one after the other.
pub(crate) fn measure(wanted: &dyn Fn(&str) -> bool, run: &mut Run) -> Result<(), ChoreError> {
    for (row, work) in [
        (START_LINKED, start_linked as fn(usize) -> _),
        (START_PLUGINS, start_plugins),
        (NOTHING_CHANGED, nothing_changed),
        (LINE_CHANGED, line_changed),
    ] {
        if wanted(row.name) {
            run.add(Measured {
                name: row.name.to_owned(),
                must: Some(row.must),
                figure: work(run.rounds)?,
            })?;
        }
    }
    Ok(())
}

fn start_linked(rounds: usize) -> Result<Figure, ChoreError> {
    let parts = Parts::new()?;
    let ours = built("otelcol-quickstart-static", "builder-config-static.yaml")?;
    let both = parts.configuration(&["attributes", "transform"])?;
    let ours = || start::start(&ours, &both);
    turns::measure(&[&ours], &[&|| parts.start()], rounds)
}

fn start_plugins(rounds: usize) -> Result<Figure, ChoreError> {
    let parts = Parts::new()?;
    let ours = built("otelcol-quickstart", "builder-config.yaml")?;
    let both = parts.configuration(&["attributes", "transform"])?;
    let (opener, plugin) = (
        start::opener()?,
        ours.plugins.join("processor-transform.so"),
    );
    let ours = || start::start(&ours, &both);
    let open = || start::open(&opener, &plugin);
    turns::measure(&[&ours], &[&|| parts.start(), &open], rounds)
}

fn nothing_changed(rounds: usize) -> Result<Figure, ChoreError> {
    let project = Project::new()?;
    turns::measure(&[&|| project.again()], &[&|| project.ocb()], rounds)
}

fn line_changed(rounds: usize) -> Result<Figure, ChoreError> {
    let project = Project::new()?;
    turns::measure(&[&|| project.changed()], &[&|| project.again()], rounds)
}

/// A distribution of the quickstart.
fn built(name: &str, config: &str) -> Result<Distribution, ChoreError> {
    let config = repository().join("examples/quickstart").join(config);
    Ok(build(name, &config)?)
}

/// OCB's main of the quickstart's Go parts.
struct Parts {
    directory: tempfile::TempDir,
    main: Distribution,
    configuration: Utf8PathBuf,
}

impl Parts {
    fn new() -> Result<Self, ChoreError> {
        let directory = tempfile::tempdir()?;
        let config = path(&directory)?.join("go-parts.yaml");
        fs::write(&config, build::go_parts()?)?;
        Ok(Self {
            main: ocb("otelcol-quickstart-static", &config)?,
            configuration: start::configuration(path(&directory)?, &["transform"])?,
            directory,
        })
    }

    fn configuration(&self, processors: &[&str]) -> Result<Utf8PathBuf, ChoreError> {
        start::configuration(path(&self.directory)?, processors)
    }

    fn start(&self) -> Result<Taken, ChoreError> {
        start::start(&self.main, &self.configuration)
    }
}

fn path(directory: &tempfile::TempDir) -> Result<&Utf8Path, ChoreError> {
    let path = Utf8Path::from_path(directory.path());
    path.ok_or_else(|| ChoreError::Found("a temporary path is not UTF-8".to_owned()))
}
