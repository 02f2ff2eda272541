//! Decodes a merged section as Go's `confmap` would.
//!
//! In: a JSON value whose leaves may stand for `${…}`. Out: the author's type, or complaints with
//! paths. Invariant: text targets see the original text of `${…}`, all others its value; no other
//! conversion happens, but `a,b` is a list of two.

mod node;
mod words;

use std::cell::RefCell;
use std::fmt;

use serde::de::{self, DeserializeOwned, Expected, Unexpected};
use serde_json::Value;

use super::errors::ConfigErrors;
use node::Node;

/// Decodes `value`; unknown keys are listed all, of the other complaints serde tells the first.
pub(super) fn decode<T: DeserializeOwned>(value: &Value) -> Result<T, ConfigErrors> {
    let unknown = RefCell::new(ConfigErrors::new());
    let decoded = T::deserialize(Node {
        value,
        path: Path::Root,
        siblings: None,
        unknown: &unknown,
    });
    let mut errors = unknown.into_inner();
    match decoded {
        Ok(config) => errors.into_result().map(|()| config),
        Err(error) => {
            errors.push(error.path.unwrap_or_default(), error.message);
            Err(errors)
        }
    }
}

/// Where a value stands; lives on the stack of the descent.
#[derive(Clone, Copy)]
enum Path<'p> {
    Root,
    Key(&'p Path<'p>, &'p str),
    Index(&'p Path<'p>, usize),
}

/// The first complaint of serde; the innermost value names the path.
#[derive(Debug)]
struct DecodeError {
    path: Option<String>,
    message: String,
}

impl DecodeError {
    fn at(mut self, path: Path<'_>) -> Self {
        self.path.get_or_insert_with(|| path.to_string());
        self
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Key(parent, _) | Self::Index(parent, _) = self
            && !matches!(parent, Self::Root)
        {
            write!(f, "{parent}::")?;
        }
        match self {
            Self::Root => Ok(()),
            Self::Key(_, key) => f.write_str(key),
            Self::Index(_, index) => write!(f, "{index}"),
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for DecodeError {}

impl de::Error for DecodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self {
            path: None,
            message: message.to_string(),
        }
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(format_args!(
            "expected {}, found {}",
            words::wanted(expected),
            words::found(found)
        ))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(format_args!(
            "expected {}, found {}",
            words::wanted(expected),
            words::value(found)
        ))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::custom(format_args!("key `{field}` is missing"))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let variant = variant.escape_debug();
        Self::custom(format_args!(
            "expected one of `{}`, found `{variant}`",
            expected.join("`, `")
        ))
    }
}
