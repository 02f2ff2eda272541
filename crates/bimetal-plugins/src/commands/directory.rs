//! `list` and `check`: the plugin directory.
//!
//! In: a directory. Out: every file with its status, and what is wrong with the files together.
//! Invariant: a bad file hides no good one.

use bimetal_verify::{Catalog, Mismatch, ScanOptions};
use camino::Utf8Path;

use super::{announce, print, print_findings, stop_if_interrupted};
use crate::args::DirectoryArgs;
use crate::context::Context;
use crate::document::{CHECK, DirectoryDocument, LIST, LockDocument, MainDocument};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::judgement::{Judgement, judge};
use crate::locked::FoundLock;
use crate::sarif;
use crate::settings::Settings;
use crate::text;
use bimetal_terminal::Printer;
use bimetal_verify::rights::check_directory;

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
    let catalog = Catalog::scan_with(&directory, ScanOptions { digests: true })?;
    stop_if_interrupted(context)?;
    let lock = FoundLock::beside(&directory);
    let Judgement {
        plugins,
        duplicates,
        conflicts,
    } = judge(&catalog, settings, &lock);
    let mismatches = rights_of(&directory);
    let lock = LockDocument::new(&lock, settings.require_lock, &plugins);
    let ok = settings.main.is_some()
        && lock.problem.is_none()
        && mismatches.is_empty()
        && duplicates.is_empty()
        && conflicts.is_empty()
        && plugins.iter().all(|plugin| plugin.status.may_be_loaded());
    Ok(DirectoryDocument {
        schema,
        ok,
        main: settings.main.as_ref().map(MainDocument::new),
        directory,
        policy: settings.policy,
        lock,
        mismatches,
        plugins,
        duplicates,
        conflicts,
    })
}

fn rights_of(directory: &Utf8Path) -> Vec<Mismatch> {
    let error = check_directory(directory).err();
    error
        .map(|error| error.mismatch(directory.as_str()))
        .into_iter()
        .collect()
}
