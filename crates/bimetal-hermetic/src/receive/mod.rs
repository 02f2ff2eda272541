//! Takes what a container built, after checking that it is whole and made from what was sent in.
//!
//! In: the directory that the engine filled, what was recorded. Out: [`Received`]. Invariant: every
//! file is listed in `SHA256SUMS` with the digest that it has, and nothing else is there. Every
//! artifact carries the hash of the `environment.json` beside it; the builder that ran was sent in.

mod error;
mod place;

use std::collections::{BTreeMap, BTreeSet};

use bimetal_files::{Digest, FileError};
use bimetal_manifest::object;
use bimetal_manifest::schema::Hermetic;
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use walkdir::WalkDir;

pub use error::ReceiveError;
pub use place::place;

use crate::attest::{ENVIRONMENT, PROVENANCE, SUMS};
use crate::fetch::{Fetched, LIST, PROGRAM, RECORDED};
use bimetal_builder::model::Plan;

/// A whole distribution in a directory of the work directory. Only [`receive`] makes one.
#[derive(Debug)]
pub struct Received {
    out: Utf8PathBuf,
    /// As it was carried out in the container.
    plan: Plan,
    directory: Utf8PathBuf,
    files: BTreeMap<Utf8PathBuf, Digest>,
}

impl Received {
    /// Where they stand.
    pub fn directory(&self) -> &Utf8Path {
        &self.directory
    }
}

/// Checks everything in `directory`.
pub fn receive(fetched: Fetched, directory: Utf8PathBuf) -> Result<Received, ReceiveError> {
    let sums = read(&directory.join(SUMS))?;
    let mut files =
        crate::attest::read_sums(&String::from_utf8_lossy(&sums)).map_err(|reason| {
            ReceiveError::Unreadable {
                path: directory.join(SUMS),
                reason,
            }
        })?;
    files.insert(SUMS.into(), Digest::of(&sums));
    same_files(&directory, &files)?;
    for (name, wanted) in &files {
        let path = directory.join(name);
        let failed = |error: FileError| ReceiveError::Read {
            path: path.clone(),
            source: error.source,
        };
        if Digest::of_path(&path).map_err(failed)? != *wanted {
            return Err(ReceiveError::Damaged { path });
        }
    }
    for (name, sent) in [
        (RECORDED, fetched.recorded.to_text().into_bytes()),
        (LIST, read(&fetched.context.join("inputs").join(LIST))?),
    ] {
        if read(&directory.join(name))? != sent {
            return Err(ReceiveError::OtherInputs {
                path: directory.join(name),
            });
        }
    }
    same_builder(&directory, &fetched.context.join("inputs").join(PROGRAM))?;
    let plan = fetched.recorded.plan;
    let main = Utf8Path::new(&plan.distribution.binary);
    if !files.contains_key(main) {
        return Err(ReceiveError::NoMain {
            path: directory.join(main),
        });
    }
    if plan.host.is_some() {
        same_environment(&directory, &plan)?;
    }
    Ok(Received {
        out: fetched.out,
        plan,
        directory,
        files,
    })
}

fn read(path: &Utf8Path) -> Result<Vec<u8>, ReceiveError> {
    fs::read(path).map_err(|source| ReceiveError::Read {
        path: path.to_owned(),
        source,
    })
}

/// Whether the builder that ran inside is the one that was sent in.
fn same_builder(directory: &Utf8Path, sent: &Utf8Path) -> Result<(), ReceiveError> {
    let path = directory.join(PROVENANCE);
    let reported = crate::attest::builder(&read(&path)?);
    let digest = Digest::of_path(sent).map_err(|error| ReceiveError::Read {
        path: error.path,
        source: error.source,
    })?;
    if reported == Some(digest) {
        return Ok(());
    }
    Err(ReceiveError::OtherBuilder { path })
}

/// Whether exactly the listed files are there.
fn same_files(
    directory: &Utf8Path,
    files: &BTreeMap<Utf8PathBuf, Digest>,
) -> Result<(), ReceiveError> {
    let mut found = BTreeSet::new();
    for entry in WalkDir::new(directory) {
        let entry = entry.map_err(|error| ReceiveError::Read {
            path: directory.to_owned(),
            source: error.into(),
        })?;
        if entry.file_type().is_dir() {
            continue;
        }
        let path = Utf8PathBuf::from(entry.path().to_string_lossy().into_owned());
        let name = path.strip_prefix(directory).unwrap_or(&path);
        if !entry.file_type().is_file() || !files.contains_key(name) {
            return Err(ReceiveError::Unlisted { path });
        }
        found.insert(name.to_owned());
    }
    match files.keys().find(|name| !found.contains(*name)) {
        None => Ok(()),
        Some(name) => Err(ReceiveError::Missing {
            path: directory.join(name),
        }),
    }
}

/// Whether main and every plugin say that they come from the environment that is described beside
/// them.
fn same_environment(directory: &Utf8Path, plan: &Plan) -> Result<(), ReceiveError> {
    let path = directory.join(ENVIRONMENT);
    let environment: Hermetic =
        serde_json::from_slice(&read(&path)?).map_err(|error| ReceiveError::Unreadable {
            path: path.clone(),
            reason: error.to_string(),
        })?;
    let hash = environment.hash();
    for name in artifacts(directory, plan) {
        let path = directory.join(name);
        let unreadable = |reason: String| ReceiveError::Unreadable {
            path: path.clone(),
            reason,
        };
        let (_, artifact) = object::open(&path).map_err(|error| unreadable(error.to_string()))?;
        let manifests = artifact
            .manifests
            .map_err(|error| unreadable(error.to_string()))?;
        let same = |manifest: &bimetal_manifest::schema::Manifest| {
            manifest.environment_hash.as_ref() == Some(&hash)
        };
        if !manifests.parts.iter().all(same) {
            return Err(ReceiveError::OtherEnvironment { path });
        }
    }
    Ok(())
}

/// Main and the plugins.
fn artifacts(directory: &Utf8Path, plan: &Plan) -> Vec<Utf8PathBuf> {
    let mut names = vec![Utf8PathBuf::from(&plan.distribution.binary)];
    if let Some(host) = &plan.host
        && let Ok(entries) = directory.join(&host.plugins_out).read_dir_utf8()
    {
        let plugins = entries
            .filter_map(|entry| entry.ok().map(|entry| entry.file_name().to_owned()))
            .filter(|name| Utf8Path::new(name).extension() == Some("so"));
        names.extend(plugins.map(|name| host.plugins_out.join(name)));
    }
    names
}

#[cfg(test)]
mod tests;
