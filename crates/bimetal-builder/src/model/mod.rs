//! What several steps know.
//!
//! In: nothing. Out: types and names. Invariant: reads nothing, runs nothing, and imports nothing
//! of the steps.

mod base;
pub(crate) mod carried;
mod component;
mod dist;
pub mod documents;
pub mod paths;
pub mod pinned;
mod plan;
mod sources;
mod step;
mod tools;
mod tree;

pub use base::Base;
pub use component::{
    CrateSpec, GoComponent, GoModule, GoPlugin, GoSpec, Linkage, LocalCrate, RustComponent, Signals,
};
pub use dist::{Dist, RustProfile};
pub use plan::{Artifact, Distribution, GoSettings, Host, Plan, RustSettings};
pub use sources::{GoSources, Profile, RustSources, Sources, by_key, keys};
pub use step::Step;
pub use tools::{Cc, GoTool, RustTools, Tools};
pub use tree::SourceTree;

/// The name of the builder, as manifests tell it.
pub const PROGRAM: &str = "bimetal";

/// `sha256:` over everything that the builder generates from or carries: templates, Go sources, SDK
/// crates.
pub const GENERATOR_HASH: &str = env!("BIMETAL_GENERATOR_HASH");
