//! Which crates the builder brings into every distribution with a plugin host.
//!
//! In: nothing. Out: their names, and the hash of everything that sources are generated from.
//! Invariant: only names; the files are `generate`'s.

/// `sha256:` over everything that the builder generates from or carries: templates, Go sources, SDK
/// crates.
pub const GENERATOR_HASH: &str = env!("BIMETAL_GENERATOR_HASH");

/// The crates that the builder carries, sorted.
pub const CARRIED: &[&str] = &[
    "bimetal-abi",
    "bimetal-files",
    "bimetal-host",
    "bimetal-manifest",
    "bimetal-pdata",
    "bimetal-plugins",
    "bimetal-process",
    "bimetal-sdk",
    "bimetal-terminal",
    "bimetal-verify",
];

/// The crates that are in the graph of every distribution with a plugin host.
pub const HOST_CRATES: &[&str] = &[
    "bimetal-abi",
    "bimetal-files",
    "bimetal-host",
    "bimetal-manifest",
    "bimetal-plugins",
    "bimetal-process",
    "bimetal-terminal",
    "bimetal-verify",
];
