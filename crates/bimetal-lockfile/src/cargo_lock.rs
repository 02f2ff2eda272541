//! Cargo.lock.
//!
//! In: its text, untrusted. Out: [`CargoLock`]. Invariant: a crate has one checksum or the text is
//! refused: which of two is right cannot be read from name and version.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bimetal_terminal::Hint;
use toml_edit::{DocumentMut, TomlError};

/// The checksums of crates' archives; local crates have none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CargoLock {
    checksums: BTreeMap<(String, String), String>,
}

/// Why a text is not a Cargo.lock.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CargoLockError {
    /// It is not TOML.
    #[error("it is not TOML")]
    Toml {
        /// Why.
        #[from]
        source: TomlError,
    },
    /// Two different checksums for one crate.
    #[error("crate `{}` `{}` has two checksums", .name.escape_default(), .version.escape_default())]
    Twice {
        /// Name of the crate.
        name: String,
        /// Its version.
        version: String,
    },
}

impl Hint for CargoLockError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        let hint = match self {
            Self::Toml { .. } => "delete Cargo.lock and build again",
            Self::Twice { .. } => "take the crate from one registry only",
        };
        Some(hint.into())
    }
}

impl CargoLock {
    /// Reads the text of a Cargo.lock.
    pub fn parse(text: &str) -> Result<Self, CargoLockError> {
        let lock: DocumentMut = text.parse()?;
        let packages = lock
            .get("package")
            .and_then(|item| item.as_array_of_tables());
        let mut checksums = BTreeMap::new();
        for package in packages.into_iter().flatten() {
            let field = |name: &str| package.get(name)?.as_str().map(str::to_owned);
            let (Some(name), Some(version), Some(checksum)) =
                (field("name"), field("version"), field("checksum"))
            else {
                continue;
            };
            let key = (name, version);
            if checksums.get(&key).is_some_and(|known| *known != checksum) {
                let (name, version) = key;
                return Err(CargoLockError::Twice { name, version });
            }
            checksums.insert(key, checksum);
        }
        Ok(Self { checksums })
    }

    /// The checksum of a crate's archive, in hexadecimal.
    pub fn checksum(&self, name: &str, version: &str) -> Option<&str> {
        let key = (name.to_owned(), version.to_owned());
        self.checksums.get(&key).map(String::as_str)
    }

    /// Name, version and checksum of each crate that has one, sorted.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.checksums
            .iter()
            .map(|((name, version), checksum)| (name.as_str(), version.as_str(), checksum.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "version = 4\n\n[[package]]\nname = \"serde\"\nversion = \"1.0.229\"\n\
        checksum = \"aa\"\n\n\
        [[package]]\nname = \"ours\"\nversion = \"0.1.0\"\n";

    #[test]
    fn crates_of_a_registry_have_a_checksum_and_local_ones_none() {
        let lock = CargoLock::parse(TEXT).unwrap();
        assert_eq!(
            lock.iter().collect::<Vec<_>>(),
            [("serde", "1.0.229", "aa")]
        );
        assert_eq!(lock.checksum("serde", "1.0.229"), Some("aa"));
        assert_eq!(lock.checksum("ours", "0.1.0"), None);
    }

    #[test]
    fn a_crate_with_two_checksums_is_refused_by_name() {
        let twice = format!(
            "{TEXT}\n[[package]]\nname = \"serde\"\nversion = \"1.0.229\"\nchecksum = \"bb\"\n"
        );
        let error = CargoLock::parse(&twice).unwrap_err();
        assert_eq!(
            error.to_string(),
            "crate `serde` `1.0.229` has two checksums"
        );
    }

    #[test]
    fn what_is_no_toml_is_an_error_and_what_has_no_packages_is_empty() {
        assert!(matches!(
            CargoLock::parse("= ="),
            Err(CargoLockError::Toml { .. })
        ));
        assert_eq!(CargoLock::parse("").unwrap(), CargoLock::default());
        assert_eq!(
            CargoLock::parse("package = 1").unwrap(),
            CargoLock::default()
        );
    }
}
