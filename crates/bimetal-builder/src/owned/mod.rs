//! `.bimetal.json`: which files of the output directory are ours.
//!
//! In: the output directory. Out: path -> sha256 of what we wrote. Invariant: a file that is not
//! listed there is never overwritten or removed by the builder, except those that OCB itself
//! generated.

pub mod stamped;

use std::collections::BTreeMap;
use std::io;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use fs_err as fs;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::toolchain::write;

/// Name of the record in the output directory.
pub const RECORD: &str = ".bimetal.json";

/// The record, or a file that it lists, cannot be read, written or removed.
#[derive(Debug, thiserror::Error)]
pub enum OwnedError {
    #[error("cannot read `{path}`")]
    Read {
        path: Utf8PathBuf,
        source: io::Error,
    },
    #[error("cannot write `{path}`")]
    Write {
        path: Utf8PathBuf,
        source: io::Error,
    },
}

impl OwnedError {
    /// The next action for a person.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Read { .. } => {
                "remove `.bimetal.json` if it is damaged; the builder then takes nothing in the directory for its own"
            }
            Self::Write { .. } => "see that the output directory is writable and the disk not full",
        }
    }
}

/// The record. Paths are relative to the output directory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ours {
    /// Version of the builder that wrote last.
    #[serde(default)]
    pub builder: String,
    /// Generated sources.
    #[serde(default)]
    pub sources: BTreeMap<String, String>,
    /// What the steps after `generate` write among the sources: manifests and the Rust object.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub stamped: BTreeMap<String, String>,
    /// The images that hermetic builds start from -> the digest that was found first and is kept,
    /// as go.sum keeps sums.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub base_images: BTreeMap<String, String>,
    /// Main, plugins, locks and sidecars.
    #[serde(default)]
    pub artifacts: BTreeMap<String, String>,
}

impl Ours {
    /// Reads the record in `out`; an absent one is empty.
    pub fn load(out: &Utf8Path) -> Result<Self, OwnedError> {
        let path = out.join(RECORD);
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(io::Error::from),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
        }
        .map_err(|source| OwnedError::Read { path, source })
    }

    /// Writes the record into `out`, if it changed.
    pub fn save(&mut self, out: &Utf8Path) -> Result<(), OwnedError> {
        env!("CARGO_PKG_VERSION").clone_into(&mut self.builder);
        let mut text = serde_json::to_vec_pretty(self).expect("it has string keys only");
        text.push(b'\n');
        let path = out.join(RECORD);
        write::if_changed(&path, &text)
            .map(drop)
            .map_err(|source| OwnedError::Write { path, source })
    }

    /// Whether we made the file at `path`.
    pub fn lists(&self, path: &str) -> bool {
        self.sources.contains_key(path)
            || self.stamped.contains_key(path)
            || self.artifacts.contains_key(path)
    }
}

/// Whether `name` stays in the directory that it is read in: the record is a file that anybody can
/// edit.
pub fn stays_below(name: &Utf8Path) -> bool {
    !name.as_str().is_empty()
        && name
            .components()
            .all(|part| matches!(part, Utf8Component::Normal(_)))
}

/// `sha256:` and the digest in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write;
    Sha256::digest(bytes)
        .iter()
        .fold("sha256:".to_owned(), |mut text, byte| {
            write!(text, "{byte:02x}").expect("writing to a string cannot fail");
            text
        })
}
