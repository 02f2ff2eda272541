//! What the container of a hermetic build is: everything that the environment hash covers.
//!
//! In: the tools of a plan, the container's packages and variables. Out: [`Hermetic`]. Invariant:
//! only what belongs to the container is in it; two containers made in the same way give equal
//! texts, whatever they build.

mod error;
mod packages;
mod tools;

use std::collections::BTreeMap;

use bimetal_manifest::schema::{Builder, Hermetic};

pub use error::EnvironmentError;

use bimetal_builder::model::{GENERATOR_HASH, PROGRAM, Tools};
use bimetal_builder::toolchain::{Runner, inherited};
use bimetal_files::Digest;

/// Variables that differ between builds in equal containers: the time is an input of its own, and
/// without a network no proxy is asked.
const NOT_OF_IT: [&str; 7] = [
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "SOURCE_DATE_EPOCH",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];

/// Collects the environment that this process runs in; `dockerfile` and `base_images` say how it
/// was made.
pub fn collect(
    tools: &Tools,
    base_images: BTreeMap<String, String>,
    dockerfile: &[u8],
    runner: &Runner<'_>,
) -> Result<Hermetic, EnvironmentError> {
    let passed = inherited();
    let search_path = passed.get("PATH").cloned().unwrap_or_default();
    let variables = passed
        .into_iter()
        .filter(|(name, _)| !NOT_OF_IT.contains(&name.as_str()))
        .collect();
    Ok(Hermetic {
        base_images,
        dockerfile: Digest::of(dockerfile).tagged(),
        packages: packages::installed(runner)?,
        tools: tools::all(tools, &search_path, runner)?,
        variables,
        builder: Builder {
            name: PROGRAM.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            generator_hash: GENERATOR_HASH.to_owned(),
        },
        other: serde_json::Map::new(),
    })
}
