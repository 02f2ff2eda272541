//! Decides from bytes whether a plugin may be loaded beside a Collector.
//!
//! In: main, files of a plugin directory, untrusted. Out: a [`Verdict`] for each file. Invariant:
//! `scan -> read -> rights -> lock -> compare -> set -> verdict`, pure after the read; nothing is
//! executed or mapped, and no input makes it panic.
#![forbid(unsafe_code)]

mod access_list;
pub mod compare;
mod file;
mod lock;
mod private_group;
mod process_set;
pub mod rights;
mod scan;
pub mod system;
mod trust;
pub mod variables;
mod verdict;
mod verify;

pub use compare::{Mismatch, Rules, compare, predict};
pub use file::{Digests, PluginFile, open, open_itself};
pub use lock::FoundLock;
pub use process_set::ProcessSet;
pub use scan::{ENTRIES_LIMIT, Entry, Scan, ScanError, Stamp};
pub use system::{Search, System};
pub use trust::{Trust, TrustError};
pub use verdict::{
    DirectoryVerdict, Duplicate, Key, LockVerdict, Problem, Status, Verdict, chain,
    hermetic_environment,
};
pub use verify::{Decision, Request, outline, precheck, verify, verify_directory};

use bimetal_terminal::{Lookup, hint};

/// Where the hints of this crate's errors are, and of those that it hands on.
pub const HINTS: &[Lookup] = &[
    hint::of::<rights::RightsError>,
    hint::of::<ScanError>,
    |error| hint::among(error, bimetal_manifest::HINTS),
];
