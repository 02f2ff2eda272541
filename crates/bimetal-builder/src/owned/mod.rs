//! `.bimetal.json`: which files of the output directory are ours.
//!
//! In: the output directory. Out: path -> sha256 of what we wrote. Invariant: a file that is not
//! listed there is never overwritten or removed by the builder, except those that OCB itself
//! generated.

mod leftovers;
pub mod stamped;

use std::borrow::Cow;
use std::collections::BTreeMap;

use bimetal_files::FileError;
use bimetal_terminal::Hint;
use camino::Utf8Path;
use serde::{Deserialize, Serialize};

pub use leftovers::remove_leftovers;

/// Name of the record in the output directory.
pub const RECORD: &str = ".bimetal.json";

/// The record, or a file that it lists, cannot be read, written or removed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct OwnedError(#[from] FileError);

impl Hint for OwnedError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = "remove `.bimetal.json` if it is damaged; the builder then takes nothing in the \
            directory for its own";
        (!self.0.is_write()).then_some(hint.into())
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
        let Some(bytes) = bimetal_files::read_if_present(&path)? else {
            return Ok(Self::default());
        };
        let ours = serde_json::from_slice(&bytes);
        Ok(ours.map_err(|error| FileError::reading(&path)(error.into()))?)
    }

    #[expect(
        clippy::missing_panics_doc,
        reason = "a map with text keys is always JSON"
    )]
    /// Writes the record into `out`, if it changed.
    pub fn save(&mut self, out: &Utf8Path) -> Result<(), OwnedError> {
        env!("CARGO_PKG_VERSION").clone_into(&mut self.builder);
        let mut text = serde_json::to_vec_pretty(self).expect("it has string keys only");
        text.push(b'\n');
        bimetal_files::write_if_changed(&out.join(RECORD), &text)?;
        Ok(())
    }

    /// Whether we made the file at `path`.
    pub fn lists(&self, path: &str) -> bool {
        self.sources.contains_key(path)
            || self.stamped.contains_key(path)
            || self.artifacts.contains_key(path)
    }
}
