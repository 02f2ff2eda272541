//! What lock files of the toolchains say about the sources that a build uses.
//!
//! In: the text of go.sum or Cargo.lock, untrusted. Out: sums by name and version. Invariant: pure;
//! reads no file and downloads nothing.
#![forbid(unsafe_code)]

mod cargo_lock;
mod go_sum;

pub use cargo_lock::{CargoLock, CargoLockError};
pub use go_sum::{GoSum, GoSumError};

use bimetal_terminal::{Lookup, hint};

/// Where the hints of this crate's errors are.
pub const HINTS: &[Lookup] = &[hint::of::<CargoLockError>, hint::of::<GoSumError>];
