//! A library of the system: what it exports and needs.
//!
//! In: its exported names. Out: whether it defines one. Invariant: plain data, read within the
//! limits of plugins; its code is not looked at.

use std::collections::HashSet;

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
