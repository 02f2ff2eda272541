//! Takes the bytes of plugins and lets the verifier decide about them.
//!
//! In: files of the directory, what they are verified against. Out: [`VerifiedPlugin`]s, and a
//! [`Verdict`] with every reason for the others. Invariant: the verified bytes are the copy that
//! will be loaded. Nothing else can make a `VerifiedPlugin`, and nothing loads without one.

use bimetal_manifest::lock::LockStatus;
use bimetal_manifest::schema::{Kind, Language};
use bimetal_verify::{Digests, Key, PluginFile, Problem, ProcessSet, Request, Trust, Verdict};
use camino::Utf8Path;

use crate::HINTS;
use crate::cache::Cache;
use crate::copy::{Copy, CopyError, Opened, Vouched};
use crate::index::Candidate;

/// A plugin whose bytes fit, and those bytes. Made by [`verify`] only; used up by loading.
#[derive(Debug)]
pub(crate) struct VerifiedPlugin {
    verdict: Verdict,
    key: Key,
    language: Language,
    copy: Copy,
}

impl VerifiedPlugin {
    /// Name of the file in the plugin directory.
    pub(crate) fn file(&self) -> &str {
        &self.verdict.file
    }

    /// Kind of its component.
    pub(crate) fn kind(&self) -> Kind {
        self.key.0
    }

    /// Type of its component.
    pub(crate) fn type_name(&self) -> &str {
        &self.key.1
    }

    /// Its language.
    pub(crate) fn language(&self) -> Language {
        self.language
    }

    /// What was decided about it.
    pub(crate) fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// What the loader opens.
    pub(crate) fn path(&self) -> &Utf8Path {
        &self.copy.path
    }
}

/// Takes the bytes of `candidates` and decides about them as one set beside `set`, in this order;
/// plugins that pass are counted into it.
pub(crate) fn verify(
    request: &Request<'_>,
    candidates: &[&Candidate],
    cache: &Cache,
    set: &mut ProcessSet,
) -> Vec<Result<VerifiedPlugin, Box<Verdict>>> {
    let captured = candidates
        .iter()
        .map(|candidate| capture(candidate, request.trust, cache));
    let (files, copies): (Vec<_>, Vec<_>) = captured.unzip();
    let decision = bimetal_verify::verify(request, &files, set);
    decision
        .plugins
        .into_iter()
        .zip(copies)
        .map(|(verdict, copy)| passed(verdict, copy))
        .collect()
}

fn passed(verdict: Verdict, copy: Option<Copy>) -> Result<VerifiedPlugin, Box<Verdict>> {
    if !verdict.status.may_be_loaded() {
        return Err(Box::new(verdict));
    }
    match (verdict.key(), verdict.language, copy) {
        (Some(key), Some(language), Some(copy)) => Ok(VerifiedPlugin {
            verdict,
            key,
            language,
            copy,
        }),
        // It was refused at start and fits now: what it was then counts.
        _ => Err(Box::new(Verdict::refused_for(
            &verdict.file,
            CopyError::replaced(),
        ))),
    }
}

/// Reads a file for one decision. What can be loaded is copied first, and the copy is read; of a
/// file that is refused by itself there is no copy.
fn capture(candidate: &Candidate, trust: &Trust, cache: &Cache) -> (PluginFile, Option<Copy>) {
    let Candidate {
        entry, verified, ..
    } = candidate;
    let precheck = candidate.verdict();
    let is_pinned = trust.is_of_a_lock() && precheck.lock == Some(LockStatus::Pinned);
    let vouched = if is_pinned || verified.is_some() {
        Vouched::ByDigest
    } else {
        Vouched::No
    };
    let unreadable = |problem| {
        let file = PluginFile::unreadable(entry.file.clone(), problem);
        (file, None)
    };
    let Some(path) = entry.path.as_ref().filter(|_| candidate.is_good()) else {
        let file = PluginFile::read(entry, Digests::Taken);
        if file.stamp.is_some() && file.stamp != entry.stamp {
            return unreadable(CopyError::replaced());
        }
        return (file, None);
    };
    let copied = Opened::open(path, vouched).and_then(|opened| {
        if Some(opened.stamp) != entry.stamp {
            return Err(CopyError::Replaced);
        }
        match precheck.language {
            Some(Language::Rust) => opened.into_memory(cache),
            _ => opened.into_private(cache),
        }
    });
    let copied = copied.and_then(|copy| match verified {
        Some(verified) if *verified != copy.digest => Err(CopyError::NotTheVerified {
            verified: *verified,
            found: copy.digest,
        }),
        _ => Ok(copy),
    });
    let copy = match copied {
        Ok(copy) => copy,
        Err(error) => return unreadable(Problem::of(&error, HINTS)),
    };
    let file = PluginFile::of_copy(&entry.file, &copy.file, copy.digest);
    let artifact = file.artifact.as_ref().ok();
    let language = artifact.and_then(|artifact| Some(artifact.first_manifest()?.language));
    if language != precheck.language {
        return unreadable(CopyError::replaced());
    }
    (file, Some(copy))
}
