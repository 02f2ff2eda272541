//! What a plugin did when it was loaded for a try.
//!
//! In: how a child ended and what it wrote. Out: [`LoadReport`]. Invariant: reads text only; starts
//! and ends no process.

mod diagnosis;
mod registry;
mod report;
mod traceback;

#[cfg(test)]
pub(crate) use diagnosis::SHOWN_LINES;
pub(crate) use diagnosis::{Remains, diagnose};
#[cfg(test)]
pub(crate) use report::{Cause, Phase};
pub(crate) use report::{LoadOutcome, LoadReport};
