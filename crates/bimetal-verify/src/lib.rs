//! Decides from bytes whether a plugin may be loaded beside a Collector.
//!
//! In: main, files of a plugin directory, untrusted. Out: mismatches, verdicts. Invariant: nothing
//! is executed or mapped, and no input makes it panic.
#![forbid(unsafe_code)]

pub mod catalog;
pub mod compare;
mod private_group;
pub mod rights;
pub mod system;

pub use catalog::{Catalog, CatalogError, CheckOptions, Report, ScanOptions};
pub use compare::{Mismatch, Rules, compare, predict};
pub use system::{Search, System};
