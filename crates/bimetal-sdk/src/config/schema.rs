//! The JSON Schema of a section, as strict and as lax as the decoder.
//!
//! In: what schemars derives, the defaults. Out: the schema. Invariant: unknown keys are refused,
//! null is allowed where it keeps a default, and no key is required that the defaults have.
//!
//! Not said, because a schema cannot: that whole floats are no integers, and which keys of a
//! flattened struct are unknown.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

const DEFINITIONS: &str = "$defs";
const REFERENCE: &str = "$ref";
/// Keywords whose schemas look at the same object.
const BESIDE: [&str; 4] = [REFERENCE, "allOf", "anyOf", "oneOf"];
/// Formats of numbers to which schemars gives no bounds, and the bounds.
const BOUNDS: [(&str, i64, i64); 2] = [
    ("int32", i32::MIN as i64, i32::MAX as i64),
    ("uint32", 0, u32::MAX as i64),
];

/// Makes `schema` agree with the decoder, which lays a section over `defaults`.
pub(super) fn agree(mut schema: Value, defaults: &Value) -> Value {
    let definitions = schema.get(DEFINITIONS).cloned().unwrap_or_default();
    need_no_defaults(&mut schema, defaults, &definitions);
    let mut open = BTreeSet::new();
    each(&schema, &mut |object| find_open(object, &mut open));
    walk(&mut schema, true, &open);
    schema
}

fn walk(schema: &mut Value, is_whole: bool, open: &BTreeSet<String>) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    agree_here(object);
    if is_whole {
        close(object);
    }
    for (keyword, inner) in object {
        match (keyword.as_str(), inner) {
            ("properties" | DEFINITIONS, Value::Object(named)) => {
                for (name, inner) in named {
                    let is_open = keyword == DEFINITIONS && open.contains(name);
                    walk(inner, !is_open, open);
                }
            }
            ("items" | "additionalProperties", inner) => walk(inner, true, open),
            ("anyOf" | "oneOf" | "allOf" | "prefixItems", Value::Array(parts)) => {
                for inner in parts {
                    walk(inner, true, open);
                }
            }
            _ => {}
        }
    }
}

/// A key that the defaults have need not be there. A definition that changes by that is written
/// out in its place: elsewhere, as in a list, nothing is under it.
fn need_no_defaults(schema: &mut Value, defaults: &Value, definitions: &Value) {
    let (Some(schema), Some(defaults)) = (schema.as_object_mut(), defaults.as_object()) else {
        return;
    };
    if let Some(Value::Array(required)) = schema.get_mut("required") {
        required.retain(|key| {
            let default = key.as_str().and_then(|key| defaults.get(key));
            default.is_none_or(Value::is_null)
        });
    }
    let Some(Value::Object(properties)) = schema.get_mut("properties") else {
        return;
    };
    for (key, property) in properties {
        let Some(default) = defaults.get(key) else {
            continue;
        };
        let Some(definition) = definition(property, definitions) else {
            need_no_defaults(property, default, definitions);
            continue;
        };
        let mut own = definition.clone();
        need_no_defaults(&mut own, default, definitions);
        if own != *definition
            && let (Some(property), Value::Object(own)) = (property.as_object_mut(), own)
        {
            property.remove(REFERENCE);
            for (keyword, value) in own {
                property.entry(keyword).or_insert(value);
            }
        }
    }
}

fn definition<'d>(schema: &Value, definitions: &'d Value) -> Option<&'d Value> {
    definitions.get(name(schema.get(REFERENCE)?)?)
}

fn name(reference: &Value) -> Option<&str> {
    reference.as_str()?.strip_prefix("#/$defs/")
}

/// Definitions that see an object together with others, which know more of its keys.
fn find_open(object: &Map<String, Value>, open: &mut BTreeSet<String>) {
    if !object.contains_key("properties") {
        return;
    }
    let beside = BESIDE.iter().filter_map(|keyword| object.get(*keyword));
    for part in beside {
        let parts = part.as_array().map_or(&[][..], Vec::as_slice).iter();
        let references = parts.filter_map(|part| part.get(REFERENCE));
        let own = object.get(REFERENCE);
        open.extend(references.chain(own).filter_map(name).map(str::to_owned));
    }
}

fn agree_here(object: &mut Map<String, Value>) {
    let required = object.get("required").cloned().unwrap_or_default();
    let is_required = |key: &String| {
        let required = required.as_array();
        required.is_some_and(|required| required.iter().any(|one| one == key))
    };
    if let Some(Value::Object(properties)) = object.get_mut("properties") {
        for (key, property) in properties {
            if !is_required(key) {
                allow_null(property);
            }
        }
    }
    let is_of_texts = object
        .get("items")
        .is_some_and(|items| items["type"] == "string");
    if is_of_texts {
        // The decoder makes a list of `a,b`.
        add_type(object, "string");
    }
    for (format, least, most) in BOUNDS {
        if object.get("format") == Some(&json!(format)) {
            object.entry("minimum").or_insert(least.into());
            object.entry("maximum").or_insert(most.into());
        }
    }
}

/// Refuses keys that the schema does not name. Of what has its tag inside, serde ignores them.
fn close(object: &mut Map<String, Value>) {
    let Some(properties) = object.get("properties").and_then(Value::as_object) else {
        return;
    };
    let is_tagged = properties.values().any(|one| one.get("const").is_some());
    if !is_tagged && !BESIDE.iter().any(|one| object.contains_key(*one)) {
        object.entry("additionalProperties").or_insert(false.into());
    }
}

fn allow_null(schema: &mut Value) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    let is_listed = ["enum", "const"]
        .iter()
        .any(|one| object.contains_key(*one));
    let is_beside = BESIDE.iter().any(|one| object.contains_key(*one));
    if is_listed || is_beside {
        let choice = json!({ "anyOf": [schema.take(), { "type": "null" }] });
        *schema = choice;
    } else {
        add_type(object, "null");
    }
}

/// What has no type takes any value.
fn add_type(schema: &mut Map<String, Value>, name: &str) {
    let Some(types) = schema.get_mut("type") else {
        return;
    };
    let mut all = match types.take() {
        Value::Array(all) => all,
        one => vec![one],
    };
    if !all.iter().any(|one| one == name) {
        all.push(name.into());
    }
    *types = all.into();
}

fn each(schema: &Value, visit: &mut impl FnMut(&Map<String, Value>)) {
    match schema {
        Value::Object(object) => {
            visit(object);
            for inner in object.values() {
                each(inner, visit);
            }
        }
        Value::Array(items) => {
            for inner in items {
                each(inner, visit);
            }
        }
        _ => {}
    }
}
