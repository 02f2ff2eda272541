//! The command line: flags in, exit code out.

mod args;
mod build;
mod completion;
mod error;
mod exit_code;
mod failure;
mod hermetic;
mod init;
mod inside;
mod plugins;
mod rebuild;
mod steps;

use std::ffi::OsString;

use clap::Parser;
use clap::error::ErrorKind;

use args::{Arguments, Command};
use bimetal_terminal::Printer;
use error::CliError;
pub(crate) use exit_code::ExitCode;

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
                .map_err(CliError::Output)
        }
        Some(Command::Completion(completion)) => completion::run(completion.shell),
        Some(Command::Plugins(plugins)) => return plugins::run(plugins.words),
    };
    result.unwrap_or_else(|error| {
        printer.error(error.as_error(), error.hint().as_deref());
        error.exit_code()
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
