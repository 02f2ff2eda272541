//! The manifest as types, and its text.
//!
//! In: JSON text, untrusted. Out: [`Manifest`]s. Invariant: text beyond the limits, or with a key
//! twice in one object, gives no manifest.

mod hermetic;
mod parse;
mod strict;
mod types;

pub(crate) use parse::strict_value;

pub use hermetic::{Builder, Hermetic, Tool};
pub use parse::{
    DEPTH_LIMIT, MAIN_TEXT_LIMIT, ParseError, TEXT_LIMIT, VALUES_LIMIT, json_schema, parse_main,
};
pub use types::{
    Abi, ArtifactKind, Component, Dependency, Distribution, Kind, Language, Manifest,
    PluginSettings, Policy, SCHEMA_VERSION, Toolchain,
};
