//! Environments of hermetic builds: one hash decides, and every item that differs is reported.
//!
//! In: a pair. Out: at most one mismatch about a difference, and one about a manifest that
//! contradicts itself. Invariant: pure; only main's own hermetic build makes a demand, and only
//! under the policy `exact`.

use std::collections::{BTreeMap, BTreeSet};

use super::Pair;
use super::mismatch::{Check, Mismatch, Outcome};
use bimetal_manifest::schema::{Hermetic, Manifest, Policy};

pub(super) fn compare(pair: &Pair<'_>) -> Vec<Mismatch> {
    let (main, plugin) = (pair.main_part, pair.plugin_part);
    let mut found: Vec<Mismatch> = [("main", main), ("plugin", plugin)]
        .into_iter()
        .filter_map(|(subject, part)| contradiction(subject, part))
        .collect();
    // What is wrong with a hash cannot be compared.
    if found.is_empty() && pair.rules.policy == Policy::Exact {
        found.extend(difference(main, plugin));
    }
    found
}

/// A manifest whose hash is not that of the items beside it.
fn contradiction(subject: &str, part: &Manifest) -> Option<Mismatch> {
    let environment = part.hermetic.as_ref()?;
    let computed = environment.hash();
    if part.environment_hash.as_ref() == Some(&computed) {
        return None;
    }
    let stated = part.environment_hash.as_deref();
    let mismatch = Mismatch::new(Outcome::Refused, Check::HermeticEnvironment, subject)
        .on_load(
            "its manifest names another environment hash than that of the environment it \
            describes: one of them was changed",
        )
        .help("build it again with `bimetal --hermetic`");
    Some(match subject {
        "main" => mismatch.values(stated, None),
        _ => mismatch.values(None, stated),
    })
}

fn difference(main: &Manifest, plugin: &Manifest) -> Option<Mismatch> {
    let wanted = main.hermetic.as_ref()?;
    let main_hash = main.environment_hash.as_deref();
    let Some(found) = &plugin.hermetic else {
        let mismatch = Mismatch::new(Outcome::Refused, Check::HermeticEnvironment, "environment")
            .main(main_hash.unwrap_or_default())
            .on_load(
                "main comes from a hermetic build, and its policy `exact` takes only plugins \
                of the same environment; this one was built outside of any",
            )
            .help(REMEDY);
        return Some(mismatch);
    };
    if main_hash == plugin.environment_hash.as_deref() {
        return None;
    }
    let items = items(wanted, found);
    let mismatch = Mismatch::new(Outcome::Refused, Check::HermeticEnvironment, "environment")
        .values(main_hash, plugin.environment_hash.as_deref())
        .names(items.len(), items.iter().map(String::as_str))
        .on_load(
            "main comes from a hermetic build, and its policy `exact` takes only plugins of \
            the same environment",
        )
        .help(REMEDY);
    Some(mismatch)
}

const REMEDY: &str = "build the plugin with `bimetal --hermetic`, the same version of bimetal and \
    main's `dist.base_image`; or build main with `dist.plugins_policy: abi`, if all its plugins \
    are Rust";

/// Everything that differs, one text each: what decides most comes first.
fn items(main: &Hermetic, plugin: &Hermetic) -> Vec<String> {
    let mut items = maps("base image", &main.base_images, &plugin.base_images);
    let tools = |environment: &Hermetic| {
        let entry = |(name, tool): (&String, &bimetal_manifest::schema::Tool)| {
            (
                name.clone(),
                format!("{} {}", tool.version, tool.hash).trim().to_owned(),
            )
        };
        environment.tools.iter().map(entry).collect()
    };
    items.extend(maps("tool", &tools(main), &tools(plugin)));
    let builder = |environment: &Hermetic| {
        let builder = &environment.builder;
        format!(
            "{} {} {}",
            builder.name, builder.version, builder.generator_hash
        )
    };
    items.extend(one("builder", &builder(main), &builder(plugin)));
    items.extend(one("Dockerfile", &main.dockerfile, &plugin.dockerfile));
    items.extend(maps("variable", &main.variables, &plugin.variables));
    let other = |environment: &Hermetic| {
        let entry =
            |(name, value): (&String, &serde_json::Value)| (name.clone(), value.to_string());
        environment.other.iter().map(entry).collect()
    };
    items.extend(maps("key", &other(main), &other(plugin)));
    items.extend(maps("package", &main.packages, &plugin.packages));
    items
}

fn one(what: &str, main: &str, plugin: &str) -> Option<String> {
    (main != plugin).then(|| format!("{what}: main {main}, plugin {plugin}"))
}

fn maps(
    what: &str,
    main: &BTreeMap<String, String>,
    plugin: &BTreeMap<String, String>,
) -> Vec<String> {
    let names: BTreeSet<&String> = main.keys().chain(plugin.keys()).collect();
    let value = |side: &BTreeMap<String, String>, name| {
        side.get(name)
            .map_or_else(|| "none".to_owned(), Clone::clone)
    };
    names
        .into_iter()
        .filter(|name| main.get(*name) != plugin.get(*name))
        .map(|name| {
            let (main, plugin) = (value(main, name), value(plugin, name));
            format!("{what} {name}: main {main}, plugin {plugin}")
        })
        .collect()
}
