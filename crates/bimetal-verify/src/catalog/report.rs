//! What `plugins list` and `plugins check` have to say, as data.
//!
//! In: nothing. Out: [`Report`], stable as JSON. Invariant: texts are escaped when they are made.

use schemars::JsonSchema;
use serde::Serialize;

use crate::compare::{Conflict, Mismatch};
use bimetal_files::Digest;
use bimetal_manifest::lock::LockStatus;
use bimetal_manifest::object::Form;
use bimetal_manifest::schema::{Kind, Language};

/// A directory of plugins against one main.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The directory.
    pub directory: String,
    /// Every plugin file, sorted by name.
    pub plugins: Vec<PluginReport>,
    /// Components that more than one file brings.
    pub duplicates: Vec<Duplicate>,
    /// Plugins that fit main but not each other.
    pub conflicts: Vec<Conflict>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PluginReport {
    /// Name in the directory.
    pub file: String,
    /// Length in bytes.
    pub size: Option<u64>,
    /// Digest, where it was taken.
    pub sha256: Option<Digest>,
    /// What the file is.
    pub form: Option<Form>,
    /// Language by the manifest.
    pub language: Option<Language>,
    /// Kind of the component.
    pub kind: Option<Kind>,
    /// Type of the component.
    #[serde(rename = "type")]
    pub type_name: Option<String>,
    /// Module or crate with its version.
    pub module: Option<String>,
    /// Compiler version by the manifest.
    pub toolchain_version: Option<String>,
    /// Against `plugins.lock`; nothing without one.
    pub lock: Option<LockStatus>,
    /// The result.
    pub verdict: Verdict,
    /// Why the file could not be read or has no manifest.
    pub problem: Option<Problem>,
    /// Why it does not fit main.
    pub mismatches: Vec<Mismatch>,
    /// What its bytes do not tell.
    pub open_questions: Vec<String>,
}

/// What is known about a plugin from its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It fits.
    Accepted,
    /// It does not.
    Refused,
    /// The bytes do not tell, or could not be read.
    Undecidable,
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

impl Report {
    /// Every file fits, alone and beside the others.
    pub fn is_clean(&self) -> bool {
        self.duplicates.is_empty()
            && self.conflicts.is_empty()
            && self
                .plugins
                .iter()
                .all(|plugin| plugin.verdict == Verdict::Accepted)
    }
}

impl Verdict {
    /// The word for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Undecidable => "undecidable",
        }
    }
}
