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
