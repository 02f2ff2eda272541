//! What a person reads on a terminal: printer, escape, table, hints.
//!
//! In: text, also from tools and files. Out: lines on two streams. Invariant: light, because main
//! links it; knows neither manifests nor command lines.
#![forbid(unsafe_code)]

pub mod escape;
pub mod hint;
mod printer;
pub mod table;

pub use escape::escape;
pub use hint::{Hint, Interrupted, Lookup};
pub use printer::{Printer, Tone};
