//! The `plugins` commands: `list`, `validate`, `inspect`, `check`.
//!
//! In: arguments after the word `plugins`, a [`Context`] that says which program asks, two writers.
//! Out: an [`ExitCode`]. Invariant: no code of a plugin runs in this process; `validate --load`
//! runs it in a child with a time limit.
#![forbid(unsafe_code)]

mod args;
mod child;
mod commands;
mod context;
mod document;
mod environment;
mod error;
mod exit_code;
mod inspection;
mod sarif;
mod schema;
mod settings;
mod summary;
mod text;
mod trial;

use std::ffi::OsString;

use bimetal_terminal::{Lookup, hint};

pub use args::{command, explain};
pub use bimetal_terminal::Printer;
pub use context::{Caller, Context, Interrupt};
pub use exit_code::ExitCode;
pub use schema::report_schema;
pub use text::directory as print_directory;

/// Where the hints of this crate's errors are, and of those that it hands on.
const HINTS: &[Lookup] = &[hint::of::<error::CommandError>, |error| {
    hint::among(error, bimetal_verify::HINTS)
}];

/// Runs one `plugins` command; `arguments` are those after the word `plugins`.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    context: &Context,
    out: &Printer,
) -> ExitCode {
    let code = match args::parse(arguments, context) {
        Ok(arguments) => commands::run(&arguments, context, out),
        Err(refusal) => args::explain(&refusal, out),
    };
    match out.finish() {
        Ok(()) => code,
        Err(source) => {
            let error = error::CommandError::Write { source };
            out.error(&error, HINTS);
            let _ = out.finish();
            code.max(ExitCode::Failure)
        }
    }
}
