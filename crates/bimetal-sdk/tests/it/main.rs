//! A component as a host sees it: through the factory table, and through the exported function.
#![expect(
    clippy::unwrap_used,
    reason = "what a test needs and does not find stops it"
)]

mod abi;
mod authors;
mod component;
mod connector;
mod exporter;
mod extension;
mod lifecycle;
mod metrics;
mod panics;
mod receiver;
mod status;
mod tracing;
