//! The reports as data: what `--format json` prints, and what the tables are made from.
//!
//! In: artifacts, mismatches, verdicts. Out: documents. Invariant: a document's `schema` changes
//! when a key is removed or changes its meaning; new keys may come at any time. `docs/reference/reports.md`
//! describes every key.

use std::collections::BTreeMap;

use bimetal_files::Digest;
use bimetal_manifest::lock::{Lock, LockStatus};
use bimetal_manifest::object::{Artifact, ExportedSymbols, Facts, Form};
use bimetal_manifest::schema::{Distribution, Kind, Language, Manifest, Policy};
use bimetal_verify::catalog::{Duplicate, Problem};
use bimetal_verify::compare::{Conflict, Mismatch};
use camino::Utf8PathBuf;
use schemars::JsonSchema;
use serde::Serialize;

use crate::environment;
use crate::locked::FoundLock;
use crate::settings::MainProgram;
use crate::trial::LoadReport;

pub(crate) const LIST: &str = "bimetal-plugins-list/1";
pub(crate) const CHECK: &str = "bimetal-plugins-check/1";
pub(crate) const VALIDATE: &str = "bimetal-plugins-validate/1";
pub(crate) const INSPECT: &str = "bimetal-plugins-inspect/1";

/// `list` and `check`: a directory.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct DirectoryDocument {
    /// Name and version of the document.
    pub(crate) schema: &'static str,
    /// Whether nothing is wrong.
    pub(crate) ok: bool,
    /// The Collector that the files were compared with, if one is known.
    pub(crate) main: Option<MainDocument>,
    /// The plugin directory.
    #[schemars(with = "String")]
    pub(crate) directory: Utf8PathBuf,
    /// Who may write the directory, where main would not take that.
    pub(crate) mismatches: Vec<Mismatch>,
    /// How much of a Rust plugin must equal main.
    pub(crate) policy: Policy,
    /// The state of `plugins.lock`.
    pub(crate) lock: LockDocument,
    /// Every plugin file, by name.
    pub(crate) plugins: Vec<PluginDocument>,
    /// Components that more than one good file brings.
    pub(crate) duplicates: Vec<Duplicate>,
    /// Plugins that fit main and not each other.
    pub(crate) conflicts: Vec<Conflict>,
}

/// `validate`: single files.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ValidateDocument {
    /// Name and version of the document.
    pub(crate) schema: &'static str,
    /// Whether nothing is wrong.
    pub(crate) ok: bool,
    /// The Collector that the files were compared with.
    pub(crate) main: MainDocument,
    /// How much of a Rust plugin must equal main.
    pub(crate) policy: Policy,
    /// Every file, in the order of the command line.
    pub(crate) plugins: Vec<PluginDocument>,
}

/// `inspect`: single files, nothing compared.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct InspectDocument {
    /// Name and version of the document.
    pub(crate) schema: &'static str,
    /// Whether nothing is wrong.
    pub(crate) ok: bool,
    /// Every file, in the order of the command line.
    pub(crate) files: Vec<InspectedFile>,
}

/// One inspected file.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct InspectedFile {
    /// The path as it was given.
    pub(crate) file: String,
    /// Digest of the whole file.
    pub(crate) sha256: Option<Digest>,
    /// Why the file cannot be read or is neither a plugin nor a Collector.
    pub(crate) problem: Option<Problem>,
    /// What the object format says.
    pub(crate) facts: Option<Facts>,
    /// What the builder wrote: one manifest in a plugin, one for each language in main.
    pub(crate) manifests: Vec<Manifest>,
    /// What it exports.
    pub(crate) symbols: Option<ExportedSymbols>,
}

/// The Collector that was compared with.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct MainDocument {
    /// Where it lies.
    #[schemars(with = "String")]
    pub(crate) file: Utf8PathBuf,
    /// What the Collector calls itself.
    pub(crate) distribution: Option<Distribution>,
    /// Target triple.
    pub(crate) target: Option<String>,
    /// Language -> compiler version.
    pub(crate) toolchain_versions: BTreeMap<&'static str, String>,
    /// Environment hash; nothing if it does not come from a hermetic build.
    pub(crate) hermetic_environment: Option<String>,
}

/// The state of `plugins.lock`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct LockDocument {
    /// Whether the directory has the file.
    pub(crate) present: bool,
    /// Whether files that it does not list are refused.
    pub(crate) required: bool,
    /// Why it cannot be used. Then no plugin is taken.
    pub(crate) problem: Option<Problem>,
    /// Files that the lock lists and the directory does not have.
    pub(crate) missing: Vec<String>,
}

/// One plugin file.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PluginDocument {
    /// Name in the directory; for `validate` the path as it was given.
    pub(crate) file: String,
    /// The one word for the file.
    pub(crate) status: Status,
    /// Kind of the component.
    pub(crate) kind: Option<Kind>,
    /// Type of the component.
    #[serde(rename = "type")]
    pub(crate) type_name: Option<String>,
    /// Signal -> stability.
    pub(crate) signals: BTreeMap<String, String>,
    /// What the file is.
    pub(crate) form: Option<Form>,
    /// Language by the manifest.
    pub(crate) language: Option<Language>,
    /// Module or crate of the component, with its version.
    pub(crate) module: Option<String>,
    /// The distribution that it was built for.
    pub(crate) distribution: Option<Distribution>,
    /// Compiler version by the manifest.
    pub(crate) toolchain_version: Option<String>,
    /// Build profile by the manifest.
    pub(crate) build_profile: Option<String>,
    /// Target triple by the manifest.
    pub(crate) target: Option<String>,
    /// When it was built, by the manifest.
    pub(crate) build_time: Option<String>,
    /// Environment hash by the manifest; nothing if it does not come from a hermetic build.
    pub(crate) hermetic_environment: Option<String>,
    /// Module or crate -> hash, by the manifest.
    pub(crate) dependency_hashes: BTreeMap<String, String>,
    /// Length in bytes.
    pub(crate) size: Option<u64>,
    /// Digest of the whole file.
    pub(crate) sha256: Option<Digest>,
    /// Against `plugins.lock`; nothing without a usable one.
    pub(crate) lock: Option<LockStatus>,
    /// Why the file cannot be read or has no usable manifest.
    pub(crate) problem: Option<Problem>,
    /// Every difference that keeps it out of main.
    pub(crate) mismatches: Vec<Mismatch>,
    /// What its bytes do not tell.
    pub(crate) open_questions: Vec<String>,
    /// Only after `validate --load`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) load: Option<LoadReport>,
}

/// The one word for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// Main would load it.
    Ok,
    /// Main would load it, and no lock file vouches for its bytes although there is one.
    Unpinned,
    /// It is a plugin; there was no main to compare it with.
    NotCompared,
    /// Its bytes do not tell.
    Undecidable,
    /// Main would not load it.
    Refused,
    /// Its bytes are not those that the lock file lists.
    Changed,
    /// It passed, and failed when it was loaded for a try.
    LoadFailed,
    /// It is not a plugin, or cannot be read.
    Unreadable,
}

impl Status {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unpinned => "unpinned",
            Self::NotCompared => "not compared",
            Self::Undecidable => "undecidable",
            Self::Refused => "refused",
            Self::Changed => "changed",
            Self::LoadFailed => "load failed",
            Self::Unreadable => "unreadable",
        }
    }

    /// Nothing speaks against loading it: main would take it.
    pub(crate) fn may_be_loaded(self) -> bool {
        matches!(self, Self::Ok | Self::Unpinned | Self::Undecidable)
    }
}

impl MainDocument {
    pub(crate) fn new(main: &MainProgram) -> Self {
        let parts = main
            .artifact
            .manifests
            .as_ref()
            .map(|manifests| manifests.parts.as_slice())
            .unwrap_or_default();
        Self {
            file: main.shown.clone(),
            distribution: main
                .manifest()
                .and_then(|manifest| manifest.distribution.clone()),
            target: main.manifest().map(|manifest| manifest.target.clone()),
            toolchain_versions: parts
                .iter()
                .map(|part| (part.language.as_str(), part.toolchain_version.clone()))
                .collect(),
            hermetic_environment: main.manifest().and_then(environment::hash_of),
        }
    }
}

impl LockDocument {
    pub(crate) fn new(lock: &FoundLock, required: bool, plugins: &[PluginDocument]) -> Self {
        let listed = lock.usable().map(Lock::plugins).unwrap_or_default();
        let missing = listed
            .iter()
            .map(|plugin| plugin.file.clone())
            .filter(|file| !plugins.iter().any(|plugin| plugin.file == *file))
            .collect();
        Self {
            present: !matches!(lock, FoundLock::Absent),
            required,
            problem: lock.problem().cloned(),
            missing,
        }
    }
}

impl PluginDocument {
    /// A file of which nothing is known but its name.
    pub(crate) fn named(file: String) -> Self {
        Self {
            file,
            status: Status::Unreadable,
            kind: None,
            type_name: None,
            signals: BTreeMap::new(),
            form: None,
            language: None,
            module: None,
            distribution: None,
            toolchain_version: None,
            build_profile: None,
            target: None,
            build_time: None,
            hermetic_environment: None,
            dependency_hashes: BTreeMap::new(),
            size: None,
            sha256: None,
            lock: None,
            problem: None,
            mismatches: Vec::new(),
            open_questions: Vec::new(),
            load: None,
        }
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
        self.hermetic_environment = environment::hash_of(manifest);
        self.dependency_hashes
            .clone_from(&manifest.dependency_hashes);
        let Some(component) = &manifest.component else {
            return;
        };
        self.kind = Some(component.kind);
        self.type_name = Some(component.type_name.clone());
        self.signals.clone_from(&component.signals);
        self.module = Some(component.module.clone());
    }
}
