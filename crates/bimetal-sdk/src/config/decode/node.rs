//! One value of a section as serde's source of data.
//!
//! In: a JSON value and its path. Out: calls of serde's visitors. Invariant: the wanted type
//! decides, the value is never converted.

mod access;

use std::cell::RefCell;

use serde::de::value::{SeqDeserializer, StrDeserializer};
use serde::de::{self, Deserializer, IntoDeserializer, Unexpected, Visitor};
use serde_json::Value;

use access::{Entries, Items, Variant};

use super::{DecodeError, Path};
use crate::config::errors::ConfigErrors;
use crate::config::merge::{expanded, number};
use crate::config::near::nearest;

/// One value and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Node<'de, 'p> {
    pub(super) value: &'de Value,
    pub(super) path: Path<'p>,
    /// Fields of the struct that this value is in; none elsewhere.
    pub(super) siblings: Option<&'static [&'static str]>,
    pub(super) unknown: &'p RefCell<ConfigErrors>,
}

impl<'de> Node<'de, '_> {
    /// What every target but text sees.
    fn plain(&self) -> &'de Value {
        expanded(self.value).map_or(self.value, |(value, _)| value)
    }

    /// What text targets see.
    fn text(&self) -> Option<&'de str> {
        match expanded(self.value) {
            Some((_, original)) => Some(original),
            None => self.value.as_str(),
        }
    }

    fn mismatch<V: Visitor<'de>>(&self, visitor: &V) -> DecodeError {
        let unexpected = match self.plain() {
            Value::Null => Unexpected::Other("null"),
            Value::Bool(value) => Unexpected::Bool(*value),
            Value::Number(value) => match (value.as_i64(), value.as_f64()) {
                (Some(value), _) => Unexpected::Signed(value),
                (_, value) => Unexpected::Float(value.unwrap_or_default()),
            },
            Value::String(value) => Unexpected::Str(value),
            Value::Array(_) => Unexpected::Seq,
            value @ Value::Object(_) => match number(value) {
                Some(value) => Unexpected::Float(value),
                None => Unexpected::Map,
            },
        };
        de::Error::invalid_type(unexpected, visitor)
    }

    fn map<V: Visitor<'de>>(
        self,
        fields: Option<&'static [&'static str]>,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match self.plain() {
            value @ Value::Object(map) if number(value).is_none() => {
                visitor.visit_map(Entries::new(map, fields, self))
            }
            _ => Err(self.mismatch(&visitor)),
        }
        .map_err(|error| error.at(self.path))
    }

    fn list<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.plain() {
            Value::Array(items) => visitor.visit_seq(Items::new(items, self)),
            // Go's decoder makes a list of a text.
            Value::String(text) => {
                let parts = text.split(',').filter(|_| !text.is_empty());
                let parts = parts.map(IntoDeserializer::<DecodeError>::into_deserializer);
                visitor.visit_seq(SeqDeserializer::new(parts))
            }
            _ => Err(self.mismatch(&visitor)),
        }
        .map_err(|error| error.at(self.path))
    }
}

/// Scalars go by what the value is; the visitor refuses what it does not take.
macro_rules! by_value {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            if self.plain().is_null() {
                return Err(self.mismatch(&visitor).at(self.path));
            }
            match number(self.plain()) {
                Some(value) => visitor.visit_f64(value).map_err(|error: DecodeError| {
                    error.at(self.path)
                }),
                None => self.deserialize_any(visitor),
            }
        }
    )*};
}

/// Text goes by the original.
macro_rules! by_text {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            match self.text() {
                Some(text) => visitor.visit_borrowed_str(text),
                None => Err(self.mismatch(&visitor)),
            }
            .map_err(|error| error.at(self.path))
        }
    )*};
}

impl<'de> Deserializer<'de> for Node<'de, '_> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.plain() {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(value) => match (value.as_u64(), value.as_i64(), value.as_f64()) {
                (Some(value), ..) => visitor.visit_u64(value),
                (_, Some(value), _) => visitor.visit_i64(value),
                (.., Some(value)) => visitor.visit_f64(value),
                _ => Err(self.mismatch(&visitor)),
            },
            Value::String(value) => visitor.visit_borrowed_str(value),
            Value::Array(items) => visitor.visit_seq(Items::new(items, self)),
            // What takes anything, as a JSON value does, would make null of it.
            value @ Value::Object(map) => match number(value) {
                Some(value) => Err(de::Error::custom(format_args!(
                    "expected a finite number, found {value}"
                ))),
                None => visitor.visit_map(Entries::new(map, None, self)),
            },
        }
        .map_err(|error| error.at(self.path))
    }

    by_value! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64
    }

    by_text! { deserialize_str deserialize_string deserialize_char deserialize_identifier }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.text() {
            Some(text) => visitor
                .visit_borrowed_bytes(text.as_bytes())
                .map_err(|error: DecodeError| error.at(self.path)),
            None => self.list(visitor),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if self.plain().is_null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(Node {
                siblings: None,
                ..self
            })
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_any(visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.deserialize_any(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(Node {
            siblings: None,
            ..self
        })
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.list(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.list(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.list(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.map(None, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.map(Some(fields), visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match (self.plain(), self.text()) {
            (value @ Value::Object(map), _) if number(value).is_none() => match map.iter().next() {
                Some((name, value)) if map.len() == 1 => {
                    visitor.visit_enum(Variant::new(name, value, self))
                }
                _ => Err(self.mismatch(&visitor)),
            },
            (Value::Array(_) | Value::Object(_), _) | (_, None) => Err(self.mismatch(&visitor)),
            (_, Some(name)) => visitor.visit_enum(StrDeserializer::new(name)),
        }
        .map_err(|error| error.at(self.path))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if let (Some(fields), Path::Key(_, key)) = (self.siblings, self.path) {
            let message = match nearest(key, fields) {
                Some(meant) => format!("unknown key; did you mean `{meant}`?"),
                None => "unknown key".to_owned(),
            };
            self.unknown
                .borrow_mut()
                .push(self.path.to_string(), message);
        }
        visitor.visit_unit()
    }
}
