//! The software bill of materials, in `CycloneDX` 1.5.
//!
//! In: a [`Subject`]. Out: JSON. Invariant: only what is known is said: an `h1:` sum is no digest
//! of a file and stands among the properties, and nothing has an unread licence.

use std::collections::BTreeSet;

use bimetal_files::Digest;
use bimetal_manifest::schema::{Dependency, Language};
use cyclonedx_bom::external_models::uri::Purl;
use cyclonedx_bom::models::bom::{Bom, SpecVersion, UrnUuid};
use cyclonedx_bom::models::component::{Classification, Component, Components};
use cyclonedx_bom::models::dependency::{Dependencies, Dependency as Edge};
use cyclonedx_bom::models::hash::{Hash, HashAlgorithm, HashValue, Hashes};
use cyclonedx_bom::models::metadata::Metadata;
use cyclonedx_bom::models::property::{Properties, Property};

use super::{Artifact, Subject, dependencies, escaped, hex, package_url};

#[derive(Debug, thiserror::Error)]
pub enum SbomError {
    #[error("cannot write the bill of materials: {reason}")]
    Write { reason: String },
}

/// The distribution, its artifacts, what they are made of, and what made them.
pub fn sbom(subject: &Subject<'_>) -> Result<String, SbomError> {
    let root = format!("{}@{}", subject.name, subject.version);
    let mut components = Vec::new();
    for artifact in subject.artifacts {
        components.push(binary(artifact, subject.version));
    }
    for (url, (language, dependency)) in dependencies(subject.artifacts) {
        components.push(library(url, language, dependency)?);
    }
    components.extend(system(subject)?);
    let named = Component {
        hashes: subject
            .artifacts
            .first()
            .map(|main| sha256(&main.sha256.to_string())),
        ..Component::new(
            Classification::Application,
            subject.name,
            subject.version,
            Some(root.clone()),
        )
    };
    let bom = Bom {
        serial_number: serial(subject),
        metadata: Some(Metadata {
            component: Some(named),
            ..Metadata::default()
        }),
        dependencies: Some(Dependencies(edges(&root, subject, &components))),
        components: Some(Components(components)),
        ..Bom::default()
    };
    let mut text = Vec::new();
    bom.output_as_json(&mut text, SpecVersion::V1_5)
        .map_err(|error| SbomError::Write {
            reason: error.to_string(),
        })?;
    text.push(b'\n');
    String::from_utf8(text).map_err(|error| SbomError::Write {
        reason: error.to_string(),
    })
}

fn binary(artifact: &Artifact, version: &str) -> Component {
    let classification = match artifact.path.extension() {
        Some("so") => Classification::Library,
        _ => Classification::Application,
    };
    let path = artifact.path.as_str();
    Component {
        hashes: Some(sha256(&artifact.sha256.to_string())),
        ..Component::new(classification, path, version, Some(path.to_owned()))
    }
}

fn library(
    url: String,
    language: Language,
    dependency: &Dependency,
) -> Result<Component, SbomError> {
    let mut properties = vec![Property::new("bimetal:source", &dependency.source)];
    let mut hashes = None;
    match (language, hex(&dependency.hash)) {
        // The digest of the archive that the registry has.
        (Language::Rust, Some(hex)) => hashes = Some(sha256(hex)),
        _ => properties.push(Property::new("bimetal:hash", &dependency.hash)),
    }
    if let Some(by) = &dependency.replaced_by {
        properties.push(Property::new("bimetal:replaced_by", by));
    }
    Ok(Component {
        purl: Some(purl(&url)?),
        hashes,
        properties: Some(Properties(properties)),
        ..Component::new(
            Classification::Library,
            &dependency.name,
            &dependency.version,
            Some(url),
        )
    })
}

/// The toolchains and the packages of the container.
fn system(subject: &Subject<'_>) -> Result<Vec<Component>, SbomError> {
    let mut components = Vec::new();
    for (name, tool) in &subject.environment.tools {
        let role = Property::new("bimetal:role", "build");
        components.push(Component {
            hashes: None,
            properties: Some(Properties(vec![
                role,
                Property::new("bimetal:hash", &tool.hash),
            ])),
            ..Component::new(
                Classification::Application,
                name,
                &tool.version,
                Some(format!("tool:{name}")),
            )
        });
    }
    for (package, version) in &subject.environment.packages {
        let (name, architecture) = package.split_once(':').unwrap_or((package, ""));
        // dpkg's names of architectures; the others are left without a URL rather than with a wrong
        // one.
        let url = ["amd64", "arm64", "all"].contains(&architecture).then(|| {
            format!(
                "pkg:deb/debian/{}@{}?arch={architecture}",
                escaped(name),
                escaped(version)
            )
        });
        components.push(Component {
            purl: url.as_deref().map(purl).transpose()?,
            properties: Some(Properties(vec![Property::new("bimetal:role", "build")])),
            ..Component::new(
                Classification::Library,
                name,
                version,
                Some(format!("package:{package}")),
            )
        });
    }
    Ok(components)
}

/// The distribution consists of its artifacts, and each of what it was made of.
fn edges(root: &str, subject: &Subject<'_>, components: &[Component]) -> Vec<Edge> {
    let edge = |from: &str, to: BTreeSet<String>| Edge {
        dependency_ref: from.to_owned(),
        dependencies: to.into_iter().collect(),
    };
    let parts = subject.artifacts.iter().map(|part| part.path.to_string());
    let mut edges = vec![edge(root, parts.collect())];
    for artifact in subject.artifacts {
        let to = artifact
            .dependencies
            .iter()
            .map(|(language, dependency)| package_url(*language, dependency));
        edges.push(edge(artifact.path.as_str(), to.collect()));
    }
    let known: BTreeSet<&str> = subject
        .artifacts
        .iter()
        .map(|part| part.path.as_str())
        .collect();
    let rest = components
        .iter()
        .filter_map(|component| component.bom_ref.as_deref())
        .filter(|name| !known.contains(name));
    edges.extend(rest.map(|name| edge(name, BTreeSet::new())));
    edges
}

fn sha256(hex: &str) -> Hashes {
    Hashes(vec![Hash {
        alg: HashAlgorithm::SHA_256,
        content: HashValue(hex.to_owned()),
    }])
}

fn purl(url: &str) -> Result<Purl, SbomError> {
    url.parse().map_err(|()| SbomError::Write {
        reason: format!("`{url}` is no package URL"),
    })
}

/// A UUID of version 8 out of the digests: another distribution has another one, and the same has
/// the same.
fn serial(subject: &Subject<'_>) -> Option<UrnUuid> {
    let all: Vec<u8> = subject
        .artifacts
        .iter()
        .flat_map(|artifact| artifact.sha256.0)
        .collect();
    let mut id = [0; 16];
    id.copy_from_slice(&Digest::of(&all).0[..16]);
    id[6] = id[6] & 0x0f | 0x80;
    id[8] = id[8] & 0x3f | 0x80;
    let hex = bimetal_files::hex(&id);
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    UrnUuid::new(format!("urn:uuid:{}", parts.join("-"))).ok()
}
