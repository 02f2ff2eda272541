//! What several steps know.
//!
//! In: nothing. Out: types and names. Invariant: reads nothing, runs nothing, and imports nothing of
//! the steps.

pub mod documents;

/// The name of the builder, as manifests tell it.
pub const PROGRAM: &str = "bimetal";
