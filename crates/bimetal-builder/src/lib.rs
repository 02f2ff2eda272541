//! From a configuration to a Collector and its plugins.
//!
//! In: a configuration, the flags of a build. Out: a distribution. Invariant: knows no flag and
//! prints nothing but the progress of its steps.
#![forbid(unsafe_code)]

pub mod flags;
pub mod model;
pub mod owned;
pub mod pipeline;
pub mod progress;
pub mod stages;
pub mod toolchain;
pub mod yaml;

use bimetal_manifest::object::{ManifestError, ReadError};
use bimetal_manifest::schema::ParseError;
use bimetal_terminal::{Lookup, hint};

use crate::stages::{build, config, describe, generate, lock, package, resolve, stamp, verify};

/// Where the hints of this crate's errors are, and of those that it hands on.
pub const HINTS: &[Lookup] = &[
    hint::of::<build::BuildError>,
    hint::of::<config::ConfigError>,
    hint::of::<describe::DescribeError>,
    hint::of::<generate::GenerateError>,
    hint::of::<lock::LockError>,
    hint::of::<package::PackageError>,
    hint::of::<pipeline::StartError>,
    hint::of::<owned::OwnedError>,
    hint::of::<resolve::LocalError>,
    hint::of::<resolve::ResolveError>,
    hint::of::<stamp::StampError>,
    hint::of::<toolchain::InvocationError>,
    hint::of::<verify::VerifyError>,
    |error| hint::among(error, bimetal_files::HINTS),
    |error| hint::among(error, bimetal_lockfile::HINTS),
    hint::of::<ManifestError>,
    hint::of::<ParseError>,
    hint::of::<ReadError>,
];
