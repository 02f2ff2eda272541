//! What a hermetic build is made from, apart from the files: `rebuild.json`.
//!
//! In: a plan, a base, a time. Out: [`Recorded`] and its text. Invariant: nothing of this machine
//! is in it, so that equal inputs give equal texts wherever they were collected.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use bimetal_builder::model::{GENERATOR_HASH, Plan};
use bimetal_builder::stages::plan::portable;

/// A base whose bytes are known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Base {
    /// The official images, each as `name@sha256:…`.
    Official { go: Pinned, rust: Pinned },
    /// One image.
    Image(Pinned),
    /// A root file system; where it lies is this machine's business.
    RootFs {
        #[serde(skip)]
        path: Utf8PathBuf,
        digest: String,
    },
}

/// An image by its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pinned {
    /// As the user, or the builder's default, names it.
    pub name: String,
    /// `name@sha256:…`, for `FROM`.
    pub reference: String,
}

impl Base {
    /// Name -> digest, as the environment has it.
    pub fn digests(&self) -> BTreeMap<String, String> {
        let pinned = |image: &Pinned| {
            let digest = image
                .reference
                .split_once('@')
                .map_or("", |(_, digest)| digest);
            (image.name.clone(), digest.to_owned())
        };
        match self {
            Self::Official { go, rust } => BTreeMap::from([pinned(go), pinned(rust)]),
            Self::Image(image) => BTreeMap::from([pinned(image)]),
            Self::RootFs { digest, .. } => BTreeMap::from([("rootfs".to_owned(), digest.clone())]),
        }
    }
}

/// The record.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Recorded {
    /// Version of the builder, and what it generates from.
    pub builder: String,
    pub generator_hash: String,
    /// Seconds since 1970: the time that every artifact says it was built at.
    pub source_date_epoch: i64,
    pub base: Base,
    pub plan: Plan,
}

impl Recorded {
    /// Records `plan` as it is carried out inside.
    pub fn new(plan: Plan, base: Base, source_date_epoch: i64) -> Self {
        Self {
            builder: env!("CARGO_PKG_VERSION").to_owned(),
            generator_hash: GENERATOR_HASH.to_owned(),
            source_date_epoch,
            base,
            plan: portable(plan),
        }
    }

    /// What was asked for, as it was recorded.
    ///
    /// # Panics
    /// Never: a plan has string keys only.
    pub fn configuration(&self) -> Value {
        serde_json::to_value(&self.plan).expect("a plan has string keys only")
    }

    /// The text of `rebuild.json`.
    ///
    /// # Panics
    /// Never: it has string keys only.
    pub fn to_text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("it has string keys only");
        text.push('\n');
        text
    }
}
