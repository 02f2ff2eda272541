//! The section of the configuration: the keys that contrib's processor of the same type has.
//!
//! In: the section. Out: [`Action`]s, or every complaint with its path. Invariant: a key of
//! contrib's that is not supported yet is a complaint of its own; nothing is left out in silence.

use bimetal_sdk::config::{ConfigErrors, Validate};
use bimetal_sdk::pdata::{ValueBuf, Write};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use crate::action::{Action, Source};

/// Decoders of OTLP give up at 100 nested messages, and every level of a value is two of them.
const DEEPEST_VALUE: usize = 40;
const SUPPORTED: &str = "`insert`, `update`, `upsert` or `delete`";
const NOT_YET: &str = "is not supported by this processor yet";

/// The section `attributes:`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct Config {
    /// What to do with every attribute list, in this order. Required.
    actions: Vec<ActionConfig>,
    #[serde(skip_serializing)]
    #[schemars(skip)]
    include: Option<Value>,
    #[serde(skip_serializing)]
    #[schemars(skip)]
    exclude: Option<Value>,
}

/// One entry of `actions:`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct ActionConfig {
    /// The attribute to act on. Required.
    key: String,
    /// `insert`, `update`, `upsert` or `delete`, in any case of letters. Required.
    action: String,
    /// The value to write; it keeps the type that it has here.
    value: Option<Value>,
    /// The attribute whose value to write. If there is none, `default_value` counts; without that,
    /// nothing happens.
    from_attribute: String,
    /// The value to write when `from_attribute` does not exist or is not set.
    default_value: Option<Value>,
    #[serde(skip_serializing)]
    #[schemars(skip)]
    from_context: Option<Value>,
    #[serde(skip_serializing)]
    #[schemars(skip)]
    pattern: Option<Value>,
    #[serde(skip_serializing)]
    #[schemars(skip)]
    converted_type: Option<Value>,
}

impl Config {
    /// The actions, or everything that is wrong with them.
    pub(crate) fn actions(&self) -> Result<Vec<Action>, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        for (key, value) in [("include", &self.include), ("exclude", &self.exclude)] {
            if value.is_some() {
                errors.push(key, NOT_YET);
            }
        }
        if self.actions.is_empty() {
            errors.push("actions", "must have at least one entry");
        }
        let mut actions = Vec::with_capacity(self.actions.len());
        for (index, action) in self.actions.iter().enumerate() {
            match action.action() {
                Ok(action) => actions.push(action),
                Err(complaints) => errors.nest(&format!("actions::{index}"), Err(complaints)),
            }
        }
        errors.into_result().map(|()| actions)
    }
}

impl Validate for Config {
    fn validate(&self) -> Result<(), ConfigErrors> {
        self.actions().map(drop)
    }
}

impl ActionConfig {
    fn action(&self) -> Result<Action, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        if self.key.is_empty() {
            errors.push("key", "must not be empty");
        }
        for (key, value) in [
            ("from_context", &self.from_context),
            ("pattern", &self.pattern),
            ("converted_type", &self.converted_type),
        ] {
            if value.is_some() {
                errors.push(key, NOT_YET);
            }
        }
        let name = self.action.to_lowercase();
        let key = self.key.clone();
        let action = match name.as_str() {
            "insert" => self.write(Write::Insert, key, &mut errors),
            "update" => self.write(Write::Update, key, &mut errors),
            "upsert" => self.write(Write::Upsert, key, &mut errors),
            "delete" => {
                self.refuse_source(&mut errors);
                Some(Action::Delete { key })
            }
            "hash" | "extract" | "convert" => {
                errors.push("action", format!("`{name}` {NOT_YET}; use {SUPPORTED}"));
                None
            }
            "" => {
                errors.push("action", format!("must be {SUPPORTED}"));
                None
            }
            _ => {
                errors.push(
                    "action",
                    format!("must be {SUPPORTED}, found `{}`", self.action),
                );
                None
            }
        };
        match action {
            Some(action) => errors.into_result().map(|()| action),
            None => Err(errors),
        }
    }

    /// `None` only together with a complaint.
    fn write(&self, when: Write, key: String, errors: &mut ConfigErrors) -> Option<Action> {
        let value = checked("value", self.value.as_ref(), errors);
        let default = checked("default_value", self.default_value.as_ref(), errors);
        let source = match (value, self.from_attribute.is_empty(), default) {
            (Some(_), false, _) => {
                errors.push("from_attribute", "cannot be set together with `value`");
                return None;
            }
            (Some(value), true, _) | (None, true, Some(value)) => Source::Value(value),
            (None, false, default) => Source::Attribute {
                from: self.from_attribute.clone(),
                default,
            },
            (None, true, None) => {
                // Where the value has a complaint of its own, one more would mislead.
                if self.value.is_none()
                    && self.default_value.is_none()
                    && self.from_context.is_none()
                {
                    errors.push(
                        "value",
                        "must be set, or `from_attribute` or `default_value` instead of it",
                    );
                }
                return None;
            }
        };
        Some(Action::Write { key, when, source })
    }

    fn refuse_source(&self, errors: &mut ConfigErrors) {
        if self.value.is_some() {
            errors.push("value", "must not be set for `delete`");
        }
        if !self.from_attribute.is_empty() {
            errors.push("from_attribute", "must not be set for `delete`");
        }
    }
}

fn checked(key: &str, value: Option<&Value>, errors: &mut ConfigErrors) -> Option<ValueBuf> {
    let value = value?;
    let converted = attribute_value(value, DEEPEST_VALUE);
    if converted.is_none() {
        errors.push(
            key,
            format!("must not be nested more than `{DEEPEST_VALUE}` levels deep"),
        );
    }
    converted
}

/// The value with the type that it has in the configuration; `None` if it is nested too deeply.
fn attribute_value(value: &Value, levels: usize) -> Option<ValueBuf> {
    let inner = levels.checked_sub(1);
    Some(match value {
        Value::Null => ValueBuf::empty(),
        Value::Bool(truth) => (*truth).into(),
        Value::Number(number) => number_value(number),
        Value::String(text) => text.into(),
        Value::Array(values) => {
            let inner = inner?;
            let values = values.iter().map(|value| attribute_value(value, inner));
            ValueBuf::array(values.collect::<Option<Vec<_>>>()?)
        }
        Value::Object(entries) => {
            let inner = inner?;
            let entries = entries
                .iter()
                .map(|(key, value)| Some((key, attribute_value(value, inner)?)));
            ValueBuf::map(entries.collect::<Option<Vec<_>>>()?)
        }
    })
}

/// Whole numbers stay whole; those above the largest signed one wrap around, as they do in the
/// Collector.
fn number_value(number: &Number) -> ValueBuf {
    if let Some(int) = number.as_i64() {
        return int.into();
    }
    match number.as_u64() {
        Some(int) => int.cast_signed().into(),
        None => number.as_f64().unwrap_or_default().into(),
    }
}
