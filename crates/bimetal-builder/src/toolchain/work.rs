//! The work directory `OUT/.bimetal`: everything in it can be deleted at any time.
//!
//! In: the output directory. Out: where logs, build outputs, cargo's target and remembered texts
//! stand. Invariant: only names paths; makes and removes nothing.

use std::env;

use camino::{Utf8Path, Utf8PathBuf};

pub const DIRECTORY: &str = ".bimetal";

pub fn directory(out: &Utf8Path) -> Utf8PathBuf {
    out.join(DIRECTORY)
}

pub fn logs(out: &Utf8Path) -> Utf8PathBuf {
    directory(out).join("logs")
}

/// Where compilers put their results, before they are verified.
pub fn built(out: &Utf8Path) -> Utf8PathBuf {
    directory(out).join("build")
}

/// Where the profile stands that Go's compiler is guided by.
pub fn profile(out: &Utf8Path) -> Utf8PathBuf {
    directory(out).join("profile")
}

/// Cargo's target directory: the one that the environment names, so that several distributions can
/// share compiled crates, else our own.
pub fn cargo_target(out: &Utf8Path) -> Utf8PathBuf {
    env::var("CARGO_TARGET_DIR")
        .ok()
        .filter(|directory| Utf8Path::new(directory).is_absolute())
        .map_or_else(|| directory(out).join("cargo"), Utf8PathBuf::from)
}
