//! What a format reader finds in a file.
//!
//! In: nothing. Out: [`Found`]. Invariant: plain data; whether a manifest is good is decided by its
//! reader.

use super::facts::Facts;
use super::form::Evidence;

/// What was found when looking for the section.
pub(super) enum Section {
    None,
    Several(usize),
    NotInFile,
    At { offset: u64, size: u64 },
}

/// Facts that a format reader collects, and where the manifest is.
pub(super) struct Found {
    pub(super) facts: Facts,
    pub(super) section: Section,
    pub(super) evidence: Evidence,
}
