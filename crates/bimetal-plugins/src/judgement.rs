//! What is said about each file of a catalog.
//!
//! In: a [`Catalog`], main if there is one, the lock beside the files. Out: a [`Judgement`]: one
//! document for each file, and what is wrong with them together. Invariant: decides nothing that
//! the catalog decides; adds who may write a file, and the one word for it.

use bimetal_files::Digest;
use bimetal_manifest::lock::LockStatus;
use bimetal_manifest::object::{self, Artifact, Form, ReadError};
use bimetal_verify::Catalog;
use bimetal_verify::catalog::{CatalogEntry, CheckOptions, Duplicate, PluginReport, Problem};
use bimetal_verify::compare::{Check, Conflict};
use camino::Utf8Path;

use crate::document::{PluginDocument, Status};
use crate::locked::FoundLock;
use crate::settings::Settings;
use bimetal_verify::rights::{RightsError, check_file};

/// What is said about the files of a catalog.
#[derive(Debug)]
pub(crate) struct Judgement {
    pub(crate) plugins: Vec<PluginDocument>,
    pub(crate) duplicates: Vec<Duplicate>,
    pub(crate) conflicts: Vec<Conflict>,
}

/// Judges every file of `catalog`; without main nothing is compared.
pub(crate) fn judge(catalog: &Catalog, settings: &Settings, lock: &FoundLock) -> Judgement {
    let options = CheckOptions {
        rules: settings.rules(),
        lock: lock.usable(),
        // Nothing is listed in a lock that cannot be used, and that is said once, in its own words.
        require_lock: settings.require_lock && lock.problem().is_none(),
    };
    let report = match &settings.main {
        Some(main) => catalog.check(&main.artifact, options),
        None => catalog.describe(lock.usable()),
    };
    let files = catalog.entries.iter().zip(report.plugins);
    let plugins: Vec<_> = files
        .map(|(entry, report)| document(catalog, entry, report, settings, lock))
        .collect();
    // A refused file contributes nothing, and the catalog does not know every reason to refuse one.
    let counts = |file: &String| {
        plugins.iter().any(|plugin| {
            plugin.file == *file
                && (plugin.status.may_be_loaded() || plugin.status == Status::NotCompared)
        })
    };
    let mut duplicates = report.duplicates;
    for duplicate in &mut duplicates {
        duplicate.files.retain(counts);
    }
    duplicates.retain(|duplicate| duplicate.files.len() > 1);
    let mut conflicts = report.conflicts;
    conflicts.retain(|conflict| conflict.files.iter().all(counts));
    Judgement {
        plugins,
        duplicates,
        conflicts,
    }
}

/// Reads one file, wherever it is, as the only file of a catalog.
pub(crate) fn catalog_of_one(path: &Utf8Path) -> Catalog {
    let name = path.file_name().unwrap_or(path.as_str()).to_owned();
    let directory = path.parent().map(Utf8Path::to_owned).unwrap_or_default();
    let mut sha = None;
    let artifact = object::open_plugin(path).and_then(|(file, artifact)| {
        sha = Some(Digest::of_file(&file).map_err(|source| ReadError::Io { source })?);
        Ok(artifact)
    });
    Catalog {
        directory,
        entries: vec![CatalogEntry {
            file: name,
            sha256: sha,
            artifact,
        }],
    }
}

fn document(
    catalog: &Catalog,
    entry: &CatalogEntry,
    report: PluginReport,
    settings: &Settings,
    lock: &FoundLock,
) -> PluginDocument {
    let is_compared = settings.main.is_some();
    let mut document = PluginDocument::named(entry.file.clone());
    document.sha256 = report.sha256;
    document.lock = report.lock;
    document.problem = report.problem;
    document.open_questions = report.open_questions;
    document.mismatches = report.mismatches;
    let rights = rights_of(&catalog.directory.join(&entry.file));
    match (&entry.artifact, rights) {
        (Ok(artifact), rights) => {
            document.describe(artifact);
            document.problem = document.problem.or_else(|| not_a_plugin(artifact));
            let mismatch = rights.map(|error| error.mismatch(&entry.file));
            document.mismatches.extend(mismatch);
            document.mismatches.extend(lock.mismatch());
        }
        // Where a link leads to is none of main's business, also if it leads nowhere.
        (Err(_), Some(error @ RightsError::Link { .. })) => {
            document.problem = Some(Problem::of(&error, error.hint()));
        }
        (Err(_), _) => {}
    }
    if document.problem.is_some() {
        // The problem says the same, and it is there also when nothing was compared.
        let repeats = |what| matches!(what, Check::Manifest | Check::Form | Check::Component);
        document
            .mismatches
            .retain(|mismatch| !repeats(mismatch.check));
    }
    for mismatch in &mut document.mismatches {
        mismatch.shorten(settings.names_limit);
    }
    document.status = status(&document, is_compared);
    document
}

/// What cannot be looked at is left to its reader.
fn rights_of(path: &Utf8Path) -> Option<RightsError> {
    let metadata = fs_err::symlink_metadata(path).ok()?;
    check_file(path, &metadata).err()
}

fn not_a_plugin(artifact: &Artifact) -> Option<Problem> {
    let form = artifact.facts.form;
    if matches!(form, Form::GoPlugin | Form::RustPlugin) {
        return None;
    }
    let message = format!(
        "it is not a plugin but a file of the form `{}`",
        form.as_str()
    );
    Some(Problem {
        message,
        help: Some("keep only plugins in the plugin directory".to_owned()),
    })
}

fn status(document: &PluginDocument, is_compared: bool) -> Status {
    if document.problem.is_some() {
        Status::Unreadable
    } else if document.lock == Some(LockStatus::Changed) {
        Status::Changed
    } else if !document.mismatches.is_empty() {
        Status::Refused
    } else if !is_compared {
        Status::NotCompared
    } else if !document.open_questions.is_empty() {
        Status::Undecidable
    } else if document.lock == Some(LockStatus::Unpinned) {
        Status::Unpinned
    } else {
        Status::Ok
    }
}
