//! What is wrong with a configuration, and what the component says about itself.

use bimetal_attributes_processor::component;
use bimetal_sdk::Signal;
use bimetal_sdk::testing::TestHost;
use serde_json::{Value, json};

fn complaints(section: &Value) -> String {
    let host = TestHost::new(component());
    let failure = host.validate(section).unwrap_err();
    let created = host.create(Signal::Logs, section).unwrap_err();
    assert_eq!(failure.message, created.message);
    failure.message
}

fn all(sections: &[Value]) -> String {
    let texts: Vec<String> = sections
        .iter()
        .map(|section| format!("{section}\n{}", complaints(section)))
        .collect();
    texts.join("\n\n")
}

#[test]
fn refuses_a_section_without_actions() {
    insta::assert_snapshot!(all(&[
        json!({}),
        json!(null),
        json!({"actions": []}),
        json!({"actions": null}),
        json!({"actions": {"key": "a"}}),
    ]));
}

#[test]
fn refuses_actions_that_lack_something() {
    let one = |action: Value| json!({"actions": [action]});
    insta::assert_snapshot!(all(&[
        one(json!({})),
        one(json!({"action": "delete"})),
        one(json!({"key": "", "action": "delete"})),
        one(json!({"key": "a"})),
        one(json!({"key": "a", "action": "replace", "value": 1})),
        one(json!({"key": "a", "action": "insert"})),
        one(json!({"key": "a", "action": "update", "value": null})),
        one(json!({"key": "a", "action": "upsert", "from_attribute": ""})),
    ]));
}

#[test]
fn refuses_actions_that_contradict_themselves() {
    let one = |action: Value| json!({"actions": [action]});
    insta::assert_snapshot!(all(&[
        one(json!({"key": "a", "action": "insert", "value": 1, "from_attribute": "b"})),
        one(json!({"key": "a", "action": "delete", "value": 1, "from_attribute": "b"})),
    ]));
}

#[test]
fn refuses_wrong_types() {
    let one = |action: Value| json!({"actions": [action]});
    insta::assert_snapshot!(all(&[
        one(json!({"key": 5, "action": "delete"})),
        one(json!({"key": "a", "action": 1})),
        one(json!({"key": "a", "action": "insert", "from_attribute": ["b"]})),
        json!({"actions": ["delete"]}),
    ]));
}

#[test]
fn names_every_key_and_action_of_contrib_that_is_not_supported_yet() {
    insta::assert_snapshot!(complaints(&json!({
        "include": {"match_type": "strict", "services": ["svc"]},
        "exclude": {"match_type": "regexp"},
        "actions": [
            {"key": "a", "action": "insert", "from_context": "metadata.x"},
            {"key": "a", "action": "delete", "pattern": "^a"},
            {"pattern": "^a", "action": "delete"},
            {"key": "a", "action": "hash"},
            {"key": "a", "action": "EXTRACT", "pattern": "(?P<b>.*)"},
            {"key": "a", "action": "convert", "converted_type": "int"},
        ],
    })));
}

#[test]
fn names_unknown_keys() {
    insta::assert_snapshot!(complaints(&json!({
        "action": [],
        "actions": [{"key": "a", "vaule": 1, "action": "insert", "value": 1, "colour": "red"}],
    })));
}

#[test]
fn refuses_values_that_no_decoder_would_read() {
    let nested = |levels: usize| (0..levels).fold(json!(1), |value, _| json!([value]));
    let section = |value| json!({"actions": [{"key": "a", "action": "insert", "value": value}]});
    let host = TestHost::new(component());
    host.validate(&section(nested(40))).unwrap();
    assert_eq!(
        complaints(&section(nested(41))),
        "actions::0::value: must not be nested more than `40` levels deep"
    );
}

#[test]
fn accepts_what_contrib_accepts_and_ignores() {
    let host = TestHost::new(component());
    for action in [
        json!({"key": "a", "action": "delete", "default_value": 1}),
        json!({"key": "a", "action": "delete", "value": null, "from_attribute": ""}),
        json!({"key": "a", "action": "insert", "value": 1, "default_value": 2}),
    ] {
        host.validate(&json!({"actions": [action]})).unwrap();
    }
}

#[test]
fn describes_itself() {
    insta::assert_json_snapshot!(TestHost::new(component()).describe().unwrap());
}
