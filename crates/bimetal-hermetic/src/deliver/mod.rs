//! Lays out what a hermetic build gives: the distribution and the texts about it.
//!
//! In: the artifacts that were put into place inside, what was recorded. Out: a directory with them
//! and `SHA256SUMS`. Invariant: `SHA256SUMS` is written last and lists every other file, so that a
//! directory without it is not a finished one.

mod error;

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;

use bimetal_builder::toolchain::interrupt;
use bimetal_files::{Digest, FileError, copy_file, fresh_directory};
use bimetal_manifest::object::{self, Module};
use bimetal_manifest::schema::{Dependency, Hermetic, Language};
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use serde_json::Value;

pub use error::DeliverError;

use crate::attest::{self, Artifact, Subject};
use crate::fetch::{DOCKERFILE, LIST, PROGRAM, RECORDED};
use bimetal_builder::model::Plan;
use bimetal_builder::stages::package::Distribution;

/// Below the directory of the inputs.
pub const OUTPUT: &str = "out";

/// The texts about a distribution, beside the distribution.
#[derive(Debug)]
pub struct About<'a> {
    /// The directory of the inputs.
    pub root: &'a Utf8Path,
    pub plan: &'a Plan,
    /// What was asked for, as it was recorded.
    pub configuration: &'a Value,
    pub source_date_epoch: i64,
    pub environment: &'a Hermetic,
}

/// Copies the distribution and writes the texts.
pub fn deliver(distribution: &Distribution, about: &About<'_>) -> Result<(), DeliverError> {
    let mut directory = Directory::make(about.root.join(OUTPUT))?;
    let out = &about.plan.out;
    let mut artifacts = Vec::new();
    for path in [&distribution.main]
        .into_iter()
        .chain(&distribution.plugins)
    {
        let name = path.strip_prefix(out).unwrap_or(path);
        let sha256 = directory.copy(name, path)?;
        artifacts.push(Artifact {
            path: name.to_owned(),
            sha256,
            dependencies: dependencies(path)?,
        });
    }
    let lock = distribution
        .plugins
        .first()
        .and_then(|plugin| plugin.parent())
        .map(|directory| directory.join(bimetal_manifest::lock::FILE_NAME));
    for path in distribution.manifests.iter().chain(&lock) {
        directory.copy(path.strip_prefix(out).unwrap_or(path), path)?;
    }
    for name in [DOCKERFILE, LIST, RECORDED] {
        directory.copy(name.into(), &about.root.join(name))?;
    }
    texts(&mut directory, &artifacts, about)?;
    let sums = attest::sums(&directory.digests);
    directory.write(attest::SUMS, sums.as_bytes())
}

fn texts(
    directory: &mut Directory,
    artifacts: &[Artifact],
    about: &About<'_>,
) -> Result<(), DeliverError> {
    let distribution = &about.plan.distribution;
    let program = about.root.join(PROGRAM);
    let subject = Subject {
        name: &distribution.binary,
        version: &distribution.version,
        artifacts,
        environment: about.environment,
        source_date_epoch: about.source_date_epoch,
        configuration: about.configuration,
        inputs: directory.digests[Utf8Path::new(LIST)],
        builder: Digest::of_path(&program)?,
    };
    let sbom = attest::sbom(&subject).map_err(|source| DeliverError::Sbom { source })?;
    for (name, text) in [
        (attest::ENVIRONMENT, about.environment.to_text()),
        (
            attest::ENVIRONMENT_SUM,
            attest::environment_sum(about.environment),
        ),
        (attest::PROVENANCE, attest::provenance(&subject)),
        (attest::SBOM, sbom),
    ] {
        directory.write(name, text.as_bytes())?;
    }
    Ok(())
}

/// What an artifact says it was made of. One without a manifest is main of OCB's shape: what Go
/// wrote into it counts.
fn dependencies(path: &Utf8Path) -> Result<Vec<(Language, Dependency)>, DeliverError> {
    let (_, artifact) = object::open(path).map_err(|source| DeliverError::Artifact {
        path: path.to_owned(),
        source,
    })?;
    if let Ok(manifests) = artifact.manifests {
        let of_part = |part: bimetal_manifest::schema::Manifest| {
            let language = part.language;
            part.dependencies
                .into_iter()
                .map(move |dependency| (language, dependency))
        };
        return Ok(manifests.parts.into_iter().flat_map(of_part).collect());
    }
    let modules = artifact
        .facts
        .go
        .map(|go| go.build_info.dependencies)
        .unwrap_or_default();
    Ok(modules
        .into_iter()
        .map(|module| (Language::Go, of_module(&module)))
        .collect())
}

fn of_module(module: &Module) -> Dependency {
    let used = module.replaced_by.as_deref().unwrap_or(module);
    Dependency {
        source: match (&module.replaced_by, used.sum.is_empty()) {
            (Some(_), _) => Dependency::REPLACED,
            (None, true) => Dependency::LOCAL,
            (None, false) => "proxy",
        }
        .to_owned(),
        hash: used.sum.clone(),
        replaced_by: module
            .replaced_by
            .as_ref()
            .map(|by| format!("{} {}", by.path, by.version)),
        features: Vec::new(),
        required_by: None,
        name: module.path.clone(),
        version: module.version.clone(),
    }
}

/// The directory that is filled.
struct Directory {
    path: Utf8PathBuf,
    digests: BTreeMap<Utf8PathBuf, Digest>,
}

impl Directory {
    fn make(path: Utf8PathBuf) -> Result<Self, DeliverError> {
        fresh_directory(&path)?;
        Ok(Self {
            path,
            digests: BTreeMap::new(),
        })
    }

    fn copy(&mut self, name: &Utf8Path, from: &Utf8Path) -> Result<Digest, DeliverError> {
        let to = self.path.join(name);
        let mode = fs::metadata(from)
            .map_err(FileError::reading(from))?
            .permissions()
            .mode();
        let digest = copy_file(from, &to, mode & 0o777, interrupt::requested)?;
        self.digests.insert(name.to_owned(), digest);
        Ok(digest)
    }

    fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), DeliverError> {
        let path = self.path.join(name);
        bimetal_files::write(&path, bytes)?;
        self.digests.insert(name.into(), Digest::of(bytes));
        Ok(())
    }
}
