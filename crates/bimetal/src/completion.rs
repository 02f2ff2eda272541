//! `bimetal completion`: a script for a shell, with the `plugins` commands in it.
//!
//! In: the name of a shell. Out: its completion script on standard output. Invariant: made from the
//! same flags that are parsed.

use std::io::{self, Write};

use bimetal_plugins::Context;
use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Arguments;
use crate::error::StartError;
use crate::exit_code::ExitCode;
use bimetal_builder::pipeline::PipelineError;

pub(crate) fn run(shell: Shell) -> Result<ExitCode, PipelineError> {
    let plugins = bimetal_plugins::command(&Context::of_builder()).visible_alias("plugin");
    let mut command = Arguments::command().mut_subcommand("plugins", |_| plugins);
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "bimetal", &mut script);
    match io::stdout().write_all(&script) {
        Err(source) if source.kind() != io::ErrorKind::BrokenPipe => {
            Err(StartError::Output(source).into())
        }
        _ => Ok(ExitCode::Ok),
    }
}
