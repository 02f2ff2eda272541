//! What can be known about a Collector or a plugin without running it.
//!
//! In: files, untrusted. Out: manifests, facts, mismatches, verdicts. Invariant: nothing is
//! executed or mapped, memory is bounded, and no input makes it panic.
#![forbid(unsafe_code)]

pub mod catalog;
pub mod compat;
pub mod frame;
pub mod lock;
pub mod object;
pub mod schema;
pub mod system;

pub use catalog::{Catalog, CatalogError, CheckOptions, Report, ScanOptions};
pub use compat::{Mismatch, Rules, compare, predict};
pub use lock::Lock;
pub use object::{Artifact, Facts, Form, ManifestError, ReadError};
pub use schema::Manifest;
pub use system::{Search, System};
