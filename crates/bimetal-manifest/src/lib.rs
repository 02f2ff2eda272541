//! What can be known about a Collector or a plugin without running it.
//!
//! In: files, untrusted. Out: manifests, facts, mismatches, verdicts. Invariant: nothing is executed or mapped, memory is bounded,
//! and no input makes it panic.
#![forbid(unsafe_code)]

pub mod schema;
