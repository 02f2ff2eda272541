//! `bimetal plugins`: the same code as in a Collector, without starting one.
//!
//! In: the words after `plugins`. Out: what `bimetal-plugins` answers. Invariant: nothing is
//! decided here.

use std::ffi::OsString;

use bimetal_plugins::Context;
use bimetal_terminal::Printer;

use crate::exit_code::ExitCode;

pub(crate) fn run(words: Vec<OsString>) -> ExitCode {
    let context = Context::of_builder();
    let interrupt = context.interrupt.clone();
    // Without a handler an interrupt still ends the process, only less politely.
    let _ = ctrlc::set_handler(move || interrupt.raise());
    ExitCode::Plugins(bimetal_plugins::run(
        words,
        &context,
        &Printer::of_process(),
    ))
}
