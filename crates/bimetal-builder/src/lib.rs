//! From a configuration to a Collector and its plugins.
//!
//! In: a configuration, the flags of a build. Out: a distribution. Invariant: knows no flag and
//! prints nothing but the progress of its steps.
#![forbid(unsafe_code)]

pub mod flags;
pub mod model;
pub mod owned;
pub mod progress;
pub mod stages;
pub mod toolchain;
pub mod yaml;
