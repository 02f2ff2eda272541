//! One file for each command.
//!
//! In: typed arguments. Out: a report and an exit code. Invariant: a document is made first and
//! printed afterwards, so that table and JSON cannot differ.

mod directory;
mod inspect;
mod validate;

use serde::Serialize;

use crate::HINTS;
use crate::args::{Action, Arguments, Format};
use crate::context::Context;
use crate::exit_code::ExitCode;
use crate::sarif::Log;
use crate::settings::Settings;
use bimetal_terminal::{Interrupted, Printer, escape};

/// Runs the command that `arguments` name.
pub(crate) fn run(arguments: &Arguments, context: &Context, out: &Printer) -> ExitCode {
    let result = match &arguments.action {
        Action::List(arguments) => directory::list(arguments, context, out),
        Action::Check(arguments) => directory::check(arguments, context, out),
        Action::Validate(arguments) => validate::run(arguments, context, out),
        Action::Inspect(arguments) => inspect::run(arguments, context, out),
    };
    result.unwrap_or_else(|error| {
        out.error(&error, HINTS);
        error.exit_code()
    })
}

/// Prints `document` in `format`. Documents that hold no findings are JSON to every program.
fn print<D: Serialize>(
    document: &D,
    format: Format,
    table: impl FnOnce(&D, &Printer),
    out: &Printer,
) {
    match format {
        Format::Table => table(document, out),
        Format::Json | Format::Sarif => json(document, out),
    }
}

/// Prints a `document` that gives verdicts in `format`.
fn print_findings<D: Serialize>(
    document: &D,
    format: Format,
    table: impl FnOnce(&D, &Printer),
    sarif: impl FnOnce(&D) -> Log,
    out: &Printer,
) {
    match format {
        Format::Sarif => json(&sarif(document), out),
        _ => print(document, format, table, out),
    }
}

fn json(document: &impl Serialize, out: &Printer) {
    let text = serde_json::to_string_pretty(document).expect("documents have string keys only");
    out.data(&escape::json(&text));
}

/// Says which Collector was found where none was named.
fn announce(settings: &Settings, out: &Printer) {
    if let Some(main) = settings.main.as_ref().filter(|main| main.guessed) {
        out.note(&format!(
            "comparing with `{}`, which lies beside the plugins",
            escape::field(main.shown.as_str())
        ));
    }
}

fn stop_if_interrupted(context: &Context) -> Result<(), Interrupted> {
    if context.interrupt.is_raised() {
        Err(Interrupted::default())
    } else {
        Ok(())
    }
}
