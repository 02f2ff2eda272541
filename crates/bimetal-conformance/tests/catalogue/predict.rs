//! What the bytes say about a load.
//!
//! In: files. Out: [`Predicted`]. Invariant: nothing is run; the files are those that are loaded
//! afterwards.

use std::collections::BTreeSet;

use bimetal_manifest::object::GlibcVersion;
use bimetal_manifest::schema::Policy;
use bimetal_manifest::{Artifact, object};
use bimetal_verify::compare::Candidate;
use bimetal_verify::compare::{Check, Mismatch, Outcome, conflicts, predict};
use bimetal_verify::{
    Digests, Entry, FoundLock, PluginFile, Request, Rules, Status, System, Trust, compare, precheck,
};
use camino::Utf8Path;

use crate::row::Predicted;
use crate::tools::glibc;

/// `plugin` alone beside `main`, under main's own policy.
pub(crate) fn alone(main: &Utf8Path, plugin: &Utf8Path) -> Predicted {
    under(main, plugin, None)
}

/// `plugin` alone beside `main`, under a policy that is stricter than main's.
pub(crate) fn under(main: &Utf8Path, plugin: &Utf8Path, policy: Option<Policy>) -> Predicted {
    outcome(main, plugin, policy, &FoundLock::Absent)
}

/// `plugin` beside `main`, with a lock file.
pub(crate) fn locked(main: &Utf8Path, plugin: &Utf8Path, lock: &FoundLock) -> Predicted {
    outcome(main, plugin, None, lock)
}

fn outcome(
    main: &Utf8Path,
    plugin: &Utf8Path,
    policy: Option<Policy>,
    lock: &FoundLock,
) -> Predicted {
    let main = read(main);
    let system = System::of_this_machine(&main, true);
    let rules = Rules {
        glibc: GlibcVersion::parse(&glibc()),
        system: Some(&system),
        ..Rules::of(&main, policy)
    };
    let file = PluginFile::read(&Entry::at(plugin), Digests::Taken);
    let request = Request {
        main: Some(&main),
        rules,
        lock,
        require_lock: false,
        trust: &Trust::Rights,
        directory: None,
        linked_in: &BTreeSet::new(),
    };
    let verdict = precheck(&request, &file);
    let found = match &file.artifact {
        Err(problem) => return Predicted::Unreadable(problem.message.clone()),
        // Of a file that is not a plugin the verdict has the reason once, as its problem.
        Ok(artifact) if lock.usable().is_none() => compare(&main, artifact, rules),
        Ok(_) => verdict.mismatches.clone(),
    };
    match verdict.status {
        Status::Ok | Status::Unpinned => Predicted::Accepted,
        Status::Undecidable => Predicted::Undecidable,
        _ => first(&found),
    }
}

/// The last of `plugins`, opened in this order; those before it are loaded unless they are refused
/// themselves.
pub(crate) fn last(main: &Utf8Path, plugins: &[&Utf8Path]) -> Predicted {
    let main = read(main);
    let artifacts: Vec<_> = plugins
        .iter()
        .map(|plugin| (plugin, read(plugin)))
        .collect();
    let candidates: Vec<_> = artifacts
        .iter()
        .map(|(path, artifact)| Candidate::of(path.as_str(), artifact).unwrap())
        .collect();
    let hashes = &main.facts.go.as_ref().unwrap().package_hashes;
    let predictions = predict(hashes, &[], &candidates);
    let prediction = predictions.last().unwrap();
    // A check of the directory without knowing which files are used must see the pair.
    let alone: Vec<_> = artifacts
        .iter()
        .zip(&candidates)
        .filter(|((_, artifact), _)| compare(&main, artifact, Rules::of(&main, None)).is_empty())
        .map(|(_, candidate)| *candidate)
        .collect();
    let in_conflict = conflicts(hashes, &alone)
        .pairs
        .iter()
        .any(|conflict| conflict.files.contains(&prediction.file));
    assert_eq!(in_conflict, !prediction.is_accepted());
    if prediction.is_accepted() {
        Predicted::Accepted
    } else {
        first(&prediction.mismatches)
    }
}

/// Nothing in the bytes is against it, and what decides is code that runs while it is loaded.
pub(crate) fn beyond_bytes(found: Predicted) -> Predicted {
    match found {
        Predicted::Accepted => Predicted::Undecidable,
        other => other,
    }
}

fn read(path: &Utf8Path) -> Artifact {
    object::open(path).unwrap().1
}

/// Of several mismatches the one that shows first when the file is loaded: the loader maps it,
/// libraries and symbols are bound, the Go runtime takes it in, package hashes are compared, the
/// factory is looked up, code runs. Within one of these steps the strongest class counts. A rule of
/// main's stands where the loader would meet the same thing.
fn first(mismatches: &[Mismatch]) -> Predicted {
    let found = mismatches
        .iter()
        .min_by_key(|mismatch| (step(mismatch), std::cmp::Reverse(mismatch.outcome)))
        .unwrap();
    let subject = Utf8Path::new(&found.subject);
    let name = match (found.check, subject.parent(), subject.file_name()) {
        // Of a place on this machine the last directory tells enough.
        (Check::PluginSet, Some(directory), Some(name)) => {
            format!("{}/{name}", directory.file_name().unwrap_or_default())
        }
        _ => found.subject.clone(),
    };
    let reason = format!("{} {name}", found.check.as_str());
    Predicted::Refused(found.outcome, reason)
}

/// When a mismatch shows.
fn step(mismatch: &Mismatch) -> u8 {
    match (mismatch.check, mismatch.outcome) {
        (Check::File | Check::Target, _) => 0,
        // Code and data that do not fit together show only when all the rest has gone well.
        (_, Outcome::WouldRunWrongCode) => 5,
        (Check::Libc | Check::NeededLibrary | Check::UndefinedSymbol | Check::ThreadLocals, _) => 1,
        (
            Check::Form
            | Check::Toolchain
            | Check::DeniedToolchain
            | Check::ManifestContradictsBinary,
            Outcome::WouldAbort,
        ) => 2,
        (Check::Factory | Check::Abi | Check::AbiFeature | Check::Component, _) => 4,
        _ => 3,
    }
}
