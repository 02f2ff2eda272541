//! The command line.
//!
//! In: the words of the command line. Out: an exit code. Invariant: nothing is decided here but
//! which command runs.

use std::ffi::OsString;

use clap::Parser;
use clap::error::ErrorKind;

use crate::args::{Arguments, Command};
use crate::error::{StartError, exit_code, hint};
use crate::exit_code::ExitCode;
use crate::{build, completion, init, inside, plugins, rebuild};
use bimetal_terminal::Printer;

/// Does what `words` ask for; the first is the name of the program.
pub(crate) fn run(words: impl IntoIterator<Item = OsString>) -> ExitCode {
    let printer = Printer::of_process();
    let arguments = match Arguments::try_parse_from(words) {
        Ok(arguments) => arguments,
        Err(refusal) => return explain(&refusal, &printer),
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
        printer.error(error.as_error(), hint(&error).as_deref());
        exit_code(&error)
    })
}

/// Prints what clap has to say. Help that was asked for is data; a usage error ends with 1, because
/// 2 means something else here.
fn explain(refusal: &clap::Error, printer: &Printer) -> ExitCode {
    let text = refusal.render();
    if matches!(
        refusal.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        printer.help(text.ansi(), &text);
        return ExitCode::Ok;
    }
    printer.usage(text.ansi(), &text);
    ExitCode::Failure
}
