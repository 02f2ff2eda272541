//! What the operator trusts where others may write plugin files: `--plugins-trust`.
//!
//! In: the word of a flag or variable. Out: [`Trust`], and the lock that it means. Invariant: no
//! word makes main take bytes that neither rights nor a digest vouches for.

use std::str::FromStr;

use bimetal_manifest::lock::FILE_NAME;
use camino::{Utf8Path, Utf8PathBuf};

use crate::lock::FoundLock;
use crate::verdict::Problem;

/// What lets a plugin file pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// Owner and mode of the file, its directory and everything above.
    #[default]
    Rights,
    /// As before, or a digest in the `plugins.lock` of the directory.
    Lock,
    /// As before, with a lock that lies elsewhere.
    LockAt(Utf8PathBuf),
}

/// A word that is none of those.
#[derive(Debug, thiserror::Error)]
#[error("must be `rights`, `lock` or `lock=FILE`")]
pub struct TrustError;

impl FromStr for Trust {
    type Err = TrustError;

    fn from_str(word: &str) -> Result<Self, TrustError> {
        match (word, word.strip_prefix("lock=")) {
            ("rights", _) => Ok(Self::Rights),
            ("lock", _) => Ok(Self::Lock),
            (_, Some(path)) if !path.is_empty() => Ok(Self::LockAt(path.into())),
            _ => Err(TrustError),
        }
    }
}

impl Trust {
    /// A lock may stand in for modes.
    pub fn is_of_a_lock(&self) -> bool {
        *self != Self::Rights
    }

    /// The lock that counts for the plugins in `directory`.
    pub fn lock_of(&self, directory: &Utf8Path) -> FoundLock {
        match self {
            Self::Rights => FoundLock::beside(directory),
            Self::Lock => FoundLock::vouching(&directory.join(FILE_NAME)),
            Self::LockAt(path) => match FoundLock::vouching(path) {
                FoundLock::Absent => FoundLock::Unusable(Problem::new(
                    format!("the plugin lock `{path}` does not exist"),
                    "name the lock that the build of the plugins wrote",
                )),
                found => found,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_means_rights_or_a_lock_and_nothing_else() {
        assert_eq!("rights".parse::<Trust>().unwrap(), Trust::Rights);
        assert_eq!("lock".parse::<Trust>().unwrap(), Trust::Lock);
        let elsewhere = Trust::LockAt("/etc/p.lock".into());
        assert_eq!("lock=/etc/p.lock".parse::<Trust>().unwrap(), elsewhere);
        for word in ["", "lock=", "Lock", "all", "locked"] {
            assert!(word.parse::<Trust>().is_err(), "{word}");
        }
    }
}
