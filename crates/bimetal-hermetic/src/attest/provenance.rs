//! Where a distribution comes from: an in-toto statement with SLSA provenance, version 1.
//!
//! In: a [`Subject`]. Out: JSON. Invariant: without times and without an id of the run, which the
//! format leaves optional: two builds from the same inputs make the same statement, so that it can
//! be compared and signed like the artifacts.

use bimetal_manifest::schema::{Dependency, Language};
use serde_json::{Value, json};

use bimetal_files::Digest;

use super::{ENVIRONMENT, Subject, dependencies, hex};

/// What the parameters mean.
const BUILD_TYPE: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/hermetic/v1");

/// The statement, unsigned.
///
/// # Panics
/// Never: texts are always JSON.
pub fn provenance(subject: &Subject<'_>) -> String {
    let artifacts: Vec<Value> = subject
        .artifacts
        .iter()
        .map(|artifact| json!({ "name": artifact.path, "digest": { "sha256": artifact.sha256 } }))
        .collect();
    let environment = subject.environment;
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": artifacts,
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {
                    "configuration": subject.configuration,
                    "source_date_epoch": subject.source_date_epoch,
                },
                "internalParameters": { "environment_hash": environment.hash() },
                "resolvedDependencies": resolved(subject),
            },
            "runDetails": {
                "builder": {
                    "id": concat!(env!("CARGO_PKG_REPOSITORY"), "/builder"),
                    "version": { "bimetal": environment.builder.version },
                    "builderDependencies": [{
                        "name": "bimetal",
                        "digest": { "sha256": subject.builder },
                    }],
                },
                "byproducts": [{
                    "name": ENVIRONMENT,
                    "digest": { "sha256": hex(&environment.hash()) },
                }],
            },
        },
    });
    let mut text = serde_json::to_string_pretty(&statement).expect("it has string keys only");
    text.push('\n');
    text
}

/// The digest of the builder that a statement names.
pub fn builder(text: &[u8]) -> Option<Digest> {
    let statement: Value = serde_json::from_slice(text).ok()?;
    statement
        .pointer("/predicate/runDetails/builder/builderDependencies/0/digest/sha256")?
        .as_str()?
        .parse()
        .ok()
}

/// The base images, the list of inputs, and what the artifacts are made of.
fn resolved(subject: &Subject<'_>) -> Vec<Value> {
    let images = subject
        .environment
        .base_images
        .iter()
        .map(|(name, digest)| json!({ "name": name, "digest": { "sha256": hex(digest) } }));
    let inputs = json!({ "name": "inputs.json", "digest": { "sha256": subject.inputs } });
    let used = dependencies(subject.artifacts);
    let used = used
        .iter()
        .map(|(url, (language, dependency))| one(url, *language, dependency));
    images.chain([inputs]).chain(used).collect()
}

/// Go's sum is over a list of files: the statement knows `dirHash` for it, in hexadecimal as all
/// its digests.
fn one(url: &str, language: Language, dependency: &Dependency) -> Value {
    let digest = match (language, hex(&dependency.hash)) {
        (Language::Rust, Some(hex)) => json!({ "sha256": hex }),
        _ => match dir_hash(&dependency.hash) {
            Some(hex) => json!({ "dirHash": hex }),
            None => json!({}),
        },
    };
    json!({
        "uri": url,
        "digest": digest,
        "annotations": { "source": dependency.source, "hash": dependency.hash },
    })
}

/// The digest in an `h1:` sum.
fn dir_hash(sum: &str) -> Option<String> {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(sum.strip_prefix("h1:")?)
        .ok()?;
    (bytes.len() == 32).then(|| bimetal_files::hex(&bytes))
}
