//! Judges the plugins as `plugins check` does, because it is `plugins check`.
//!
//! In: main, the plugins as they will ship. Out: nothing, or the report. Invariant: nothing is
//! decided or worded here but who was built how: what a user would be told about the finished
//! directory is what the builder says before there is one.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::rc::Rc;

use bimetal_plugins::{Context, ExitCode};
use bimetal_terminal::Printer;
use bimetal_terminal::escape;
use camino::Utf8Path;
use serde::Deserialize;

use super::CheckedPlugin;
use super::error::VerifyError;
use super::stage::Stage;

/// Words for plugins that main would load.
const GOOD: [&str; 3] = ["ok", "unpinned", "undecidable"];

/// The part of the JSON report that is needed here.
#[derive(Deserialize)]
struct Report {
    plugins: Vec<Judged>,
}

#[derive(Deserialize)]
struct Judged {
    file: String,
    status: String,
}

/// Every plugin alone against main, and all of them together.
pub(super) fn check(
    main: &Utf8Path,
    stage: &Stage,
    plugins: &[CheckedPlugin],
) -> Result<(), VerifyError> {
    let (code, mut report) = run(main, stage, "table");
    match code {
        ExitCode::Ok => Ok(()),
        ExitCode::Incompatible => {
            let refused = refused(&run(main, stage, "json").1);
            for plugin in plugins {
                let file = plugin.built.file_name();
                if refused.contains(&file) {
                    let command = plugin.built.invocation.command_line();
                    // Writing to a String cannot fail.
                    let _infallible = write!(
                        report,
                        "\n{} was built by: {}",
                        escape(&file),
                        escape(&command)
                    );
                }
            }
            Err(VerifyError::Refused { report })
        }
        _ => Err(VerifyError::Check { report }),
    }
}

fn run(main: &Utf8Path, stage: &Stage, format: &str) -> (ExitCode, String) {
    let arguments = [
        "check".to_owned(),
        "--plugins-require-lock".to_owned(),
        format!("--main={main}"),
        format!("--plugins-dir={}", stage.directory()),
        format!("--format={format}"),
    ];
    let written = Written::default();
    let code = bimetal_plugins::run(
        arguments.map(OsString::from),
        &Context::of_builder(),
        &Printer::to_writers(written.clone(), written.clone(), None),
    );
    (code, written.text())
}

/// The files that main would not load. Without any, the set as a whole is at fault.
fn refused(report: &str) -> BTreeSet<String> {
    let plugins = serde_json::from_str(report).map(|report: Report| report.plugins);
    plugins
        .unwrap_or_default()
        .into_iter()
        .filter(|plugin| !GOOD.contains(&plugin.status.as_str()))
        .map(|plugin| plugin.file)
        .collect()
}

/// What the command has to say.
#[derive(Clone, Debug, Default)]
struct Written(Rc<RefCell<Vec<u8>>>);

impl Written {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.borrow())
            .trim_end()
            .to_owned()
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
