//! The versions that the builder is made for.
//!
//! In: nothing. Out: versions. Invariant: each is written once, here.

/// Released versions that a configuration gets when it names none.
pub const COLLECTOR_VERSION: &str = "v0.161.0";
pub const COLLECTOR_STABLE_VERSION: &str = "v1.67.0";
/// The `go` line of the pinned Collector's modules.
pub const GO_NEEDED: &str = "1.26.0";
/// The oldest compiler that the carried crates are written for.
pub const RUST_NEEDED: &str = env!("CARGO_PKG_RUST_VERSION");
