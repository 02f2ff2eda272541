//! The document as a [`Config`].
//!
//! In: the tree. Out: the configuration with OCB's defaults. Invariant: pure; what the values mean
//! together is `check`'s business.

use std::collections::BTreeSet;

use bimetal_manifest::schema::{Kind, Language, Policy};
use camino::Utf8Path;

use super::cargo_text;
use super::fields::{Fields, Notes, text_map, text_of};
use super::model::{Config, Entry};
use crate::model::pinned::{COLLECTOR_STABLE_VERSION, COLLECTOR_VERSION};
use crate::model::{CrateSpec, Dist, GoSpec, RustProfile};
use crate::yaml::{Node, Value};

const DEFAULT_PROVIDERS: [&str; 5] = [
    "envprovider",
    "fileprovider",
    "httpprovider",
    "httpsprovider",
    "yamlprovider",
];

pub(super) fn decode(file: Option<&Utf8Path>, document: &Node, notes: &mut Notes) -> Config {
    let mut fields = Fields::new("", document, notes);
    let dist = match fields.take("dist") {
        Some(node) => distribution(Fields::new("dist", node, notes), notes),
        None => Dist::with_defaults(),
    };
    // In this order OCB gives names to the packages.
    let components = Kind::ALL
        .into_iter()
        .flat_map(|kind| {
            entries(&mut fields, kind.section(), notes)
                .unwrap_or_default()
                .into_iter()
                .map(move |entry| (kind, entry))
        })
        .collect();
    let telemetry = match fields.take("telemetry") {
        Some(node) => entry("telemetry", node, notes),
        None => Entry::default(),
    };
    let config = Config {
        file: file.map(Utf8Path::to_owned),
        dist,
        components,
        telemetry: if is_empty(&telemetry) {
            default_telemetry()
        } else {
            telemetry
        },
        providers: entries(&mut fields, "providers", notes).unwrap_or_else(default_providers),
        converters: entries(&mut fields, "converters", notes).unwrap_or_default(),
        replaces: fields.texts("replaces", notes),
        excludes: fields.texts("excludes", notes),
        default_uri_scheme: match fields.take("conf_resolver") {
            Some(node) => resolver(Fields::new("conf_resolver", node, notes), notes),
            None => String::new(),
        },
        warnings: Vec::new(),
    };
    fields.finish(notes);
    config
}

fn distribution(mut fields: Fields<'_>, notes: &mut Notes) -> Dist {
    let defaults = Dist::with_defaults();
    let dist = Dist {
        module: fields.text("module", notes).unwrap_or(defaults.module),
        name: fields.text("name", notes).unwrap_or_default(),
        go: fields.text("go", notes).unwrap_or_default(),
        description: fields.text("description", notes).unwrap_or_default(),
        output_path: fields.text("output_path", notes),
        version: fields.text("version", notes).unwrap_or_default(),
        build_tags: fields.text("build_tags", notes).unwrap_or_default(),
        debug_compilation: fields.truth("debug_compilation", notes).unwrap_or_default(),
        cgo_enabled: fields.truth("cgo_enabled", notes),
        use_absolute_replace_paths: fields
            .truth("use_absolute_replace_paths", notes)
            .unwrap_or_default(),
        detectors: match fields.take("resource") {
            Some(node) => detectors(node, notes),
            None => Vec::new(),
        },
        plugins_dir: fields.text("plugins_dir", notes),
        plugins_policy: policy(&mut fields, notes),
        plugin_languages: languages(&mut fields, notes),
        rust_profile: profile(&mut fields, notes),
        hermetic: fields.truth("hermetic", notes).unwrap_or_default(),
        base_image: fields.text("base_image", notes),
    };
    fields.finish(notes);
    dist
}

fn policy(fields: &mut Fields<'_>, notes: &mut Notes) -> Policy {
    let Some(node) = fields.take("plugins_policy") else {
        return Policy::Exact;
    };
    match text_of("dist.plugins_policy", node, notes).as_deref() {
        None | Some("exact") => Policy::Exact,
        Some("abi") => Policy::Abi,
        Some(other) => {
            notes.problem(
                &node.place,
                format!(
                    "`dist.plugins_policy` must be `exact` or `abi`, not `{}`",
                    other.escape_debug()
                ),
            );
            Policy::Exact
        }
    }
}

fn profile(fields: &mut Fields<'_>, notes: &mut Notes) -> Option<RustProfile> {
    let node = fields.take("rust_profile")?;
    let word = text_of("dist.rust_profile", node, notes)?;
    let found = RustProfile::ALL
        .into_iter()
        .find(|profile| profile.as_str() == word);
    if found.is_none() {
        let text = format!(
            "`dist.rust_profile` must be `release`, `dist` or `dev`, not `{}`",
            word.escape_debug()
        );
        notes.problem(&node.place, text);
    }
    found
}

/// Sorted, each once.
fn languages(fields: &mut Fields<'_>, notes: &mut Notes) -> Option<Vec<Language>> {
    let named = fields.list("plugin_languages")?;
    let path = "dist.plugin_languages";
    let mut languages = BTreeSet::new();
    for (index, node) in named.iter().enumerate() {
        match text_of(&format!("{path}[{index}]"), node, notes).as_deref() {
            Some("go") => languages.insert(Language::Go),
            Some("rust") => languages.insert(Language::Rust),
            Some(other) => {
                let other = other.escape_debug();
                let text = format!("`{path}` is a list of `go` and `rust`, and has `{other}`");
                notes.problem(&node.place, text);
                false
            }
            None => false,
        };
    }
    Some(languages.into_iter().collect())
}

fn detectors(resource: &Node, notes: &mut Notes) -> Vec<String> {
    let mut resource = Fields::new("dist.resource", resource, notes);
    let mut names = Vec::new();
    if let Some(detection) = resource.take("detection") {
        let mut detection = Fields::new("dist.resource.detection", detection, notes);
        for item in detection.list("detectors").unwrap_or_default() {
            // A detector is a map with its name as the key, or just the name.
            let found = match &item.value {
                Value::Map(entries) => entries.iter().map(|(key, _)| key.text.clone()).collect(),
                _ => text_map("dist.resource.detection.detectors", item, "", notes)
                    .into_keys()
                    .collect::<Vec<_>>(),
            };
            for name in found {
                if !crate::flags::KNOWN.contains(&name.as_str()) {
                    notes.problem(
                        &item.place,
                        format!("`{}` is not a known resource detector", name.escape_debug()),
                    );
                }
                names.push(name);
            }
        }
        detection.finish(notes);
    }
    resource.finish(notes);
    names
}

fn resolver(mut fields: Fields<'_>, notes: &mut Notes) -> String {
    let scheme = fields.text("default_uri_scheme", notes).unwrap_or_default();
    fields.finish(notes);
    scheme
}

fn entries(fields: &mut Fields<'_>, list: &'static str, notes: &mut Notes) -> Option<Vec<Entry>> {
    let items = fields.list(list)?;
    Some(
        items
            .iter()
            .enumerate()
            .map(|(index, item)| entry(&format!("{list}[{index}]"), item, notes))
            .collect(),
    )
}

fn entry(label: &str, node: &Node, notes: &mut Notes) -> Entry {
    let mut fields = Fields::new(label, node, notes);
    let gomod = fields.text("gomod", notes).unwrap_or_default();
    let cargo = cargo(&mut fields, label, notes);
    let import = fields.text("import", notes);
    let go = GoSpec {
        name: fields.text("name", notes).unwrap_or_default(),
        directory: fields.text("path", notes).unwrap_or_default(),
        type_name: fields.text("type", notes),
        signals: fields
            .take("signals")
            .map(|node| text_map(&format!("{label}.signals"), node, "undefined", notes)),
        ..go_spec(&gomod, import)
    };
    let entry = Entry {
        place: node.place.clone(),
        label: label.to_owned(),
        plugin: fields.truth("plugin", notes).unwrap_or_default(),
        go,
        cargo,
    };
    fields.finish(notes);
    entry
}

fn go_spec(gomod: &str, import: Option<String>) -> GoSpec {
    let words: Vec<&str> = gomod.split_whitespace().collect();
    let word = |index: usize| words.get(index).map_or("", |word| *word).to_owned();
    GoSpec {
        path: word(0),
        version: word(1),
        import: import
            .filter(|import| !import.is_empty())
            .unwrap_or_else(|| word(0)),
        gomod: words.join(" "),
        ..GoSpec::default()
    }
}

fn cargo(fields: &mut Fields<'_>, label: &str, notes: &mut Notes) -> Option<CrateSpec> {
    let node = fields.take("cargo")?;
    let text = text_of(&format!("{label}.cargo"), node, notes)?;
    let parsed = cargo_text::parse(&text);
    if let Err(why) = &parsed {
        let text = format!("`{label}.cargo` is not one line of `[dependencies]`: {why}");
        let hint = "for instance `cargo: my-redactor = { path = \"../my-redactor\" }`";
        notes.problem_with_hint(&node.place, text, hint);
    }
    parsed.ok()
}

fn is_empty(entry: &Entry) -> bool {
    Entry {
        place: entry.place.clone(),
        label: entry.label.clone(),
        ..Entry::default()
    } == *entry
}

fn default_telemetry() -> Entry {
    Entry {
        label: "telemetry".to_owned(),
        go: go_spec(
            &format!("go.opentelemetry.io/collector/service {COLLECTOR_VERSION}"),
            Some("go.opentelemetry.io/collector/service/telemetry/otelconftelemetry".to_owned()),
        ),
        ..Entry::default()
    }
}

fn default_providers() -> Vec<Entry> {
    let entry = |(index, name): (usize, &&str)| Entry {
        label: format!("providers[{index}]"),
        go: go_spec(
            &format!(
                "go.opentelemetry.io/collector/confmap/provider/{name} {COLLECTOR_STABLE_VERSION}"
            ),
            None,
        ),
        ..Entry::default()
    };
    DEFAULT_PROVIDERS.iter().enumerate().map(entry).collect()
}

impl Dist {
    fn with_defaults() -> Self {
        Self {
            module: "go.opentelemetry.io/collector/cmd/builder".to_owned(),
            ..Self::default()
        }
    }
}
