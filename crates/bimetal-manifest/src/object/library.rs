//! A library of the system: what it exports and needs.
//!
//! In: a path. Out: [`Library`]. Invariant: reads what plugins are read with, within the same
//! limits; its code is not looked at.

use std::collections::HashSet;

use camino::Utf8Path;

use super::artifact::open_for_reading;
use super::bytes::Bytes;
use super::elf;
use super::error::ReadError;

/// A shared library that is not a plugin.
#[derive(Debug)]
pub struct Library {
    /// Processor, as in [`Facts`](super::Facts).
    pub machine: String,
    /// Libraries that it needs in turn.
    pub needed: Vec<String>,
    /// Versions of its interface, for instance `GLIBC_2.34`.
    pub versions: HashSet<String>,
    /// Every exported name, and every one with its version: `name` and `name@version`.
    pub(super) exports: HashSet<String>,
}

impl Library {
    /// Whether the loader finds `name` here, with `version` where one is asked for. A library
    /// without versions satisfies every version.
    pub fn defines(&self, name: &str, version: Option<&str>) -> bool {
        match version {
            Some(version) if !self.versions.is_empty() => {
                self.exports.contains(&versioned(name, version))
            }
            _ => self.exports.contains(name),
        }
    }
}

pub(super) fn versioned(name: &str, version: &str) -> String {
    format!("{name}@{version}")
}

/// Reads the ELF library at `path`.
pub fn library(path: &Utf8Path) -> Result<Library, ReadError> {
    let file = open_for_reading(path).map_err(|source| ReadError::Open { source })?;
    elf::library(&Bytes::new(&file)?)
}
