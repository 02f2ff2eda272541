//! What was decided about plugin files, as data.
//!
//! In: a file that was read, what is wrong with it. Out: [`Verdict`], [`DirectoryVerdict`]: the one
//! source of every report, table and log line. Invariant: a key that is here stays in the JSON with
//! its meaning; texts out of files are escaped where they are shown.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::error::Error;

use bimetal_files::Digest;
use bimetal_manifest::lock::LockStatus;
use bimetal_manifest::object::{Artifact, Form};
use bimetal_manifest::schema::{Distribution, Kind, Language, Manifest};
use bimetal_terminal::escape::field;
use bimetal_terminal::hint::{hint, texts};
use bimetal_terminal::{Lookup, escape};
use camino::Utf8PathBuf;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::compare::{Conflict, HELP, Mismatch, words};

pub(crate) const KEEP_ONE: &str = "keep one of them in the plugin directory";

/// Kind and type of a component.
pub type Key = (Kind, String);

/// One plugin file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Verdict {
    /// Name in the directory; for `validate` the path as it was given.
    pub file: String,
    /// The one word for the file.
    pub status: Status,
    /// Kind of the component.
    pub kind: Option<Kind>,
    /// Type of the component.
    #[serde(rename = "type")]
    pub type_name: Option<String>,
    /// Older names of the type, by which a configuration may name it too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Signal -> stability.
    pub signals: BTreeMap<String, String>,
    /// What the file is.
    pub form: Option<Form>,
    /// Language by the manifest.
    pub language: Option<Language>,
    /// Module or crate of the component, with its version.
    pub module: Option<String>,
    /// The distribution that it was built for.
    pub distribution: Option<Distribution>,
    /// Compiler version by the manifest.
    pub toolchain_version: Option<String>,
    /// Build profile by the manifest.
    pub build_profile: Option<String>,
    /// Target triple by the manifest.
    pub target: Option<String>,
    /// When it was built, by the manifest.
    pub build_time: Option<String>,
    /// Environment hash by the manifest; nothing if it does not come from a hermetic build.
    pub hermetic_environment: Option<String>,
    /// Module or crate -> hash, by the manifest.
    pub dependency_hashes: BTreeMap<String, String>,
    /// Length in bytes.
    pub size: Option<u64>,
    /// Digest of the whole file.
    pub sha256: Option<Digest>,
    /// Against `plugins.lock`; nothing without a usable one.
    pub lock: Option<LockStatus>,
    /// The file with the same bytes that is used in its place.
    pub copy_of: Option<String>,
    /// Why the file cannot be read or has no usable manifest.
    pub problem: Option<Problem>,
    /// Every difference that keeps it out of main.
    pub mismatches: Vec<Mismatch>,
    /// What its bytes do not tell.
    pub open_questions: Vec<String>,
}

/// A directory of plugin files.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct DirectoryVerdict {
    /// The plugin directory.
    #[schemars(with = "String")]
    pub directory: Utf8PathBuf,
    /// Who may write the directory, where main would not take that.
    pub mismatches: Vec<Mismatch>,
    /// The state of `plugins.lock`.
    pub lock: LockVerdict,
    /// Every plugin file, by name.
    pub plugins: Vec<Verdict>,
    /// Components that more than one good file brings.
    pub duplicates: Vec<Duplicate>,
    /// Plugins that fit main and not each other.
    pub conflicts: Vec<Conflict>,
    /// There are more such pairs, and they are not listed.
    pub more_conflicts: bool,
}

/// The state of `plugins.lock`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct LockVerdict {
    /// Whether the directory has the file.
    pub present: bool,
    /// Whether files that it does not list are refused.
    pub required: bool,
    /// Why it cannot be used. Then no plugin is taken.
    pub problem: Option<Problem>,
    /// Files that the lock lists and the directory does not have.
    pub missing: Vec<String>,
}

/// An error and the next action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Problem {
    /// The error with its causes.
    pub message: String,
    /// The next action.
    pub help: Option<String>,
}

/// One component in several files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Duplicate {
    /// Kind of the component.
    pub kind: Kind,
    /// Type of the component.
    #[serde(rename = "type")]
    pub type_name: String,
    /// The files, sorted.
    pub files: Vec<String>,
}

words! {
    /// The one word for a file.
    #[derive(Default)]
    pub enum Status {
        /// Main would load it.
        Ok = "ok",
        /// Main would load it, and no lock file vouches for its bytes although there is one.
        Unpinned = "unpinned",
        /// It holds the bytes of another file, which main would load in its place.
        Copy = "copy",
        /// It is a plugin; there was no main to compare it with.
        NotCompared = "not_compared",
        /// Its bytes do not tell.
        Undecidable = "undecidable",
        /// Main would not load it.
        Refused = "refused",
        /// Its bytes are not those that the lock file lists.
        Changed = "changed",
        /// It passed, and failed when it was loaded for a try.
        LoadFailed = "load_failed",
        /// It is not a plugin, or cannot be read.
        #[default]
        Unreadable = "unreadable",
    }
}

impl Status {
    /// Nothing speaks against loading it: main would take it.
    pub fn may_be_loaded(self) -> bool {
        matches!(self, Self::Ok | Self::Unpinned | Self::Undecidable)
    }

    /// Nothing is wrong with it: main would take it, or the file that it is a copy of.
    pub fn is_good(self) -> bool {
        self.may_be_loaded() || self == Self::Copy
    }
}

impl Verdict {
    /// A file of which nothing is known but its name.
    pub fn named(file: &str) -> Self {
        Self {
            file: file.to_owned(),
            ..Self::default()
        }
    }

    /// The file `file`, which is not taken whatever is in it.
    pub fn refused_for(file: &str, problem: Problem) -> Self {
        Self {
            problem: Some(problem),
            ..Self::named(file)
        }
    }

    /// Kind and type of the component, if the file says them.
    pub fn key(&self) -> Option<Key> {
        self.kind.zip(self.type_name.clone())
    }

    /// Every kind and type by which a configuration may name the component; its type comes first.
    pub fn keys(&self) -> impl Iterator<Item = Key> {
        let names = self.type_name.iter().chain(&self.aliases);
        names.filter_map(|name| Some((self.kind?, name.clone())))
    }

    /// Adds what the file says about itself.
    pub(crate) fn describe(&mut self, artifact: &Artifact) {
        self.form = Some(artifact.facts.form);
        self.size = Some(artifact.facts.size);
        let Some(manifest) = artifact.first_manifest() else {
            return;
        };
        self.language = Some(manifest.language);
        self.distribution.clone_from(&manifest.distribution);
        self.toolchain_version = Some(manifest.toolchain_version.clone());
        self.build_profile = Some(manifest.build_profile.clone());
        self.target = Some(manifest.target.clone());
        self.build_time = Some(manifest.build_time.clone());
        self.hermetic_environment = hermetic_environment(manifest);
        self.dependency_hashes
            .clone_from(&manifest.dependency_hashes);
        let Some(component) = &manifest.component else {
            return;
        };
        self.kind = Some(component.kind);
        self.type_name = Some(component.type_name.clone());
        self.aliases.clone_from(&component.aliases);
        self.signals.clone_from(&component.signals);
        self.module = Some(component.module.clone());
    }
}

impl DirectoryVerdict {
    /// Every file fits, alone and beside the others, and main takes what is in the directory.
    pub fn is_good(&self) -> bool {
        self.lock.problem.is_none()
            && self.mismatches.is_empty()
            && self.duplicates.is_empty()
            && self.conflicts.is_empty()
            && self.plugins.iter().all(|plugin| plugin.status.is_good())
    }
}

impl Problem {
    /// An error with its causes, in one line, and what `known` says to do about it.
    pub fn of(error: &(dyn Error + 'static), known: &[Lookup]) -> Self {
        Self {
            message: chain(error),
            help: hint(error, known).map(Cow::into_owned),
        }
    }

    /// A sentence and the next action.
    pub fn new(message: impl AsRef<str>, hint: &str) -> Self {
        Self {
            message: escape(message.as_ref()).into_owned(),
            help: Some(hint.to_owned()),
        }
    }

    /// What follows the message: a label and a text.
    pub fn details(&self) -> Vec<(&'static str, String)> {
        let help = self.help.as_deref();
        help.map(|help| (HELP, field(help).into_owned()))
            .into_iter()
            .collect()
    }
}

impl DirectoryVerdict {
    /// A file that is used -> the files with its bytes.
    pub fn copies(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for plugin in &self.plugins {
            if let Some(used) = &plugin.copy_of {
                found.entry(used).or_default().push(&plugin.file);
            }
        }
        found
    }
}

impl Duplicate {
    /// What is wrong with the files together.
    pub fn sentence(&self) -> String {
        let files: Vec<_> = self.files.iter().map(|file| field(file)).collect();
        let (kind, name) = (self.kind.as_str(), field(&self.type_name));
        format!("{kind} `{name}` is in {}", files.join(", "))
    }

    /// What follows the sentence: a label and a text.
    pub fn details(&self) -> Vec<(&'static str, String)> {
        vec![(HELP, KEEP_ONE.to_owned())]
    }
}

impl LockVerdict {
    /// A sentence for each file that is listed and absent.
    pub fn missing_sentences(&self) -> impl Iterator<Item = String> {
        let sentence = |file| {
            format!(
                "{} is in plugins.lock and not in the directory",
                field(file)
            )
        };
        self.missing.iter().map(move |file| sentence(file))
    }

    /// That a lock is required and there is none.
    pub fn absence(&self) -> Option<&'static str> {
        (self.required && !self.present)
            .then_some("no plugins.lock in the directory, and one is required")
    }
}

/// An error with its causes on one line.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    escape(&texts(error).join(": ")).into_owned()
}

/// The environment hash of a hermetic build, as its manifest has it.
pub fn hermetic_environment(manifest: &Manifest) -> Option<String> {
    manifest
        .hermetic
        .as_ref()
        .and(manifest.environment_hash.clone())
}
