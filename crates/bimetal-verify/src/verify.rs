//! Decides whether plugins may be loaded: the one rule of `plugins check`, of the start of main and
//! of the builder's gate.
//!
//! In: what plugins are verified against, files that were read. Out: a [`Verdict`] for each, and
//! what is wrong with them together. Invariant: pure; a refused file contributes nothing to the
//! others, and both files that bring one component are refused.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use bimetal_files::Digest;
use bimetal_manifest::Lock;
use bimetal_manifest::lock::LockStatus;
use bimetal_manifest::object::{Artifact, Form, PackageHashes};
use bimetal_terminal::escape;
use camino::Utf8Path;

use crate::HINTS;
use crate::compare::{
    self, Candidate, Check, Conflict, Conflicts, Mismatch, Outcome, Rules, conflicts, linked_in,
    open_questions,
};
use crate::file::{Digests, PluginFile};
use crate::lock::FoundLock;
use crate::process_set::ProcessSet;
use crate::rights::{RightsError, UnsafeDirectory};
use crate::scan::{Scan, ScanError};
use crate::trust::Trust;
use crate::verdict::{
    DirectoryVerdict, Duplicate, KEEP_ONE, Key, LockVerdict, Problem, Status, Verdict,
};

/// What plugins are verified against.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The program that would load them; without one nothing is compared.
    pub main: Option<&'a Artifact>,
    /// What main expects.
    pub rules: Rules<'a>,
    /// What `plugins.lock` says.
    pub lock: &'a FoundLock,
    /// A file that the lock does not list is refused.
    pub require_lock: bool,
    /// A digest that the lock pins may stand in for the modes of the file and of its directory.
    pub trust: &'a Trust,
    /// Why no file of the directory is taken, whatever is in it.
    pub directory: Option<&'a UnsafeDirectory>,
    /// Components that main has without a plugin, beside those that its manifest lists.
    pub linked_in: &'a BTreeSet<Key>,
}

/// What was decided about files together.
#[derive(Clone, Debug)]
pub struct Decision {
    /// One verdict for each file, in their order.
    pub plugins: Vec<Verdict>,
    /// Components that more than one good file brings.
    pub duplicates: Vec<Duplicate>,
    /// Plugins that fit main and not each other.
    pub conflicts: Vec<Conflict>,
    /// There are more such pairs.
    pub more_conflicts: bool,
}

/// Decides about `files`, which are loaded in this order if they pass. What `set` holds is loaded
/// already; those that pass are counted in.
pub fn verify(request: &Request<'_>, files: &[PluginFile], set: &mut ProcessSet) -> Decision {
    let mut plugins: Vec<_> = files.iter().map(|file| precheck(request, file)).collect();
    find_copies(&mut plugins);
    let Conflicts {
        pairs: conflicts,
        is_cut: more_conflicts,
    } = request
        .main
        .map(|main| pairs(main, files, &plugins))
        .unwrap_or_default();
    let duplicates = duplicates(&plugins);
    for (file, plugin) in files.iter().zip(&mut plugins) {
        let twice = duplicates
            .iter()
            .find(|twice| twice.files.contains(&plugin.file))
            .map(duplicate);
        plugin.mismatches.extend(twice);
        if let (Some(main), Ok(artifact)) = (request.main, &file.artifact)
            && plugin.mismatches.is_empty()
            && plugin.status.may_be_loaded()
        {
            let found = set.conflicts(main, &file.file, artifact, request.rules);
            plugin.mismatches.extend(found);
            if plugin.mismatches.is_empty() {
                set.count_in(&file.file, artifact);
            }
        }
        plugin.status = status(plugin, request);
    }
    Decision {
        plugins,
        duplicates,
        conflicts,
        more_conflicts,
    }
}

/// Of files with equal bytes the first one is used, and the others say so. They are no rivals:
/// whichever is loaded, the same code runs.
fn find_copies(plugins: &mut [Verdict]) {
    let mut first: BTreeMap<Digest, String> = BTreeMap::new();
    for plugin in plugins {
        let Some(digest) = plugin.sha256.filter(|_| counts(plugin)) else {
            continue;
        };
        match first.entry(digest) {
            Entry::Vacant(place) => {
                place.insert(plugin.file.clone());
            }
            Entry::Occupied(first) => {
                plugin.copy_of = Some(first.get().clone());
                plugin.status = Status::Copy;
            }
        }
    }
}

/// Decides about one file by itself.
pub fn precheck(request: &Request<'_>, file: &PluginFile) -> Verdict {
    let mut verdict = Verdict::named(&file.file);
    verdict.sha256 = file.sha256;
    verdict.lock = request.lock.status(&file.file, file.sha256.as_ref());
    match &file.artifact {
        Err(problem) => verdict.problem = Some(problem.clone()),
        Ok(artifact) => {
            verdict.describe(artifact);
            verdict.problem = problem_of(artifact);
            verdict.mismatches = mismatches(request, file, artifact);
            if let Some(main) = request.main {
                verdict.open_questions = open_questions(main, artifact, request.rules);
            }
        }
    }
    if verdict.problem.is_some() {
        // The problem says the same, and it is there also when nothing was compared.
        let repeats = |check| matches!(check, Check::Manifest | Check::Form | Check::Component);
        verdict
            .mismatches
            .retain(|mismatch| !repeats(mismatch.check));
    }
    verdict.status = status(&verdict, request);
    verdict
}

/// What a file of which [`PluginFile::outline`] read the manifest says about itself. Nothing if
/// that or what is around it speaks against it: read whole, it is refused with every reason.
pub fn outline(request: &Request<'_>, file: &PluginFile) -> Option<Verdict> {
    let artifact = file.artifact.as_ref().ok()?;
    let main = request.main?;
    if problem_of(artifact).is_some()
        || compare::is_unfit_by_manifest(main, artifact, request.rules)
        || !others(request, file, artifact).is_empty()
    {
        return None;
    }
    let mut verdict = Verdict::named(&file.file);
    verdict.describe(artifact);
    verdict.lock = request.lock.status(&file.file, None);
    verdict.status = status(&verdict, request);
    Some(verdict)
}

/// Scans `directory`, reads every file of it once, and decides about all of them as one set.
/// `request` says nothing about the directory and its lock.
pub fn verify_directory(
    directory: &Utf8Path,
    request: &Request<'_>,
) -> Result<DirectoryVerdict, ScanError> {
    let scan = Scan::of(directory)?;
    let files = PluginFile::read_all(&scan.entries, Digests::Taken);
    let unsafe_directory = UnsafeDirectory::of(directory);
    let lock = request.trust.lock_of(directory);
    let request = Request {
        lock: &lock,
        directory: unsafe_directory.as_ref(),
        ..request.clone()
    };
    let Decision {
        plugins,
        duplicates,
        conflicts,
        more_conflicts,
    } = verify(&request, &files, &mut ProcessSet::default());
    let listed = lock.usable().map(Lock::plugins).unwrap_or_default();
    let missing = listed
        .iter()
        .filter(|listed| scan.get(&listed.file).is_none())
        .map(|listed| listed.file.clone())
        .collect();
    Ok(DirectoryVerdict {
        directory: directory.to_owned(),
        mismatches: unsafe_directory
            .iter()
            // Where the lock decides, the files that it does not pin say it.
            .filter(|found| !(request.trust.is_of_a_lock() && found.error.is_about_modes()))
            .map(UnsafeDirectory::mismatch)
            .collect(),
        lock: LockVerdict {
            present: !matches!(lock, FoundLock::Absent),
            required: request.require_lock,
            problem: lock.problem().cloned(),
            missing,
        },
        plugins,
        duplicates,
        conflicts,
        more_conflicts,
    })
}

/// In the order of the steps: compare, rights, lock.
fn mismatches(request: &Request<'_>, file: &PluginFile, artifact: &Artifact) -> Vec<Mismatch> {
    let mut found = Vec::new();
    if let Some(main) = request.main {
        found = compare::compare(main, artifact, request.rules);
    }
    let is_taken = found.iter().any(|found| found.check == Check::Component);
    let others = others(request, file, artifact).into_iter();
    found.extend(others.filter(|found| !(is_taken && found.check == Check::Component)));
    found
}

/// What does not stand in the two files.
fn others(request: &Request<'_>, file: &PluginFile, artifact: &Artifact) -> Vec<Mismatch> {
    let mut found = Vec::new();
    if let Some(component) = artifact.component() {
        let taken = component.names().find(|name| {
            let key = (component.kind, (*name).to_owned());
            request.linked_in.contains(&key)
        });
        found.extend(taken.map(|name| linked_in(component, name, None)));
    }
    let vouched = request.trust.is_of_a_lock()
        && request.lock.status(&file.file, file.sha256.as_ref()) == Some(LockStatus::Pinned);
    let counts = |error: &RightsError| !(vouched && error.is_about_modes());
    let rights = file.rights.as_ref().filter(|error| counts(error));
    found.extend(rights.map(|error| error.mismatch(&file.file)));
    let directory = request.directory.filter(|found| counts(&found.error));
    found.extend(directory.map(UnsafeDirectory::mismatch));
    found.extend(request.lock.mismatch(file, request.require_lock));
    found
}

/// Why a file that could be read is not a plugin, whatever main is.
fn problem_of(artifact: &Artifact) -> Option<Problem> {
    if let Err(error) = &artifact.manifests {
        return Some(Problem::of(error, HINTS));
    }
    let form = artifact.facts.form;
    if !matches!(form, Form::GoPlugin | Form::RustPlugin) {
        return Some(Problem::new(
            format!(
                "it is not a plugin but a file of the form `{}`",
                form.as_str()
            ),
            "keep only plugins in the plugin directory",
        ));
    }
    artifact.component().is_none().then(|| {
        Problem::new(
            "its manifest names no component",
            "build the plugin with `bimetal`, which records kind and type",
        )
    })
}

fn status(verdict: &Verdict, request: &Request<'_>) -> Status {
    if verdict.problem.is_some() {
        Status::Unreadable
    } else if verdict.lock == Some(LockStatus::Changed) {
        Status::Changed
    } else if !verdict.mismatches.is_empty() {
        Status::Refused
    } else if verdict.copy_of.is_some() {
        Status::Copy
    } else if request.main.is_none() {
        Status::NotCompared
    } else if !verdict.open_questions.is_empty() {
        Status::Undecidable
    } else if verdict.lock == Some(LockStatus::Unpinned) {
        Status::Unpinned
    } else {
        Status::Ok
    }
}

/// What one would not load anyway brings nothing.
fn counts(plugin: &Verdict) -> bool {
    plugin.status.may_be_loaded() || plugin.status == Status::NotCompared
}

fn pairs(main: &Artifact, files: &[PluginFile], plugins: &[Verdict]) -> Conflicts {
    let candidates: Vec<_> = files
        .iter()
        .zip(plugins)
        .filter(|(_, plugin)| counts(plugin))
        .filter_map(|(file, _)| Candidate::of(&file.file, file.artifact.as_ref().ok()?))
        .collect();
    let none = PackageHashes::new();
    let go = main.facts.go.as_ref();
    conflicts(go.map_or(&none, |go| &go.package_hashes), &candidates)
}

fn duplicates(plugins: &[Verdict]) -> Vec<Duplicate> {
    let mut owners: BTreeMap<Key, Vec<String>> = BTreeMap::new();
    for plugin in plugins.iter().filter(|plugin| counts(plugin)) {
        for key in plugin.keys() {
            owners.entry(key).or_default().push(plugin.file.clone());
        }
    }
    let mut said = BTreeSet::new();
    owners
        .into_iter()
        // Files that share a type and its older name are stated once.
        .filter(|(_, files)| files.len() > 1 && said.insert(files.clone()))
        .map(|((kind, type_name), files)| Duplicate {
            kind,
            type_name,
            files,
        })
        .collect()
}

fn duplicate(twice: &Duplicate) -> Mismatch {
    let files: Vec<_> = twice
        .files
        .iter()
        .map(|file| format!("`{}`", escape(file)))
        .collect();
    let subject = format!("{} {}", twice.kind.as_str(), twice.type_name);
    Mismatch::new(Outcome::Refused, Check::Component, &subject)
        .on_load(format!(
            "{} {} bring the same component, and a configuration could mean either",
            files.join(" and "),
            if files.len() == 2 { "both" } else { "all" }
        ))
        .help(KEEP_ONE)
}
