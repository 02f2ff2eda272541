//! `list` and `check`: the plugin directory.
//!
//! In: a directory. Out: every file with its status, and what is wrong with the files together.
//! Invariant: a bad file hides no good one.

use bimetal_verify::{FoundLock, verify_directory};

use super::{announce, print, print_findings, stop_if_interrupted};
use crate::args::DirectoryArgs;
use crate::context::Context;
use crate::document::{CHECK, DirectoryDocument, LIST, MainDocument};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::sarif;
use crate::settings::Settings;
use crate::text;
use bimetal_terminal::Printer;

pub(crate) fn list(
    arguments: &DirectoryArgs,
    context: &Context,
    out: &Printer,
) -> Result<ExitCode, CommandError> {
    let settings = Settings::new(&arguments.common, context, None)?;
    announce(&settings, out);
    let document = report(LIST, &settings, context)?;
    print(&document, arguments.common.format, text::list, out);
    Ok(ExitCode::Ok)
}

pub(crate) fn check(
    arguments: &DirectoryArgs,
    context: &Context,
    out: &Printer,
) -> Result<ExitCode, CommandError> {
    let settings = Settings::new(&arguments.common, context, None)?;
    settings.required_main()?;
    announce(&settings, out);
    let document = report(CHECK, &settings, context)?;
    let code = if document.ok {
        ExitCode::Ok
    } else {
        ExitCode::Incompatible
    };
    print_findings(
        &document,
        arguments.common.format,
        text::check,
        sarif::directory,
        out,
    );
    Ok(code)
}

fn report(
    schema: &'static str,
    settings: &Settings,
    context: &Context,
) -> Result<DirectoryDocument, CommandError> {
    let directory = settings.directory()?;
    let mut verdict = verify_directory(&directory, &settings.request(&FoundLock::Absent))?;
    stop_if_interrupted(context)?;
    for plugin in &mut verdict.plugins {
        settings.shorten(plugin);
    }
    Ok(DirectoryDocument {
        schema,
        ok: settings.main.is_some() && verdict.is_good(),
        main: settings.main.as_ref().map(MainDocument::new),
        policy: settings.policy,
        verdict,
    })
}
