//! The manifests of real artifacts against the JSON Schema.

use bimetal_manifest::schema::json_schema;
use serde_json::Value;

use crate::fixture::{fixtures, read};

#[test]
fn manifests_of_real_artifacts_have_the_form_that_the_schema_asks_for() {
    let schema: Value = serde_json::from_str(&json_schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for path in [
        &fixtures().main,
        &fixtures().go_plugin,
        &fixtures().rust_plugin,
    ] {
        let manifests = read(path).manifests.unwrap();
        let value: Value = serde_json::from_str(&manifests.text).unwrap();
        let parts = if let Value::Array(parts) = value {
            parts
        } else {
            vec![value]
        };
        assert_eq!(parts.len(), manifests.parts.len());
        for part in parts {
            assert!(validator.is_valid(&part), "{part}");
        }
    }
}

#[test]
fn the_schema_asks_for_every_key_of_the_seed() {
    let schema: Value = serde_json::from_str(&json_schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let manifests = read(&fixtures().go_plugin).manifests.unwrap();
    let whole: Value = serde_json::from_str(&manifests.text).unwrap();
    let seed = [
        "language",
        "toolchain_version",
        "build_profile",
        "dependency_hashes",
        "build_flags",
        "target",
        "build_time",
    ];
    for key in seed {
        let mut part = whole.clone();
        part.as_object_mut().unwrap().remove(key);
        assert!(!validator.is_valid(&part), "{key}");
    }
}
