//! What each action does, the same for every carrier of attributes; the results are those of
//! contrib's processor.

use bimetal_attributes_processor::component;
use bimetal_sdk::testing::TestHost;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, KeyValue, KeyValueList, any_value::Value,
};
use serde_json::{Value as Json, json};

use crate::carriers::{Carrier, attribute, int, text};

/// Runs `actions` over every carrier, with a host that holds OTLP and one that takes edits.
fn assert_becomes(actions: &Json, input: &[KeyValue], expected: &[KeyValue]) {
    let encoded = || TestHost::new(component());
    for (host, carrier) in [encoded(), encoded().with_edits()]
        .iter()
        .flat_map(|host| Carrier::ALL.map(|carrier| (host, carrier)))
    {
        let processor = host
            .started(carrier.signal(), &json!({"actions": actions}))
            .unwrap();
        let bytes = carrier.encode(input.to_vec());
        let next = processor.consume(&bytes).unwrap().next(&bytes).unwrap();
        assert_eq!(carrier.decode(&next), expected, "{carrier:?} {actions}");
        processor.shutdown().unwrap();
    }
}

#[test]
fn insert_adds_a_missing_key_and_leaves_others_alone() {
    let insert = json!([{"key": "a", "value": "new", "action": "insert"}]);
    assert_becomes(&insert, &[], &[text("a", "new")]);
    assert_becomes(
        &insert,
        &[text("b", "1")],
        &[text("b", "1"), text("a", "new")],
    );
    assert_becomes(&insert, &[text("a", "old")], &[text("a", "old")]);
    assert_becomes(&insert, &[attribute("a", None)], &[attribute("a", None)]);
}

#[test]
fn update_changes_an_existing_key_only() {
    let update = json!([{"key": "a", "value": "new", "action": "update"}]);
    assert_becomes(&update, &[], &[]);
    assert_becomes(&update, &[text("b", "1")], &[text("b", "1")]);
    assert_becomes(
        &update,
        &[int("a", 1), text("b", "1")],
        &[text("a", "new"), text("b", "1")],
    );
}

#[test]
fn upsert_does_either() {
    let upsert = json!([{"key": "a", "value": "new", "action": "upsert"}]);
    assert_becomes(&upsert, &[], &[text("a", "new")]);
    assert_becomes(
        &upsert,
        &[text("b", "1"), int("a", 1)],
        &[text("b", "1"), text("a", "new")],
    );
}

#[test]
fn delete_removes_a_key_and_the_last_attribute_takes_its_place() {
    let delete = json!([{"key": "a", "action": "delete"}]);
    assert_becomes(&delete, &[], &[]);
    assert_becomes(&delete, &[text("A", "1")], &[text("A", "1")]);
    assert_becomes(&delete, &[text("a", "1")], &[]);
    assert_becomes(
        &delete,
        &[text("a", "1"), text("b", "2"), text("c", "3")],
        &[text("c", "3"), text("b", "2")],
    );
}

#[test]
fn of_repeated_keys_the_first_one_is_meant() {
    let input = [text("a", "1"), text("a", "2")];
    let delete = json!([{"key": "a", "action": "delete"}]);
    assert_becomes(&delete, &input, &[text("a", "2")]);
    let update = json!([{"key": "a", "value": "3", "action": "update"}]);
    assert_becomes(&update, &input, &[text("a", "3"), text("a", "2")]);
}

#[test]
fn values_keep_the_type_of_the_configuration() {
    let list = Value::ArrayValue(ArrayValue {
        values: [
            Some(Value::IntValue(1)),
            Some(Value::StringValue("two".to_owned())),
            None,
        ]
        .map(|value| AnyValue { value })
        .into(),
    });
    let map = Value::KvlistValue(KeyValueList {
        values: vec![
            text("k", "v"),
            attribute("n", Some(Value::ArrayValue(ArrayValue::default()))),
        ],
    });
    let cases = [
        (json!("text"), Value::StringValue("text".to_owned())),
        (json!(""), Value::StringValue(String::new())),
        (json!(true), Value::BoolValue(true)),
        (json!(false), Value::BoolValue(false)),
        (json!(0), Value::IntValue(0)),
        (json!(-7), Value::IntValue(-7)),
        (json!(i64::MAX), Value::IntValue(i64::MAX)),
        (json!(u64::MAX), Value::IntValue(-1)),
        (json!(1.0), Value::DoubleValue(1.0)),
        (json!(0.5), Value::DoubleValue(0.5)),
        (json!([1, "two", null]), list),
        (json!({"k": "v", "n": []}), map),
        (json!({}), Value::KvlistValue(KeyValueList::default())),
    ];
    for (config, value) in cases {
        let upsert = json!([{"key": "a", "value": config, "action": "upsert"}]);
        assert_becomes(&upsert, &[text("a", "old")], &[attribute("a", Some(value))]);
    }
}

#[test]
fn from_attribute_copies_a_value_of_any_type() {
    let list = Some(Value::ArrayValue(ArrayValue {
        values: vec![AnyValue {
            value: Some(Value::BytesValue(vec![1, 2])),
        }],
    }));
    let insert = json!([{"key": "to", "from_attribute": "from", "action": "insert"}]);
    for value in [
        None,
        Some(Value::DoubleValue(0.5)),
        Some(Value::BytesValue(vec![0])),
        list,
    ] {
        assert_becomes(
            &insert,
            &[attribute("from", value.clone())],
            &[attribute("from", value.clone()), attribute("to", value)],
        );
    }
    assert_becomes(
        &insert,
        &[text("to", "old"), int("from", 1)],
        &[text("to", "old"), int("from", 1)],
    );
}

#[test]
fn from_attribute_does_nothing_without_its_source() {
    for action in ["insert", "update", "upsert"] {
        let actions = json!([{"key": "to", "from_attribute": "from", "action": action}]);
        assert_becomes(&actions, &[text("to", "old")], &[text("to", "old")]);
        assert_becomes(&actions, &[], &[]);
    }
    let update = json!([{"key": "to", "from_attribute": "from", "action": "update"}]);
    assert_becomes(&update, &[int("from", 1)], &[int("from", 1)]);
    assert_becomes(
        &update,
        &[text("to", "old"), int("from", 1)],
        &[int("to", 1), int("from", 1)],
    );
    let itself = json!([{"key": "to", "from_attribute": "to", "action": "upsert"}]);
    assert_becomes(&itself, &[int("to", 1)], &[int("to", 1)]);
}

#[test]
fn default_value_stands_in_for_a_missing_source() {
    let upsert =
        json!([{"key": "to", "from_attribute": "from", "default_value": 9, "action": "upsert"}]);
    assert_becomes(&upsert, &[], &[int("to", 9)]);
    assert_becomes(&upsert, &[int("from", 1)], &[int("from", 1), int("to", 1)]);
    let only = json!([{"key": "to", "default_value": 9, "action": "insert"}]);
    assert_becomes(&only, &[], &[int("to", 9)]);
    let both = json!([{"key": "to", "value": 8, "default_value": 9, "action": "insert"}]);
    assert_becomes(&both, &[], &[int("to", 8)]);
}

#[test]
fn actions_run_in_order_and_see_each_other() {
    let rename = json!([
        {"key": "new", "from_attribute": "old", "action": "insert"},
        {"key": "old", "action": "delete"},
        {"key": "new", "value": "changed", "action": "update"},
        {"key": "copy", "from_attribute": "new", "action": "upsert"},
    ]);
    assert_becomes(
        &rename,
        &[text("old", "1"), text("b", "2")],
        &[
            text("new", "changed"),
            text("b", "2"),
            text("copy", "changed"),
        ],
    );
}

#[test]
fn the_case_of_an_action_does_not_matter() {
    for action in ["insert", "INSERT", "Insert"] {
        let actions = json!([{"key": "a", "value": 1, "action": action}]);
        assert_becomes(&actions, &[], &[int("a", 1)]);
    }
}
