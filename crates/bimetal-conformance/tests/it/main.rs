//! Real distributions, built by the real builder, run as real processes. What needs more than one
//! Collector is in `tests/all`.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod agreement;
mod attributes;
mod claims;
mod connecting;
mod deep;
mod exporting;
mod extending;
mod hostile;
mod in_place;
mod loading;
mod manifests;
mod pipeline;
mod receiving;
mod rights;
mod scene;
mod starting;
mod stress;
mod swapping;
mod telemetry;
mod trying;
