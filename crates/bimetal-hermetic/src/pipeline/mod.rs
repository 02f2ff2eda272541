//! The builds with a container, and the rebuilds, each a list of steps.
//!
//! In: what the builder prepared, or an output directory. Out: a distribution. Invariant: a step
//! gets what the one before it gave.

mod base;
mod contain;
mod error;
mod failure;
mod inside;
mod outside;
mod rebuild;

pub use error::{Cause, HermeticError};
pub use inside::{inside, report};
pub use outside::{dockerfile, find_engine, inputs, outside};
pub use rebuild::{rebuild_here, rebuild_in_container};
