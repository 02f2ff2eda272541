//! What the fuzz targets and the maker of their seeds share.
//!
//! In: bytes. Out: files and properties of what was read from them. Invariant: a property that does
//! not hold panics; nothing else does.

pub mod compact;
pub mod memory_file;
pub mod verdict;
