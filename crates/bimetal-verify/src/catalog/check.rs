//! Judges every file of a catalog.
//!
//! In: a [`Catalog`], main. Out: a [`Report`]. Invariant: every file is judged alone against main;
//! what only concerns several files together stands in lists of its own.

use std::collections::BTreeMap;

use super::report::{Duplicate, PluginReport, Report, Verdict};
use super::scan::{Catalog, CatalogEntry};
use crate::compare::{
    Candidate, Check, Mismatch, Outcome, Rules, compare, conflicts, open_questions,
};
use bimetal_manifest::lock::{Lock, LockStatus};
use bimetal_manifest::object::{Artifact, PackageHashes};
use bimetal_manifest::schema::Kind;
use bimetal_terminal::escape;

/// What files are judged by beside main.
#[derive(Clone, Copy, Debug, Default)]
pub struct CheckOptions<'a> {
    /// What main expects.
    pub rules: Rules<'a>,
    /// `plugins.lock`, if there is one.
    pub lock: Option<&'a Lock>,
    /// A file that the lock does not list is refused.
    pub require_lock: bool,
}

impl Catalog {
    /// Each file alone against `main`, then duplicates and pairs that conflict among the files that
    /// are not refused.
    pub fn check(&self, main: &Artifact, options: CheckOptions<'_>) -> Report {
        let plugins: Vec<_> = self
            .entries
            .iter()
            .map(|entry| judge(entry, main, options))
            .collect();
        let usable: Vec<_> = self
            .entries
            .iter()
            .zip(&plugins)
            .filter(|(_, report)| report.verdict != Verdict::Refused)
            .filter_map(|(entry, _)| {
                entry
                    .artifact
                    .as_ref()
                    .ok()
                    .map(|artifact| (entry.file.as_str(), artifact))
            })
            .collect();
        let candidates: Vec<_> = usable
            .iter()
            .filter_map(|(file, artifact)| Candidate::of(file, artifact))
            .collect();
        let none = PackageHashes::new();
        let hashes = main
            .facts
            .go
            .as_ref()
            .map_or(&none, |go| &go.package_hashes);
        Report {
            directory: escape(self.directory.as_str()).into_owned(),
            plugins,
            duplicates: duplicates(&usable),
            conflicts: conflicts(hashes, &candidates),
        }
    }

    /// What each file is, compared with nothing: no file is better than undecidable.
    pub fn describe(&self, lock: Option<&Lock>) -> Report {
        let plugins = self
            .entries
            .iter()
            .map(|entry| describe(entry, lock))
            .collect();
        let readable: Vec<_> = self
            .entries
            .iter()
            .filter_map(|entry| {
                entry
                    .artifact
                    .as_ref()
                    .ok()
                    .map(|artifact| (entry.file.as_str(), artifact))
            })
            .collect();
        Report {
            directory: escape(self.directory.as_str()).into_owned(),
            plugins,
            duplicates: duplicates(&readable),
            conflicts: Vec::new(),
        }
    }
}

fn judge(entry: &CatalogEntry, main: &Artifact, options: CheckOptions<'_>) -> PluginReport {
    let mut report = describe(entry, options.lock);
    if let Ok(artifact) = &entry.artifact {
        report.mismatches = compare(main, artifact, options.rules);
        report.open_questions = open_questions(main, artifact, options.rules);
        report
            .mismatches
            .extend(lock_mismatch(entry, report.lock, options));
        report.verdict = if !report.mismatches.is_empty() {
            Verdict::Refused
        } else if !report.open_questions.is_empty() {
            Verdict::Undecidable
        } else {
            Verdict::Accepted
        };
    }
    report
}

fn describe(entry: &CatalogEntry, lock: Option<&Lock>) -> PluginReport {
    let artifact = entry.artifact.as_ref().ok();
    let manifest = artifact.and_then(Artifact::first_manifest);
    let component = manifest.and_then(|manifest| manifest.component.as_ref());
    let safe = |text: &String| escape(text).into_owned();
    let verdict = match &entry.artifact {
        Err(error) if !error.is_io() => Verdict::Refused,
        Ok(artifact) if artifact.manifests.is_err() => Verdict::Refused,
        _ => Verdict::Undecidable,
    };
    PluginReport {
        file: safe(&entry.file),
        size: artifact.map(|artifact| artifact.facts.size),
        sha256: entry.sha256,
        form: artifact.map(|artifact| artifact.facts.form),
        language: manifest.map(|manifest| manifest.language),
        kind: component.map(|component| component.kind),
        type_name: component.map(|component| safe(&component.type_name)),
        module: component.map(|component| safe(&component.module)),
        toolchain_version: manifest.map(|manifest| safe(&manifest.toolchain_version)),
        lock: lock.and_then(|lock| status(lock, entry)),
        verdict,
        problem: entry.problem(),
        mismatches: Vec::new(),
        open_questions: Vec::new(),
    }
}

/// Without a digest only a file that is not listed has a status.
fn status(lock: &Lock, entry: &CatalogEntry) -> Option<LockStatus> {
    match &entry.sha256 {
        Some(digest) => Some(lock.status(&entry.file, digest)),
        None => lock
            .get(&entry.file)
            .is_none()
            .then_some(LockStatus::Unpinned),
    }
}

fn lock_mismatch(
    entry: &CatalogEntry,
    status: Option<LockStatus>,
    options: CheckOptions<'_>,
) -> Option<Mismatch> {
    let status = match (status, options.lock) {
        (None, None) if options.require_lock => LockStatus::Unpinned,
        (status, _) => status?,
    };
    let digest = entry.sha256.map(|digest| digest.to_string());
    let mismatch = match status {
        LockStatus::Pinned => return None,
        LockStatus::Unpinned if !options.require_lock => return None,
        LockStatus::Unpinned => Mismatch::new(Outcome::Refused, Check::Lock, "not listed")
            .on_load("nobody vouches for its bytes, and a lock is required")
            .help("add it to `plugins.lock` by building it with `bimetal`"),
        LockStatus::Changed => Mismatch::new(Outcome::Refused, Check::Lock, "changed")
            .values(
                options
                    .lock
                    .and_then(|lock| lock.get(&entry.file))
                    .map(|locked| locked.sha256.to_string())
                    .as_deref(),
                digest.as_deref(),
            )
            .on_load("its bytes are not those that were verified when the lock was written")
            .help("copy the file again from where it was built, or find out who changed it"),
    };
    Some(mismatch)
}

fn duplicates(artifacts: &[(&str, &Artifact)]) -> Vec<Duplicate> {
    let mut owners: BTreeMap<(Kind, &str), Vec<String>> = BTreeMap::new();
    for (file, artifact) in artifacts {
        if let Some(component) = artifact.component() {
            let key = (component.kind, component.type_name.as_str());
            owners
                .entry(key)
                .or_default()
                .push(escape(file).into_owned());
        }
    }
    owners
        .into_iter()
        .filter(|(_, files)| files.len() > 1)
        .map(|((kind, type_name), files)| Duplicate {
            kind,
            type_name: escape(type_name).into_owned(),
            files,
        })
        .collect()
}
