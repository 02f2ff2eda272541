//! What the host does for an instance when it is asked.
//!
//! In: safe values. Out: calls of the host's table. Invariant: a function that the host lacks is
//! one that does nothing.

mod shim;

pub(crate) use shim::{HostCalls, shortened, take};
