//! `validate`: single plugins against main.
//!
//! In: files. Out: every difference of each, and what became of loading it. Invariant: a plugin
//! that did not pass is not loaded.

use bimetal_verify::{Digests, Entry, PluginFile, Status, precheck};
use camino::{Utf8Path, Utf8PathBuf};

use super::{announce, print_findings, stop_if_interrupted};
use crate::args::ValidateArgs;
use crate::child;
use crate::context::Context;
use crate::document::{MainDocument, PluginDocument, VALIDATE, ValidateDocument};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::sarif;
use crate::settings::{MainProgram, Settings};
use crate::text;
use crate::trial::{LoadOutcome, LoadReport};
use bimetal_terminal::Printer;

pub(crate) fn run(
    arguments: &ValidateArgs,
    context: &Context,
    out: &Printer,
) -> Result<ExitCode, CommandError> {
    let beside = arguments.files.first().map(|file| directory_of(file));
    let settings = Settings::new(&arguments.common, context, beside.as_deref())?;
    let main = settings.required_main()?;
    announce(&settings, out);
    let mut plugins = Vec::with_capacity(arguments.files.len());
    for file in &arguments.files {
        stop_if_interrupted(context)?;
        let lock = settings.trust.lock_of(&directory_of(file));
        let read = PluginFile::read(&Entry::at(file), Digests::Taken);
        let mut verdict = precheck(&settings.request(&lock), &read);
        verdict.file = file.to_string();
        settings.shorten(&mut verdict);
        let mut document = PluginDocument {
            verdict,
            load: None,
        };
        if arguments.load {
            load(&mut document, file, main, arguments, context)?;
        }
        plugins.push(document);
    }
    let code = plugins
        .iter()
        .map(|plugin| exit_code(plugin.verdict.status))
        .max()
        .unwrap_or(ExitCode::Ok);
    let document = ValidateDocument {
        schema: VALIDATE,
        ok: code == ExitCode::Ok,
        main: MainDocument::new(main),
        policy: settings.policy,
        plugins,
    };
    print_findings(
        &document,
        arguments.common.format,
        text::validate,
        sarif::validate,
        out,
    );
    Ok(code)
}

fn load(
    plugin: &mut PluginDocument,
    file: &Utf8Path,
    main: &MainProgram,
    arguments: &ValidateArgs,
    context: &Context,
) -> Result<(), CommandError> {
    if !plugin.verdict.status.may_be_loaded() {
        plugin.load = Some(LoadReport::not_tried());
        return Ok(());
    }
    let absolute = camino::absolute_utf8(file).map_err(|source| CommandError::Absolute {
        path: file.to_owned(),
        source,
    })?;
    let program = child::Main {
        executable: &main.executable,
        shown: &main.shown,
    };
    let report = child::load(
        program,
        &absolute,
        plugin.verdict.form,
        arguments.timeout,
        &context.interrupt,
    )?;
    if report.outcome != LoadOutcome::Loaded {
        plugin.verdict.status = Status::LoadFailed;
    }
    plugin.load = Some(report);
    Ok(())
}

fn exit_code(status: Status) -> ExitCode {
    match status {
        Status::Unreadable => ExitCode::Unreadable,
        status if status.may_be_loaded() => ExitCode::Ok,
        _ => ExitCode::Incompatible,
    }
}

fn directory_of(file: &Utf8Path) -> Utf8PathBuf {
    match file.parent() {
        Some(directory) if !directory.as_str().is_empty() => directory.to_owned(),
        _ => Utf8PathBuf::from("."),
    }
}
