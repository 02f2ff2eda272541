//! Every manifest that these tests build is one that `docs/reference/manifest.schema.json`
//! describes, in the artifact and beside it.

use std::collections::{BTreeMap, BTreeSet};

use bimetal_conformance::distribution::{Distribution, build, repository};
use bimetal_manifest::object;
use camino::Utf8PathBuf;
use fs_err as fs;
use serde_json::Value;

use crate::scene::loading;

fn json(path: Utf8PathBuf) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Main and every plugin.
fn artifacts(distribution: &Distribution) -> Vec<Utf8PathBuf> {
    let mut artifacts = vec![distribution.main.clone()];
    if distribution.plugins.exists() {
        let entries = distribution.plugins.read_dir_utf8().unwrap();
        artifacts.extend(
            entries
                .map(|entry| entry.unwrap().into_path())
                .filter(|path| path.extension() == Some("so")),
        );
    }
    artifacts
}

/// One manifest of a plugin, or those of main's parts.
fn parts(manifest: Value) -> Vec<Value> {
    match manifest {
        Value::Array(parts) => parts,
        one => vec![one],
    }
}

/// Who brings a dependency in is a dependency of the same artifact, and every chain of them ends.
fn requirers_lead_to_the_component(name: &str, part: &Value) {
    let hashes = part["dependency_hashes"].as_object().unwrap();
    let mut requirers = BTreeMap::new();
    for dependency in part["dependencies"].as_array().unwrap() {
        let text = |key: &str| dependency[key].as_str();
        let (path, version) = (text("name").unwrap(), text("version").unwrap());
        let key = Some(path.to_owned())
            .filter(|key| hashes.contains_key(key))
            .unwrap_or_else(|| format!("{path}@{version}"));
        requirers.insert(key, text("required_by"));
    }
    assert_eq!(requirers.len(), hashes.len(), "{name}");
    assert!(requirers.values().any(Option::is_some), "{name}");
    for start in requirers.keys() {
        let mut at = start.as_str();
        for _ in 0..=requirers.len() {
            match requirers[at] {
                Some(requirer) => at = requirer,
                None => break,
            }
        }
        assert_eq!(
            requirers[at], None,
            "{name}: `{start}` is brought in by a circle"
        );
    }
}

/// Gives the number of manifests.
fn follow_the_schema(distribution: &Distribution) -> usize {
    let schema = json(repository().join("docs/reference/manifest.schema.json"));
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut sidecars = BTreeSet::new();
    let mut seen = 0;
    for artifact in artifacts(distribution) {
        let name = artifact.file_name().unwrap();
        let sidecar = format!("{name}.json");
        let beside = json(distribution.out.join("manifests").join(&sidecar));
        let inside = object::open(&artifact).unwrap().1.manifests.unwrap().text;
        let inside: Value = serde_json::from_str(&inside).unwrap();
        assert_eq!(beside["manifest"], inside, "{name}");
        for part in &parts(inside) {
            let errors: Vec<String> = validator
                .iter_errors(part)
                .map(|error| format!("{name}: {}: {error}", error.instance_path()))
                .collect();
            assert_eq!(errors, [""; 0]);
            requirers_lead_to_the_component(name, part);
            seen += 1;
        }
        sidecars.insert(sidecar);
    }
    let written: BTreeSet<String> = distribution
        .out
        .join("manifests")
        .read_dir_utf8()
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_owned())
        .collect();
    assert_eq!(written, sidecars, "one file beside each artifact");
    seen
}

#[test]
fn manifests_of_the_quickstart_follow_the_schema() {
    let example = repository().join("examples/quickstart");
    let plugins = build("otelcol-quickstart", &example.join("builder-config.yaml")).unwrap();
    assert_eq!(follow_the_schema(&plugins), 4);
    let linked = build(
        "otelcol-quickstart-static",
        &example.join("builder-config-static.yaml"),
    )
    .unwrap();
    assert_eq!(follow_the_schema(&linked), 2);
}

#[test]
fn manifests_of_the_loading_distribution_follow_the_schema() {
    assert_eq!(follow_the_schema(&loading()), 8);
}
