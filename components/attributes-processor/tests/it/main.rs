//! The processor through the SDK's test host: the very table that a Collector drives.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

mod actions;
mod carriers;
mod configuration;
mod telemetry;
