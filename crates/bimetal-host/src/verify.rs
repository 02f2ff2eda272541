//! Decides from bytes whether a plugin may be loaded.
//!
//! In: main, a file of the directory, what is loaded already. Out: [`VerifiedPlugin`], or a
//! [`Refusal`] with every reason. Invariant: the judged bytes are the copy that will be loaded.
//! Nobody else can make a `VerifiedPlugin`, and nothing loads without one.

use bimetal_files::Digest;
use bimetal_manifest::lock::LockStatus;
use bimetal_manifest::schema::{Component, Kind, Language};
use bimetal_manifest::{Artifact, Lock};
use bimetal_terminal::escape;
use bimetal_verify::{Rules, compare};
use camino::Utf8Path;

use crate::cache::Cache;
use crate::copy::{Copy, Opened};
use crate::discover::Stamp;
use crate::own::Own;
use crate::process_set::ProcessSet;
use crate::refusal::{Refusal, chain};
use bimetal_verify::catalog::Problem;

/// A plugin whose bytes fit, and those bytes. Made by [`verify`] only; used up by loading.
#[derive(Debug)]
pub(crate) struct VerifiedPlugin {
    file: String,
    component: Component,
    language: Language,
    toolchain_version: String,
    copy: Copy,
}

/// What plugins are judged by.
#[derive(Debug)]
pub(crate) struct Judge<'a> {
    /// The program that would load them.
    pub(crate) own: &'a Own,
    /// How much must be equal.
    pub(crate) rules: Rules<'a>,
    /// `plugins.lock`, if there is one, or why it cannot be used.
    pub(crate) lock: &'a Result<Option<Lock>, Problem>,
    /// `--plugins-require-lock`.
    pub(crate) require_lock: bool,
    /// Where private copies go.
    pub(crate) cache: &'a Cache,
}

impl VerifiedPlugin {
    /// Name of the file in the plugin directory.
    pub(crate) fn file(&self) -> &str {
        &self.file
    }

    /// Kind of its component.
    pub(crate) fn kind(&self) -> Kind {
        self.component.kind
    }

    /// Type of its component.
    pub(crate) fn type_name(&self) -> &str {
        &self.component.type_name
    }

    /// Its component, as its manifest describes it.
    pub(crate) fn component(&self) -> &Component {
        &self.component
    }

    /// Its language.
    pub(crate) fn language(&self) -> Language {
        self.language
    }

    /// The compiler that made it.
    pub(crate) fn toolchain_version(&self) -> &str {
        &self.toolchain_version
    }

    /// Digest of the bytes that are loaded.
    pub(crate) fn digest(&self) -> &Digest {
        &self.copy.digest
    }

    /// What the loader opens.
    pub(crate) fn path(&self) -> &Utf8Path {
        &self.copy.path
    }
}

/// Takes the bytes of the file at `path` and judges them. `stamp` is what the file was like at
/// start, where that matters; a plugin that passes is counted into `set`.
pub(crate) fn verify(
    judge: &Judge<'_>,
    path: &Utf8Path,
    stamp: Option<Stamp>,
    set: &mut ProcessSet,
) -> Result<VerifiedPlugin, Refusal> {
    let file = path.file_name().unwrap_or(path.as_str());
    let unknown = || Refusal::new(file, None);
    let opened =
        Opened::open(path).map_err(|error| unknown().because(chain(&error), error.hint()))?;
    if stamp.is_some_and(|stamp| stamp != opened.stamp) {
        return Err(unknown().because(
            "the file is not the one that was there when the Collector started",
            Some(RESTART),
        ));
    }
    // Decides only how the bytes are copied; the copy is read again.
    let peeked = Artifact::read(opened.peek())
        .map_err(|error| unknown().because(chain(&error), error.hint()))?;
    let is_rust = peeked
        .first_manifest()
        .is_some_and(|manifest| manifest.language == Language::Rust);
    drop(peeked);
    let copied = if is_rust {
        opened.into_memory(judge.cache)
    } else {
        opened.into_private(judge.cache)
    };
    let copy = copied.map_err(|error| unknown().because(chain(&error), error.hint()))?;
    judge_copy(judge, file, copy, is_rust, set)
}

/// Judges without copying: what a report or a placeholder is made from, and nothing is loaded from.
pub(crate) fn glance(
    own: &Own,
    rules: Rules<'_>,
    path: &Utf8Path,
) -> Result<(Component, Language), Refusal> {
    let file = path.file_name().unwrap_or(path.as_str());
    let opened = Opened::open(path)
        .map_err(|error| Refusal::new(file, None).because(chain(&error), error.hint()))?;
    let artifact = Artifact::read(opened.peek())
        .map_err(|error| Refusal::new(file, None).because(chain(&error), error.hint()))?;
    let mut refusal = Refusal::of(file, &artifact);
    refusal.mismatches = compare(&own.artifact, &artifact, rules);
    finish(&artifact, refusal)
}

fn judge_copy(
    judge: &Judge<'_>,
    file: &str,
    copy: Copy,
    is_rust: bool,
    set: &mut ProcessSet,
) -> Result<VerifiedPlugin, Refusal> {
    let artifact = Artifact::read(&copy.file)
        .map_err(|error| Refusal::new(file, None).because(chain(&error), error.hint()))?;
    let mut refusal = Refusal::of(file, &artifact);
    refusal.mismatches = compare(&judge.own.artifact, &artifact, judge.rules);
    refusal.mismatches.extend(set.without(file).conflicts(
        &judge.own.artifact,
        file,
        &artifact,
        judge.rules,
    ));
    refusal
        .problems
        .extend(against_lock(judge, file, &copy.digest));
    let (component, language) = finish(&artifact, refusal)?;
    if is_rust != (language == Language::Rust) {
        return Err(Refusal::new(file, Some(&component))
            .because("the file changed while it was read", Some(RESTART)));
    }
    set.count_in(file, &artifact);
    let toolchain_version = artifact
        .first_manifest()
        .map(|manifest| manifest.toolchain_version.clone())
        .unwrap_or_default();
    Ok(VerifiedPlugin {
        file: file.to_owned(),
        component,
        language,
        toolchain_version,
        copy,
    })
}

/// Nothing against it, and a component to load; or the refusal.
fn finish(artifact: &Artifact, mut refusal: Refusal) -> Result<(Component, Language), Refusal> {
    let identity = artifact
        .first_manifest()
        .and_then(|manifest| Some((manifest.component.clone()?, manifest.language)));
    if let Err(error) = &artifact.manifests
        && refusal.mismatches.is_empty()
    {
        refusal = refusal.because(chain(error), error.hint());
    }
    match identity {
        Some(identity) if refusal.problems.is_empty() && refusal.mismatches.is_empty() => {
            Ok(identity)
        }
        None if refusal.problems.is_empty() && refusal.mismatches.is_empty() => Err(refusal
            .because(
                "its manifest names no component",
                Some("build it again with `bimetal`"),
            )),
        _ => Err(refusal),
    }
}

fn against_lock(judge: &Judge<'_>, file: &str, digest: &Digest) -> Option<Problem> {
    let problem = |message: String, hint: &str| {
        Some(Problem {
            message,
            help: Some(hint.to_owned()),
        })
    };
    let lock = match judge.lock {
        Ok(Some(lock)) => lock,
        Ok(None) if judge.require_lock => {
            let hint = "take the lock from the build that made the plugins, or leave `--plugins-require-lock` out";
            return problem(
                "`plugins.lock` is required, and the plugin directory has none".to_owned(),
                hint,
            );
        }
        Ok(None) => return None,
        Err(error) => return Some(error.clone()),
    };
    match lock.status(file, digest) {
        LockStatus::Pinned => None,
        LockStatus::Unpinned if !judge.require_lock => None,
        LockStatus::Unpinned => {
            let hint = "build it together with the Collector, which writes the lock, or leave `--plugins-require-lock` out";
            problem(
                "`plugins.lock` does not list it, and `--plugins-require-lock` is on".to_owned(),
                hint,
            )
        }
        LockStatus::Changed => {
            let expected = lock
                .get(file)
                .map(|entry| entry.sha256.to_string())
                .unwrap_or_default();
            let message = format!(
                "`plugins.lock` lists `{}` with sha256 {expected}, the file has {digest}",
                escape(file)
            );
            problem(
                message,
                "take the file again from where it was built, or find out who changed it",
            )
        }
    }
}

const RESTART: &str =
    "restart needed: a running Collector keeps to the plugin directory as it was at its start";
