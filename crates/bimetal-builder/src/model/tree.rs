//! The generated sources in memory, before their one write.
//!
//! In: paths below the output directory, and bytes. Out: [`SourceTree`], sorted by path. Invariant:
//! one text for a file, the last one given; touches no disk.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

/// Path relative to the output directory -> bytes. `manifest.go`, `manifest.c` and `manifest.bin`
/// are not in it: `stamp` writes those.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceTree {
    files: BTreeMap<Utf8PathBuf, Vec<u8>>,
    /// Files that are written only where there is none.
    seeds: BTreeMap<Utf8PathBuf, Vec<u8>>,
}

impl SourceTree {
    /// Adds a file; the last text for a path wins.
    pub fn insert(&mut self, path: impl Into<Utf8PathBuf>, bytes: impl Into<Vec<u8>>) {
        self.files.insert(path.into(), bytes.into());
    }

    /// Adds a file that is only a beginning: a tool changes it afterwards, and what it left is
    /// kept.
    pub fn insert_seed(&mut self, path: impl Into<Utf8PathBuf>, bytes: impl Into<Vec<u8>>) {
        self.seeds.insert(path.into(), bytes.into());
    }

    /// The seeds, sorted by path.
    pub fn seeds(&self) -> impl Iterator<Item = (&Utf8Path, &[u8])> {
        self.seeds
            .iter()
            .map(|(path, bytes)| (path.as_path(), bytes.as_slice()))
    }

    /// The files, sorted by path.
    pub fn iter(&self) -> impl Iterator<Item = (&Utf8Path, &[u8])> {
        self.files
            .iter()
            .map(|(path, bytes)| (path.as_path(), bytes.as_slice()))
    }

    /// One file.
    pub fn get(&self, path: impl AsRef<Utf8Path>) -> Option<&[u8]> {
        self.files.get(path.as_ref()).map(Vec::as_slice)
    }

    /// Takes a file out: what is on the disk then counts.
    pub fn remove(&mut self, path: impl AsRef<Utf8Path>) {
        self.files.remove(path.as_ref());
    }

    /// The paths of all files, sorted; directories that are only copied stand for their files.
    pub fn paths(&self) -> Vec<Utf8PathBuf> {
        let shortened: BTreeSet<Utf8PathBuf> = self
            .iter()
            .chain(self.seeds())
            .map(|(path, _)| {
                let parts: Vec<&str> = path.components().map(|part| part.as_str()).collect();
                match parts.as_slice() {
                    ["rust", "bimetal", ..] => Utf8PathBuf::from("rust/bimetal/"),
                    ["rust", "local", name, ..] => Utf8PathBuf::from(format!("rust/local/{name}/")),
                    ["internal", "plugin", ..] => path.to_owned(),
                    ["internal", package, ..] => Utf8PathBuf::from(format!("internal/{package}/")),
                    _ => path.to_owned(),
                }
            })
            .collect();
        shortened.into_iter().collect()
    }
}
