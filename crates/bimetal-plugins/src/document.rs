//! The reports as data: what `--format json` prints, and what the tables are made from.
//!
//! In: artifacts, mismatches, verdicts. Out: documents. Invariant: a document's `schema` changes
//! when a key is removed or changes its meaning; new keys may come at any time.
//! `docs/reference/reports.md` describes every key.

use std::collections::BTreeMap;

use bimetal_files::Digest;
use bimetal_manifest::object::{ExportedSymbols, Facts};
use bimetal_manifest::schema::{Distribution, Manifest, Policy};
use bimetal_terminal::escape::field;
use bimetal_verify::{DirectoryVerdict, Problem, Verdict, hermetic_environment};
use camino::Utf8PathBuf;
use schemars::JsonSchema;
use serde::Serialize;

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
    /// How much of a Rust plugin must equal main.
    pub(crate) policy: Policy,
    /// What was decided.
    #[serde(flatten)]
    pub(crate) verdict: DirectoryVerdict,
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
    /// Only after `validate --load` of several files: those that load alone, in one process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) together: Option<Together>,
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

/// One file of `validate`.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PluginDocument {
    /// What was decided.
    #[serde(flatten)]
    pub(crate) verdict: Verdict,
    /// Only after `validate --load`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) load: Option<LoadReport>,
}

/// Several files in one process.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Together {
    /// The files, in the order of a start.
    pub(crate) files: Vec<String>,
    /// The one that could not be loaded beside the earlier ones.
    pub(crate) failed: Option<String>,
    /// The earlier one that it does not live in one process with, if one is enough.
    pub(crate) with: Option<String>,
    /// What became of loading them.
    pub(crate) load: LoadReport,
}

impl Together {
    /// One sentence for a person.
    pub(crate) fn sentence(&self) -> String {
        let file = |file: &Option<String>| field(file.as_deref().unwrap_or_default()).into_owned();
        let registry = self.load.registry.as_deref();
        let registry = registry.map_or_else(String::new, |name| {
            format!(": both want the same name in {name}, which the process has once")
        });
        match (&self.failed, &self.with) {
            (None, _) => format!("{} plugins load in one process", self.files.len()),
            (Some(_), Some(_)) => format!(
                "{} does not live in one process with {}{registry}",
                file(&self.failed),
                file(&self.with)
            ),
            (Some(_), None) => format!(
                "{} does not load beside the files before it, although it does beside \
                 each{registry}",
                file(&self.failed)
            ),
        }
    }
}

impl MainDocument {
    pub(crate) fn new(main: &MainProgram) -> Self {
        Self {
            file: main.shown.clone(),
            distribution: main
                .manifest()
                .and_then(|manifest| manifest.distribution.clone()),
            target: main.manifest().map(|manifest| manifest.target.clone()),
            toolchain_versions: main
                .artifact
                .parts()
                .iter()
                .map(|part| (part.language.as_str(), part.toolchain_version.clone()))
                .collect(),
            hermetic_environment: main.manifest().and_then(hermetic_environment),
        }
    }
}
