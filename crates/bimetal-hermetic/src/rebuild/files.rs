//! Which files are compared.
//!
//! In: the directories of two builds. Out: names. Invariant: a file that only one of them has is
//! among them.

use std::collections::BTreeSet;

use bimetal_builder::model::documents::{DOCUMENTS, RECORDED, SUMS};
use bimetal_builder::owned::Ours;
use bimetal_files::RelativePath;
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

use super::CompareError;
use crate::attest;

/// Every file that either build has, programs before the texts about them.
pub(super) fn files(of_both: [&Utf8Path; 2]) -> Result<Vec<Utf8PathBuf>, CompareError> {
    let list = |directory: &Utf8Path| {
        if of_both[0].join(RECORDED).exists() {
            listed(directory)
        } else {
            placed(directory)
        }
    };
    let [recorded, rebuilt] = of_both;
    let files: BTreeSet<Utf8PathBuf> = list(recorded)?.into_iter().chain(list(rebuilt)?).collect();
    let is_text = |path: &Utf8Path| {
        DOCUMENTS.contains(&path.as_str()) || matches!(path.extension(), Some("json" | "lock"))
    };
    let (texts, programs): (Vec<_>, Vec<_>) = files.into_iter().partition(|path| is_text(path));
    Ok(programs.into_iter().chain(texts).collect())
}

/// The files of a hermetic distribution, and the list of them.
fn listed(directory: &Utf8Path) -> Result<Vec<Utf8PathBuf>, CompareError> {
    let path = directory.join(SUMS);
    let failed = |reason: String| CompareError::Files {
        path: path.clone(),
        reason,
    };
    let text = fs::read_to_string(&path).map_err(|error| failed(error.to_string()))?;
    let mut files: Vec<Utf8PathBuf> = attest::read_sums(&text)
        .map_err(failed)?
        .into_keys()
        .collect();
    files.push(SUMS.into());
    Ok(files)
}

/// The files of a distribution that was built on this machine.
fn placed(directory: &Utf8Path) -> Result<Vec<Utf8PathBuf>, CompareError> {
    let ours = Ours::load(directory)?;
    let files = ours.artifacts.into_keys().map(Utf8PathBuf::from);
    // A Dockerfile that a user asked for is not of the build.
    Ok(files
        .filter(|name| RelativePath::parse(name).is_ok() && !DOCUMENTS.contains(&name.as_str()))
        .collect())
}
