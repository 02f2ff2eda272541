//! `plugins.lock`: which bytes a plugin file had when it was checked last.
//!
//! In: JSON text, untrusted. Out: [`Lock`]. Invariant: a name in it is one file name, never a path,
//! and occurs once.

use std::borrow::Cow;
use std::fs::File;
use std::io::Read as _;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::Kind;
use bimetal_files::Digest;
use bimetal_terminal::{Hint, escape};

/// Name of the file in the plugin directory.
pub const FILE_NAME: &str = "plugins.lock";

/// Version that this crate reads and writes.
pub const VERSION: u32 = 1;

/// Longest lock file, in bytes.
pub const TEXT_LIMIT: usize = 1 << 20;

/// The plugins of a directory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    version: u32,
    plugins: Vec<LockedPlugin>,
}

/// One plugin file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedPlugin {
    /// Name in the directory.
    pub file: String,
    /// Digest of the file.
    pub sha256: Digest,
    /// Length of the file in bytes.
    pub size: u64,
    /// Kind of its component.
    pub kind: Kind,
    /// Type of its component.
    #[serde(rename = "type")]
    pub type_name: String,
}

/// A file against the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LockStatus {
    /// Listed, with these bytes.
    Pinned,
    /// Listed, with other bytes.
    Changed,
    /// Not listed.
    Unpinned,
}

/// Why there is no usable lock.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error("cannot read the plugin lock")]
    Io {
        #[from]
        source: std::io::Error,
    },
    #[error("the plugin lock has more than {TEXT_LIMIT} bytes")]
    TooLong,
    #[error("the plugin lock is not what this version reads: {reason}")]
    Text { reason: String },
    #[error("the plugin lock has version {found}, this program reads {VERSION}")]
    Version { found: u32 },
    #[error("the plugin lock lists `{file}`, which is not the name of a file in its directory")]
    Name { file: String },
    #[error("the plugin lock lists `{file}` twice")]
    Twice { file: String },
}

impl Hint for LockError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::Io { .. } => "check that this user may read the file",
            _ => "take the lock from the build that made the plugins; `bimetal` writes it",
        };
        Some(hint.into())
    }
}

impl Lock {
    /// A lock of `plugins`, sorted by name.
    pub fn new(mut plugins: Vec<LockedPlugin>) -> Result<Self, LockError> {
        plugins.sort_by(|one, other| one.file.cmp(&other.file));
        let lock = Self {
            version: VERSION,
            plugins,
        };
        lock.check()?;
        Ok(lock)
    }

    /// Reads the text of a lock.
    pub fn parse(text: &str) -> Result<Self, LockError> {
        if text.len() > TEXT_LIMIT {
            return Err(LockError::TooLong);
        }
        let text_error = |error: serde_json::Error| LockError::Text {
            reason: escape(&error.to_string()).into_owned(),
        };
        let value = crate::schema::strict_value(text).map_err(text_error)?;
        // The version decides how the rest is to be read, so a later one is named before its
        // unknown keys are.
        if let Some(found) = value
            .get("version")
            .and_then(serde_json::Value::as_u64)
            .filter(|&v| v != u64::from(VERSION))
        {
            return Err(LockError::Version {
                found: u32::try_from(found).unwrap_or(u32::MAX),
            });
        }
        let mut lock: Self = serde_json::from_value(value).map_err(text_error)?;
        lock.plugins.sort_by(|one, other| one.file.cmp(&other.file));
        lock.check()?;
        Ok(lock)
    }

    /// Reads the lock that `file` holds.
    pub fn read(file: &File) -> Result<Self, LockError> {
        let mut bytes = Vec::new();
        file.take(TEXT_LIMIT as u64 + 1).read_to_end(&mut bytes)?;
        if bytes.len() > TEXT_LIMIT {
            return Err(LockError::TooLong);
        }
        let text = String::from_utf8(bytes).map_err(|_| LockError::Text {
            reason: "it is not UTF-8".to_owned(),
        })?;
        Self::parse(&text)
    }

    #[expect(clippy::missing_panics_doc, reason = "a lock is always JSON")]
    /// The text to write; equal locks have equal texts.
    pub fn to_text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self)
            .expect("a lock has string keys only, so it is always JSON");
        text.push('\n');
        text
    }

    /// All entries, sorted by name.
    pub fn plugins(&self) -> &[LockedPlugin] {
        &self.plugins
    }

    /// The entry for the file `name`.
    pub fn get(&self, name: &str) -> Option<&LockedPlugin> {
        let place = self
            .plugins
            .binary_search_by(|plugin| plugin.file.as_str().cmp(name))
            .ok()?;
        self.plugins.get(place)
    }

    /// Whether the file `name` still has the bytes that are listed.
    pub fn status(&self, name: &str, sha256: &Digest) -> LockStatus {
        match self.get(name) {
            None => LockStatus::Unpinned,
            Some(plugin) if plugin.sha256 == *sha256 => LockStatus::Pinned,
            Some(_) => LockStatus::Changed,
        }
    }

    fn check(&self) -> Result<(), LockError> {
        if let Some(wrong) = self
            .plugins
            .iter()
            .find(|plugin| !is_file_name(&plugin.file))
        {
            return Err(LockError::Name {
                file: escape(&wrong.file).into_owned(),
            });
        }
        match self
            .plugins
            .windows(2)
            .find(|pair| pair[0].file == pair[1].file)
        {
            Some(pair) => Err(LockError::Twice {
                file: pair[0].file.clone(),
            }),
            None => Ok(()),
        }
    }
}

impl LockStatus {
    /// The word for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pinned => "pinned",
            Self::Changed => "changed",
            Self::Unpinned => "unpinned",
        }
    }
}

fn is_file_name(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.contains(['/', '\\', '\0'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plugin(file: &str) -> LockedPlugin {
        LockedPlugin {
            file: file.to_owned(),
            sha256: Digest::of(file.as_bytes()),
            size: 5,
            kind: Kind::Processor,
            type_name: "x".to_owned(),
        }
    }

    #[test]
    fn the_text_of_a_lock_is_sorted_and_reads_back() {
        let lock = Lock::new(vec![plugin("b.so"), plugin("a.so")]).unwrap();
        insta::assert_snapshot!(lock.to_text());
        assert_eq!(Lock::parse(&lock.to_text()).unwrap(), lock);
    }

    #[test]
    fn a_file_is_pinned_changed_or_unpinned() {
        let lock = Lock::new(vec![plugin("a.so")]).unwrap();
        assert_eq!(
            lock.status("a.so", &Digest::of(b"a.so")),
            LockStatus::Pinned
        );
        assert_eq!(
            lock.status("a.so", &Digest::of(b"other")),
            LockStatus::Changed
        );
        assert_eq!(
            lock.status("b.so", &Digest::of(b"a.so")),
            LockStatus::Unpinned
        );
    }

    #[test]
    fn names_that_are_paths_or_occur_twice_are_refused() {
        for name in ["../a.so", "/a.so", "", "..", "a/b.so"] {
            assert!(
                matches!(Lock::new(vec![plugin(name)]), Err(LockError::Name { .. })),
                "{name}"
            );
        }
        assert!(matches!(
            Lock::new(vec![plugin("a"), plugin("a")]),
            Err(LockError::Twice { .. })
        ));
    }

    #[test]
    fn other_versions_keys_and_texts_are_named() {
        let text = Lock::new(vec![plugin("a.so")]).unwrap().to_text();
        assert!(matches!(
            Lock::parse(&text.replace("\"version\": 1", "\"version\": 2")),
            Err(LockError::Version { found: 2 })
        ));
        assert!(matches!(
            Lock::parse(&text.replace("\"size\"", "\"length\"")),
            Err(LockError::Text { .. })
        ));
        assert!(matches!(
            Lock::parse(&text.replace("\"size\"", "\"file\"")),
            Err(LockError::Text { .. })
        ));
        assert!(matches!(
            Lock::parse("\u{1b}[2J"),
            Err(LockError::Text { .. })
        ));
        assert!(matches!(
            Lock::parse(&" ".repeat(TEXT_LIMIT + 1)),
            Err(LockError::TooLong)
        ));
    }

    #[test]
    fn what_is_no_lock_is_an_error_and_a_lock_reads_back_from_its_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(FILE_NAME);
        let read = || Lock::read(fs_err::File::open(&path).unwrap().file());
        fs_err::write(&path, [0xff]).unwrap();
        assert!(matches!(read(), Err(LockError::Text { .. })));
        let lock = Lock::new(vec![plugin("a.so")]).unwrap();
        fs_err::write(&path, lock.to_text()).unwrap();
        assert_eq!(read().unwrap(), lock);
    }
}
