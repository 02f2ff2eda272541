//! Which files of a directory Go takes into the package there.
//!
//! In: a path. Out: whether Go reads it. Invariant: the name alone decides; what is left out by a
//! build constraint counts, because Go reads that, too.

use camino::Utf8Path;

/// Ending of an object that is linked as it is.
pub const OBJECT: &str = "syso";

/// Endings of the others.
const READ: &[&str] = &[
    "F", "S", "c", "cc", "cpp", "cxx", "f", "f90", "for", "go", "h", "hh", "hpp", "hxx", "m",
    "mod", "s", "sum", "swig", "swigcxx", "sx",
];

/// Whether Go reads a file of this name, or links it.
pub fn is_source(path: &Utf8Path) -> bool {
    let ending = path.extension().unwrap_or_default();
    ending == OBJECT || READ.contains(&ending)
}
