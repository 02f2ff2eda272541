//! Cargo.lock.
//!
//! In: its text. Out: name and version -> checksum of the archive. Invariant: a crate without a checksum (a local one) is left out.

use std::collections::HashMap;

use toml_edit::{DocumentMut, TomlError};

/// Name and version -> checksum of the archive.
pub fn checksums(text: &str) -> Result<HashMap<(String, String), String>, TomlError> {
    let lock: DocumentMut = text.parse()?;
    let packages = lock
        .get("package")
        .and_then(|item| item.as_array_of_tables());
    Ok(packages
        .into_iter()
        .flatten()
        .filter_map(|package| {
            let field = |name: &str| package.get(name)?.as_str().map(str::to_owned);
            Some(((field("name")?, field("version")?), field("checksum")?))
        })
        .collect())
}
