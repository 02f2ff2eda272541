//! `validate`: single plugins against main.
//!
//! In: files. Out: every difference of each, and what became of loading it. Invariant: a plugin
//! that did not pass is not loaded.

use std::collections::BTreeSet;

use bimetal_verify::{Digests, Entry, PluginFile, Status, precheck};
use camino::{Utf8Path, Utf8PathBuf};

use super::{announce, print_findings, stop_if_interrupted};
use crate::args::ValidateArgs;
use crate::child::{self, ChildError, Passed};
use crate::context::Context;
use crate::document::{MainDocument, PluginDocument, Together, VALIDATE, ValidateDocument};
use crate::error::CommandError;
use crate::exit_code::ExitCode;
use crate::sarif;
use crate::settings::Settings;
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
    if arguments.load && main.guessed {
        return Err(CommandError::GuessedMain {
            path: main.shown.clone(),
        });
    }
    announce(&settings, out);
    let program = child::Main {
        executable: &main.executable,
        shown: &main.shown,
    };
    let load =
        |files: &[&Passed]| child::load(program, files, arguments.timeout, &context.interrupt);
    let mut plugins = Vec::with_capacity(arguments.files.len());
    let mut loaded = Vec::new();
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
            let passed = passed(&mut document, file)?;
            loaded.extend(match passed {
                Some(passed) if !arguments.loaded.contains(file) => {
                    try_alone(&mut document, passed, load)?
                }
                other => other,
            });
        }
        plugins.push(document);
    }
    let together = together(loaded, load)?;
    let is_bad = together
        .as_ref()
        .is_some_and(|found| found.failed.is_some());
    let code = plugins
        .iter()
        .map(|plugin| exit_code(plugin.verdict.status))
        .chain(is_bad.then_some(ExitCode::Incompatible))
        .max()
        .unwrap_or(ExitCode::Ok);
    let document = ValidateDocument {
        schema: VALIDATE,
        ok: code == ExitCode::Ok,
        main: MainDocument::new(main),
        policy: settings.policy,
        plugins,
        together,
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

/// The plugin, if it passed and may be loaded.
fn passed(plugin: &mut PluginDocument, file: &Utf8Path) -> Result<Option<Passed>, CommandError> {
    let passed = plugin.verdict.status.may_be_loaded();
    let Some(sha256) = plugin.verdict.sha256.filter(|_| passed) else {
        plugin.load = Some(LoadReport::not_tried());
        return Ok(None);
    };
    let path = camino::absolute_utf8(file).map_err(|source| CommandError::Absolute {
        path: file.to_owned(),
        source,
    })?;
    Ok(Some(Passed {
        path,
        sha256,
        form: plugin.verdict.form,
    }))
}

/// Loads a plugin by itself; gives it back if that worked.
fn try_alone(
    plugin: &mut PluginDocument,
    verified: Passed,
    load: impl Fn(&[&Passed]) -> Result<LoadReport, ChildError>,
) -> Result<Option<Passed>, CommandError> {
    let report = load(&[&verified])?;
    let is_loaded = report.outcome == LoadOutcome::Loaded;
    if !is_loaded {
        plugin.verdict.status = Status::LoadFailed;
    }
    plugin.load = Some(report);
    Ok(is_loaded.then_some(verified))
}

/// Loads all that load alone in one process, in the order of a start. Bytes cannot tell what code
/// registers; where it fails, each earlier file is tried alone with the one that failed.
fn together(
    mut files: Vec<Passed>,
    load: impl Fn(&[&Passed]) -> Result<LoadReport, ChildError>,
) -> Result<Option<Together>, CommandError> {
    files.sort_by(|one, other| one.path.file_name().cmp(&other.path.file_name()));
    let mut seen = BTreeSet::new();
    // Of equal bytes a start loads one.
    files.retain(|file| seen.insert(file.sha256));
    if files.len() < 2 {
        return Ok(None);
    }
    let files: Vec<_> = files.iter().collect();
    let report = load(&files)?;
    let is_bad = |report: &LoadReport| report.outcome != LoadOutcome::Loaded;
    let at = files.get(report.at).filter(|_| is_bad(&report));
    let mut with = None;
    for earlier in &files[..at.map_or(0, |_| report.at)] {
        let pair = load(&[earlier, files[report.at]])?;
        if is_bad(&pair) && pair.at == 1 {
            with = Some(earlier.path.to_string());
            break;
        }
    }
    Ok(Some(Together {
        files: files.iter().map(|file| file.path.to_string()).collect(),
        failed: at.map(|file| file.path.to_string()),
        with,
        load: report,
    }))
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
