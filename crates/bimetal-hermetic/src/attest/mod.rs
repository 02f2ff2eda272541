//! Texts about a finished distribution, for people and programs that do not trust its builder's
//! word.
//!
//! In: artifacts with digests and dependencies, the environment, what was asked for. Out:
//! `SHA256SUMS`, an SBOM, a provenance statement. Invariant: pure, and equal inputs give equal
//! texts: no clock, no random number, no place of this machine, no name of an engine.

mod provenance;
mod sbom;
mod sums;

use std::collections::BTreeMap;

use bimetal_files::Digest;
use bimetal_manifest::schema::{Dependency, Hermetic, Language};
use camino::Utf8PathBuf;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

pub use bimetal_builder::model::documents::{ENVIRONMENT, ENVIRONMENT_SUM, PROVENANCE, SBOM, SUMS};
pub use provenance::{builder, provenance};
pub use sbom::{SbomError, sbom};
pub use sums::{read_sums, sums};

/// What a package URL escapes; `/` separates the parts of a Go module's path.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/')
    .remove(b':');

/// One binary of a distribution.
#[derive(Clone, Debug)]
pub struct Artifact {
    /// Relative to the distribution.
    pub path: Utf8PathBuf,
    pub sha256: Digest,
    /// What it was made of, by the language it is written in.
    pub dependencies: Vec<(Language, Dependency)>,
}

/// The texts about one distribution.
#[derive(Debug)]
pub struct Subject<'a> {
    pub name: &'a str,
    pub version: &'a str,
    /// Main first.
    pub artifacts: &'a [Artifact],
    pub environment: &'a Hermetic,
    pub source_date_epoch: i64,
    /// What was asked for, as it was recorded.
    pub configuration: &'a Value,
    /// Of `inputs.json`, which has the digest of everything that was read.
    pub inputs: Digest,
    /// Of the program that built.
    pub builder: Digest,
}

/// The text of [`ENVIRONMENT_SUM`].
pub fn environment_sum(environment: &Hermetic) -> String {
    let digest = Digest::of(environment.to_text().as_bytes());
    sums(&BTreeMap::from([(ENVIRONMENT.into(), digest)]))
}

/// The package URL of a dependency; what came from no registry has one too, without a place where
/// it could be found.
fn package_url(language: Language, dependency: &Dependency) -> String {
    let kind = match language {
        Language::Go => "golang",
        Language::Rust => "cargo",
    };
    let (name, version) = (&dependency.name, &dependency.version);
    format!("pkg:{kind}/{}@{}", escaped(name), escaped(version))
}

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

/// Hexadecimal digits of `sha256:…`.
fn hex(hash: &str) -> Option<&str> {
    hash.strip_prefix("sha256:")
        .filter(|hex| hex.parse::<Digest>().is_ok())
}

/// Every dependency of the artifacts once, by its package URL.
fn dependencies(artifacts: &[Artifact]) -> BTreeMap<String, (Language, &Dependency)> {
    artifacts
        .iter()
        .flat_map(|artifact| &artifact.dependencies)
        .map(|(language, dependency)| (package_url(*language, dependency), (*language, dependency)))
        .collect()
}

#[cfg(test)]
mod tests;
