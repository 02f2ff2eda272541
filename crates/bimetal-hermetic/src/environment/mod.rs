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
use bimetal_builder::toolchain::{Runner, inherited, shown};
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

/// Whether the container is after a build what it was `before`.
pub fn unchanged(before: &Hermetic, after: &Hermetic) -> Result<(), EnvironmentError> {
    if before == after {
        return Ok(());
    }
    let names = before.tools.keys().chain(after.tools.keys());
    let what = names
        .into_iter()
        .find(|name| before.tools.get(*name) != after.tools.get(*name))
        .map_or("the packages", String::as_str);
    Err(EnvironmentError::Changed {
        what: what.to_owned(),
    })
}

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
        // What an image sets; its digest covers the values that are no one's business.
        .map(|(name, value)| {
            let value = shown(&name, &value).into_owned();
            (name, value)
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_or_a_package_that_a_build_exchanged_is_named() {
        let before: Hermetic = serde_json::from_value(serde_json::json!({
            "base_images": {}, "dockerfile": "", "variables": {}, "packages": {"libc6": "2.36"},
            "tools": {"go": {"version": "go1.26.8", "hash": "h1:a"}},
            "builder": {"name": "", "version": "", "generator_hash": ""},
        }))
        .unwrap();
        assert!(unchanged(&before, &before).is_ok());
        let text = |after: &Hermetic| unchanged(&before, after).unwrap_err().to_string();
        let mut after = before.clone();
        after.packages.insert("libc6".into(), "2.37".into());
        assert!(text(&after).contains("`the packages`"), "{}", text(&after));
        after.tools.get_mut("go").unwrap().hash = "h1:b".into();
        assert!(text(&after).contains("`go`"), "{}", text(&after));
        after.tools.clear();
        assert!(text(&after).contains("`go`"), "{}", text(&after));
    }
}
