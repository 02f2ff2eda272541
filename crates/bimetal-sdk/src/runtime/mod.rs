//! What components of every kind share below their trait: life, panics, records of the C ABI.
//!
//! In: calls from the host. Out: safe values and statuses. Invariant: knows no kind; unsafe code is
//! in `shim` only.

pub(crate) mod batch;
pub(crate) mod change;
pub(crate) mod event;
#[cfg(feature = "tracing")]
pub(crate) mod events;
pub(crate) mod guard;
pub(crate) mod host;
pub(crate) mod instance;
pub(crate) mod metrics;
pub(crate) mod scope;
pub(crate) mod shim;
pub(crate) mod table;
