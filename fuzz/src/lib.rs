//! Fuzz targets for everything that reads untrusted bytes, and what the maker of their seeds
//! shares with them.
//!
//! In: bytes. Out: files and properties of what was read from them. Invariant: a property that does
//! not hold panics; nothing else does.

pub mod compact;
pub mod image;
pub mod memory_file;
pub mod samples;
pub mod targets;
pub mod verdict;
