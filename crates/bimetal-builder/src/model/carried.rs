//! Which crates the builder brings into every distribution with a plugin host.
//!
//! In: nothing. Out: their names. Invariant: only names, for `build.rs` too; the files are
//! `generate`'s.

/// The crates that the builder carries, sorted.
pub(crate) const CARRIED: &[&str] = &[
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
