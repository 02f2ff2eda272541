//! What can be known about a Collector or a plugin without running it.
//!
//! In: files, untrusted. Out: manifests, facts, the lock. Invariant: nothing is
//! executed or mapped, memory is bounded, and no input makes it panic.
#![forbid(unsafe_code)]

pub mod frame;
pub mod lock;
pub mod object;
pub mod schema;

pub use lock::Lock;
pub use object::{Artifact, Facts, Form, ManifestError, ReadError};
pub use schema::Manifest;

use bimetal_terminal::{Lookup, hint};

/// Where the hints of this crate's errors are.
pub const HINTS: &[Lookup] = &[
    hint::of::<lock::LockError>,
    hint::of::<ManifestError>,
    hint::of::<ReadError>,
    hint::of::<schema::ParseError>,
];
