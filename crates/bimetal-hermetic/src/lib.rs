//! Builds in a container without a network, and builds again to compare.
//!
//! In: a plan of the builder's. Out: a distribution that equal inputs give again, byte for byte,
//! with texts about it; or what differs between two builds. Invariant: everything that decides
//! about the bytes is recorded, and nothing else gets into the container.
#![forbid(unsafe_code)]

pub mod attest;
pub mod deliver;
pub mod engine;
pub mod environment;
pub mod fetch;
pub mod inputs;
pub mod pipeline;
pub mod rebuild;
pub mod receive;

use bimetal_terminal::{Lookup, hint};

/// Where the hints of this crate's errors are.
pub const HINTS: &[Lookup] = &[
    hint::of::<deliver::DeliverError>,
    hint::of::<engine::EngineError>,
    hint::of::<environment::EnvironmentError>,
    hint::of::<fetch::FetchError>,
    hint::of::<inputs::InputsError>,
    hint::of::<pipeline::HermeticError>,
    hint::of::<rebuild::CompareError>,
    hint::of::<receive::ReceiveError>,
    |error| hint::among(error, bimetal_builder::HINTS),
];
