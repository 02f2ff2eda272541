use std::collections::BTreeMap;

use insta::assert_snapshot;
use serde_json::json;

use super::*;

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct Config {
    endpoint: String,
    port: u16,
    ratio: f64,
    timeout: Duration,
    token: OpaqueString,
    retry: Retry,
    keys: Vec<String>,
    headers: BTreeMap<String, String>,
    actions: Vec<Action>,
    label: Option<String>,
    limits: Range,
    ranges: Vec<Range>,
}

/// Its keys must be there, but where the defaults have them.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
struct Range {
    low: u8,
    high: u8,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct Retry {
    enabled: bool,
    max: u32,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[expect(
    clippy::struct_field_names,
    reason = "so it is in the attributes processor"
)]
struct Action {
    key: String,
    action: Kind,
    #[serde(default)]
    value: Option<Value>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Insert,
    Delete,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            endpoint: "localhost".to_owned(),
            port: 4317,
            ratio: 0.5,
            timeout: Duration::from_secs(5),
            token: "default-secret".into(),
            retry: Retry::default(),
            keys: vec!["a".to_owned(), "b".to_owned()],
            headers: BTreeMap::from([("x-one".to_owned(), "1".to_owned())]),
            actions: Vec::new(),
            label: None,
            limits: Range::default(),
            ranges: Vec::new(),
        }
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            enabled: true,
            max: 3,
        }
    }
}

impl Validate for Config {
    fn validate(&self) -> Result<(), ConfigErrors> {
        let mut errors = ConfigErrors::new();
        for (index, action) in self.actions.iter().enumerate() {
            if action.key.is_empty() {
                errors.push(format!("actions::{index}::key"), "must not be empty");
            }
            if matches!(action.action, Kind::Insert) && action.value.is_none() {
                errors.push(format!("actions::{index}::value"), "is needed for `insert`");
            }
        }
        errors.into_result()
    }
}

fn read(section: &Value) -> Config {
    from_json(section.to_string().as_bytes()).unwrap()
}

fn complaints(section: &Value) -> String {
    from_json::<Config>(section.to_string().as_bytes())
        .unwrap_err()
        .to_string()
}

#[expect(clippy::needless_pass_by_value, reason = "callers write `json!(…)`")]
fn from_environment(value: Value, original: &str) -> Value {
    json!({ EXPANDED: { "value": value, "original": original } })
}

#[test]
fn an_empty_section_gives_the_defaults_and_keeps_a_default_secret() {
    for section in [&b""[..], b"null", b"{}"] {
        let config: Config = from_json(section).unwrap();
        assert_eq!(config.port, 4317);
        assert_eq!(config.token.expose(), "default-secret");
    }
}

#[test]
fn maps_merge_over_the_defaults_and_lists_replace_them() {
    let config = read(
        &json!({"retry": {"max": 9}, "headers": {"x-two": "2"}, "keys": ["z"], "timeout": "1m"}),
    );
    assert!(config.retry.enabled);
    assert_eq!(config.retry.max, 9);
    assert_eq!(config.headers.len(), 2);
    assert_eq!(config.keys, ["z"]);
    assert_eq!(config.timeout, Duration::from_secs(60));
}

#[test]
fn null_keeps_the_default() {
    let config = read(&json!({"port": null, "retry": null, "keys": null, "label": null}));
    assert_eq!(
        (
            config.port,
            config.retry.max,
            config.keys.len(),
            config.label
        ),
        (4317, 3, 2, None)
    );
}

#[test]
fn text_targets_see_the_original_of_an_environment_variable_and_others_its_value() {
    let config = read(&json!({
        "endpoint": from_environment(json!(83), "0123"),
        "port": from_environment(json!(4318), "4318"),
        "token": from_environment(json!(1e5), "1e5"),
        "timeout": from_environment(json!("5s"), "5s"),
        "label": from_environment(json!(true), "yes"),
        "headers": {"x-one": from_environment(json!(false), "no")},
        "actions": [
            {
                "key": from_environment(json!(1), "01"),
                "action": from_environment(json!("delete"), "delete"),
            },
            {"key": "k", "action": "insert", "value": from_environment(json!(7), "007")},
        ],
        "retry": from_environment(json!({"max": 1}), "{max: 1}"),
    }));
    assert_eq!(config.endpoint, "0123");
    assert_eq!(config.port, 4318);
    assert_eq!(config.token.expose(), "1e5");
    assert_eq!(config.timeout, Duration::from_secs(5));
    assert_eq!(config.label.as_deref(), Some("yes"));
    assert_eq!(config.headers["x-one"], "no");
    assert_eq!(config.actions[0].key, "01");
    assert_eq!(config.actions[1].value, Some(json!(7)));
    assert!(config.retry.enabled && config.retry.max == 1);
}

#[test]
fn a_text_becomes_a_list_at_its_commas() {
    assert_eq!(read(&json!({"keys": "x,y"})).keys, ["x", "y"]);
    assert_eq!(
        read(&json!({"keys": from_environment(json!("x,y"), "x,y")})).keys,
        ["x", "y"]
    );
    assert!(read(&json!({"keys": ""})).keys.is_empty());
}

#[test]
fn lists_every_unknown_key_with_its_path_and_suggests_the_near_one() {
    let section = json!({
        "Port": 1,
        "colour": null,
        "retry": {"maxx": 2},
        "actions": [{"key": "k", "action": "delete", "vaule": 1, "other": {"deep": 1}}],
    });
    assert_snapshot!(complaints(&section));
}

#[test]
fn names_the_place_and_the_type_that_was_wanted() {
    let wrong = [
        json!({"port": "4317"}),
        json!({"port": 70000}),
        json!({"endpoint": 5}),
        json!({"endpoint": ["a"]}),
        json!({"retry": true}),
        json!({"retry": {"enabled": "true"}}),
        json!({"keys": {"a": 1}}),
        json!({"keys": ["a", null]}),
        json!({"headers": {"x": null}}),
        json!({"timeout": 5}),
        json!({"timeout": "5 seconds"}),
        json!({"actions": [{"action": "delete"}]}),
        json!({"actions": [{"key": "k", "action": "destroy"}]}),
        json!({"actions": [{"key": "k", "action": {"delete": 1}}]}),
        json!({"unknown": 1, "port": true}),
    ];
    let text: Vec<String> = wrong.iter().map(complaints).collect();
    assert_snapshot!(text.join("\n---\n"));
}

#[test]
fn validation_tells_everything_at_once() {
    let section =
        json!({"actions": [{"key": "", "action": "insert"}, {"key": "k", "action": "insert"}]});
    assert_snapshot!(complaints(&section));
}

#[test]
fn refuses_what_is_no_section() {
    let text: Vec<String> = [&b"[1]"[..], b"{", b"\"text\"", b"\xff"]
        .iter()
        .map(|section| from_json::<Config>(section).unwrap_err().to_string())
        .collect();
    assert_snapshot!(text.join("\n"));
}

#[test]
fn a_deep_section_is_an_error_and_not_a_crash() {
    let deep = format!("{}1{}", "{\"retry\":".repeat(100_000), "}".repeat(100_000));
    assert!(from_json::<Config>(deep.as_bytes()).is_err());
}

#[test]
fn a_number_that_json_lacks_arrives_or_its_key_is_named() {
    let number = |text: &str| json!({ NUMBER: text });
    for text in ["inf", "-inf", "NaN"] {
        let config = read(&json!({"ratio": number(text)}));
        assert_eq!(config.ratio.to_string(), text);
    }
    let expanded = from_environment(number("-inf"), "-.inf");
    let config = read(&json!({"ratio": expanded, "endpoint": expanded}));
    assert_eq!(config.ratio.to_string(), "-inf");
    assert_eq!(config.endpoint, "-.inf");
    let action = |value| json!({"actions": [{"key": "k", "action": "insert", "value": value}]});
    let wrong = [
        json!({"port": number("inf")}),
        json!({"endpoint": number("inf")}),
        json!({"retry": number("inf")}),
        action(number("inf")),
        action(json!([{"deep": number("NaN")}])),
    ];
    let text: Vec<String> = wrong.iter().map(complaints).collect();
    assert_snapshot!(text.join("\n"));
}

#[test]
fn schema_and_decoder_agree() {
    let schema = jsonschema::validator_for(&described::<Config>(Vec::new()).unwrap().1).unwrap();
    let action = |more: Value| {
        let mut action = json!({"key": "k", "action": "delete"});
        let (Some(action), Value::Object(more)) = (action.as_object_mut(), more) else {
            unreachable!("both are maps")
        };
        action.extend(more);
        json!({"actions": [action]})
    };
    for (section, is_good) in [
        (json!({}), true),
        (
            json!({"port": null, "ratio": null, "timeout": null, "token": null}),
            true,
        ),
        (
            json!({"retry": null, "keys": null, "headers": null, "label": null}),
            true,
        ),
        (json!({"retry": {"max": null}}), true),
        (json!({"retry": {"max": u32::MAX}}), true),
        (json!({"retry": {"max": u64::from(u32::MAX) + 1}}), false),
        (json!({"retry": {"maxx": 1}}), false),
        (json!({"unknown": null}), false),
        (json!({"limits": {"low": 1}}), true),
        (json!({"limits": {"low": null}}), true),
        (json!({"limits": {"lower": 1}}), false),
        (json!({"ranges": [{"low": 1}]}), false),
        (json!({"ranges": [{"low": 1, "high": 2}]}), true),
        (json!({"ranges": [{"low": 1, "high": null}]}), false),
        (json!({"keys": "a,b"}), true),
        (json!({"keys": ["a", null]}), false),
        (json!({"headers": {"x": "y"}}), true),
        (json!({"headers": {"x": null}}), false),
        (json!({"port": 70_000}), false),
        (action(json!({})), true),
        (action(json!({"value": null})), true),
        (action(json!({"value": {"any": [1]}})), true),
        (action(json!({"key": null})), false),
        (action(json!({"action": null})), false),
        (action(json!({"other": 1})), false),
    ] {
        let decoded = from_json::<Config>(section.to_string().as_bytes());
        assert_eq!(decoded.is_ok(), is_good, "decoder: {section} {decoded:?}");
        assert_eq!(schema.is_valid(&section), is_good, "schema: {section}");
    }
}

#[test]
fn defaults_hide_secrets() {
    assert_eq!(
        described::<Config>(Vec::new()).unwrap().0["token"],
        "[REDACTED]"
    );
}

proptest::proptest! {
    #[test]
    fn never_panics_on_any_bytes(section: Vec<u8>) {
        let _ = from_json::<Config>(&section);
    }
}
