//! Where the catalogue keeps what it builds and fetches.
//!
//! In: nothing. Out: directories below cargo's target directory. Invariant: nothing is written
//! elsewhere, and nothing here is needed twice under one name.

use bimetal_conformance::distribution::{repository, target};
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;

/// A directory of the catalogue, made if it is not there.
pub(crate) fn directory(name: &str) -> Utf8PathBuf {
    let path = target().join("catalogue").join(name);
    fs::create_dir_all(&path).unwrap();
    path
}

/// An empty directory of the catalogue.
pub(crate) fn fresh(name: &str) -> Utf8PathBuf {
    let path = target().join("catalogue").join(name);
    if path.exists() {
        fs::remove_dir_all(&path).unwrap();
    }
    fs::create_dir_all(&path).unwrap();
    path
}

/// A source of this repository.
pub(crate) fn fixture(name: &str) -> Utf8PathBuf {
    repository()
        .join("crates/bimetal-conformance/fixtures/catalogue")
        .join(name)
}

/// Copies `file` to `name` in a fresh directory of its own, as it might arrive in a plugin
/// directory.
pub(crate) fn copy(file: &Utf8Path, row: &str, name: &str) -> Utf8PathBuf {
    let path = fresh(&format!("copies/{row}")).join(name);
    fs::copy(file, &path).unwrap();
    path
}
