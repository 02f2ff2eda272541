//! The Rust side of a Collector that loads plugins; linked into main as part of its one static
//! library.
//!
//! In: flags, the plugin directory, what a configuration uses. Out: factories and instances, behind
//! the C functions of [`ffi`]. Invariant: `discover -> read -> verify -> load -> register -> run`;
//! nothing is loaded that was not verified, and nothing is unloaded.

mod answer;
mod cache;
mod catalog;
mod component;
mod copy;
mod discover;
pub mod ffi;
mod host;
mod load;
mod own;
mod process_set;
mod prune;
mod refusal;
mod registry;
mod settings;
mod verify;

pub use registry::register_static;
