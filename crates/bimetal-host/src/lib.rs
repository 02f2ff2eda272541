//! The Rust side of a Collector that loads plugins; linked into main as part of its one static
//! library.
//!
//! In: flags, the plugin directory, what a configuration uses. Out: factories and instances, behind
//! the C functions of [`ffi`]. Invariant: `scan -> read -> verify -> load -> register -> run`;
//! nothing is loaded that was not verified, and nothing is unloaded.

mod answer;
mod cache;
mod component;
mod copy;
pub mod ffi;
mod host;
mod index;
mod life;
mod load;
mod own;
mod place;
mod prune;
mod refusal;
mod registry;
mod settings;
mod signals;
mod verify;

pub use registry::register_static;

use bimetal_terminal::{Lookup, hint};

/// Where the hints of this crate's errors are, and of those that it hands on.
const HINTS: &[Lookup] = &[
    hint::of::<cache::CacheError>,
    hint::of::<copy::CopyError>,
    hint::of::<load::LoadError>,
    hint::of::<own::OwnError>,
    hint::of::<settings::SettingsError>,
    |error| hint::among(error, bimetal_verify::HINTS),
];
