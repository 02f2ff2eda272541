//! The command line.
//!
//! In: the words of the command line. Out: an exit code. Invariant: nothing is decided here but
//! which command runs.

use std::ffi::OsString;

use clap::Parser;

use crate::args::{Arguments, Command};
use crate::error::{HINTS, StartError, exit_code};
use crate::exit_code::ExitCode;
use crate::{build, completion, init, inside, plugins, rebuild};
use bimetal_terminal::Printer;

/// Does what `words` ask for; the first is the name of the program.
pub(crate) fn run(words: impl IntoIterator<Item = OsString>) -> ExitCode {
    let printer = Printer::of_process();
    let arguments = match Arguments::try_parse_from(words) {
        Ok(arguments) => arguments,
        Err(refusal) => return ExitCode::Plugins(bimetal_plugins::explain(&refusal, &printer)),
    };
    let result = match arguments.command {
        None => build::run(&arguments.build, &printer),
        Some(Command::Rebuild(rebuild)) => rebuild::run(&rebuild, &printer),
        Some(Command::HermeticInside(inside)) => inside::run(&inside.root, &printer),
        Some(Command::Init(init)) => init::run(&init, &printer),
        Some(Command::Version) => {
            let version = concat!("bimetal version ", env!("CARGO_PKG_VERSION"));
            printer
                .text(version)
                .map(|()| ExitCode::Ok)
                .map_err(|source| StartError::Output(source).into())
        }
        Some(Command::Completion(completion)) => completion::run(completion.shell),
        Some(Command::Plugins(plugins)) => return plugins::run(plugins.words),
    };
    result.unwrap_or_else(|error| {
        printer.error(error.as_error(), HINTS);
        exit_code(&error)
    })
}
