//! The C ABI between main and a Rust plugin.
//!
//! In: a pair. Out: mismatches. Invariant: pure; these hold under every policy.

use super::Pair;
use super::mismatch::{Check, Mismatch, Outcome};
use super::rust_flags;
use bimetal_manifest::schema::{Abi, Language};

const SDK: &str = "build the plugin with the SDK that main's `bimetal` carries";

pub(super) fn compare(pair: &Pair<'_>) -> Vec<Mismatch> {
    if pair.language == Language::Go {
        return Vec::new();
    }
    let mut found = Vec::new();
    match (&pair.main_part.abi, &pair.plugin_part.abi) {
        (Some(main), Some(plugin)) => {
            found.extend(version(main, plugin));
            found.extend(features(main, plugin));
        }
        (main, plugin) => {
            let text = |abi: &Option<Abi>| abi.as_ref().map(number);
            let mismatch = Mismatch::new(Outcome::Refused, Check::Abi, "version")
                .values(text(main).as_deref(), text(plugin).as_deref())
                .on_load("it is unknown whether the two sides agree on the tables between them")
                .help("build both with `bimetal`, which records the version of the C ABI");
            found.push(mismatch);
        }
    }
    found.extend(panic(pair));
    found
}

fn version(main: &Abi, plugin: &Abi) -> Option<Mismatch> {
    let (class, on_load, help) = if main.major != plugin.major {
        (
            Outcome::WouldAbort,
            "the two sides would read each other's tables wrongly",
            SDK,
        )
    } else if plugin.minor > main.minor {
        let help = "build the plugin with an older SDK, or main with a newer `bimetal`";
        (
            Outcome::Refused,
            "the plugin would call what main does not have",
            help,
        )
    } else {
        return None;
    };
    let mismatch = Mismatch::new(class, Check::Abi, "version")
        .main(number(main))
        .plugin(number(plugin))
        .on_load(on_load)
        .help(help);
    Some(mismatch)
}

fn features<'a>(main: &'a Abi, plugin: &'a Abi) -> impl Iterator<Item = Mismatch> + 'a {
    plugin
        .features
        .iter()
        .filter(|feature| !main.features.contains(feature))
        .map(|feature| {
            Mismatch::new(Outcome::Refused, Check::AbiFeature, feature)
                .plugin("needed")
                .on_load("the plugin would ask main for something that it does not offer")
                .help(SDK)
        })
}

/// A panic has to reach the C ABI's guard.
fn panic(pair: &Pair<'_>) -> Option<Mismatch> {
    let options = rust_flags::options(&pair.plugin_part.build_flags);
    let strategy = options
        .get(rust_flags::PANIC)
        .filter(|strategy| *strategy != "unwind")?;
    let mismatch = Mismatch::new(Outcome::WouldAbort, Check::Flag, rust_flags::PANIC)
        .main("unwind")
        .plugin(strategy)
        .on_load("a panic in the plugin would end the Collector instead of becoming an error")
        .help("build the plugin with `panic = \"unwind\"` in its profile");
    Some(mismatch)
}

fn number(abi: &Abi) -> String {
    format!("{}.{}", abi.major, abi.minor)
}
