//! How compilers are called, and how manifests tell it.
//!
//! In: a plan. Out: invocations, flags, tags. Invariant: runs nothing.

pub mod cargo;
mod detectors;
pub mod go;

pub use detectors::{KNOWN, build_tags};
