//! Which artifacts passed the gate the last time.
//!
//! In: digests of main and of all its plugins. Out: whether exactly these were loaded already, and
//! which of them.
//! Invariant: the note is written only after everything was loaded, and one that cannot be read
//! counts as none.

use std::collections::{BTreeMap, BTreeSet};

use bimetal_files::Digest;
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use serde::{Deserialize, Serialize};

use super::error::VerifyError;
use super::{Checked, CheckedPlugin};
use crate::toolchain::work;

/// Digests of a main and of every plugin that it loaded.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Passed {
    /// The builder whose gate it was: a later one may look closer.
    builder: String,
    main: Digest,
    plugins: BTreeMap<String, Digest>,
}

impl Passed {
    pub(super) fn of(main: &Checked, plugins: &[CheckedPlugin]) -> Self {
        let digest = |plugin: &CheckedPlugin| (plugin.built.file_name(), plugin.checked.sha256);
        Self {
            builder: env!("CARGO_PKG_VERSION").to_owned(),
            main: main.sha256,
            plugins: plugins.iter().map(digest).collect(),
        }
    }

    /// Whether exactly these passed.
    pub(super) fn is_remembered(&self, out: &Utf8Path) -> bool {
        fs::read(path(out)).is_ok_and(|bytes| {
            serde_json::from_slice::<Self>(&bytes).is_ok_and(|passed| passed == *self)
        })
    }

    /// File names of the plugins that this main loaded alone before, byte for byte.
    pub(super) fn known(&self, out: &Utf8Path) -> BTreeSet<&str> {
        let noted = fs::read(path(out)).ok();
        let noted = noted.and_then(|bytes| serde_json::from_slice::<Self>(&bytes).ok());
        let same_main = |noted: &Self| noted.builder == self.builder && noted.main == self.main;
        let Some(noted) = noted.filter(same_main) else {
            return BTreeSet::new();
        };
        let known = |(name, digest): &(&String, &Digest)| noted.plugins.get(*name) == Some(*digest);
        let plugins = self.plugins.iter().filter(known);
        plugins.map(|(name, _)| name.as_str()).collect()
    }

    /// Notes that they passed.
    pub(super) fn remember(&self, out: &Utf8Path) -> Result<(), VerifyError> {
        let path = path(out);
        let text = serde_json::to_vec_pretty(self).expect("digests by file name are always JSON");
        bimetal_files::write_if_changed(&path, &text)?;
        Ok(())
    }
}

fn path(out: &Utf8Path) -> Utf8PathBuf {
    work::directory(out).join("verified.json")
}
