//! Drives real Collectors and damages real artifacts, for the tests, the quickstart and the
//! benches.
//!
//! In: a built distribution. Out: a running Collector to send telemetry to; copies of plugins with
//! one thing changed. Invariant: nothing here stands in for a real part: the Collector is the built
//! one, the telemetry goes over OTLP/HTTP.

pub mod collector;
pub mod distribution;
pub mod hermetic;
pub mod in_place;
pub mod stress;
pub mod subject;
pub mod tamper;
