//! What a person reads on a terminal: one printer, one escape, one table.
//!
//! In: text, also from tools and files. Out: lines on two streams. Invariant: light, because main
//! links it; knows neither manifests nor command lines.
#![forbid(unsafe_code)]

pub mod escape;
mod printer;
pub mod table;

pub use escape::escape;
pub use printer::{Printer, Tone};
