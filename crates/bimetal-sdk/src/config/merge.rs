//! Lays a section over the defaults.
//!
//! In: two JSON values. Out: one. Invariant: maps merge, everything else replaces, null keeps the
//! default.

use serde_json::Value;

use super::{EXPANDED, NUMBER};

/// `section` over `defaults`.
pub(super) fn over(defaults: Value, section: Value) -> Value {
    if section.is_null() {
        return defaults;
    }
    match (defaults, section) {
        (Value::Object(mut merged), section) if is_map(&section) => {
            let Value::Object(entries) = plain_map(section) else {
                return Value::Object(merged);
            };
            for (key, value) in entries {
                let value = match merged.get_mut(&key) {
                    Some(default) => over(default.take(), value),
                    None => value,
                };
                merged.insert(key, value);
            }
            Value::Object(merged)
        }
        (_, section) => section,
    }
}

/// The two forms of a leaf that came from `${…}`.
pub(super) fn expanded(value: &Value) -> Option<(&Value, &str)> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    let leaf = object.get(EXPANDED)?;
    Some((leaf.get("value")?, leaf.get("original")?.as_str()?))
}

/// The number that JSON lacks and `value` stands for.
pub(super) fn number(value: &Value) -> Option<f64> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    object.get(NUMBER)?.as_str()?.parse().ok()
}

fn is_map(value: &Value) -> bool {
    let value = expanded(value).map_or(value, |(value, _)| value);
    value.is_object() && number(value).is_none()
}

fn plain_map(value: Value) -> Value {
    match expanded(&value) {
        Some((inner, _)) => inner.clone(),
        None => value,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn maps_merge_lists_replace_and_null_keeps_the_default() {
        let defaults = json!({"retry": {"max": 5, "on": true}, "keys": ["a", "b"], "name": "x"});
        let section = json!({"retry": {"max": 7}, "keys": ["c"], "name": null, "new": 1});
        assert_eq!(
            over(defaults, section),
            json!({"retry": {"max": 7, "on": true}, "keys": ["c"], "name": "x", "new": 1})
        );
    }

    #[test]
    fn a_map_that_came_from_the_environment_merges_like_any_other() {
        let section = json!({"retry": {EXPANDED: {"value": {"max": 7}, "original": "{max: 7}"}}});
        assert_eq!(
            over(json!({"retry": {"max": 5, "on": true}}), section),
            json!({"retry": {"max": 7, "on": true}})
        );
    }
}
