//! Attribute values and log bodies, as they are found in telemetry.
//!
//! In: the bytes of an `AnyValue`. Out: a typed [`Value`]. Invariant: nothing is copied; lists and
//! maps are decoded one entry at a time.

use std::fmt;

use crate::encode::{Encode, Sink};
use crate::entries::{key_of, value_of};
use crate::text::Text;
use crate::wire::{Fields, Payload, WIRE_FIXED64, WIRE_VARINT};

const STRING: u32 = 1;
const BOOL: u32 = 2;
const INT: u32 = 3;
const DOUBLE: u32 = 4;
const ARRAY: u32 = 5;
const MAP: u32 = 6;
const BYTES: u32 = 7;
const STRING_INDEX: u32 = 8;
const ENTRIES: u32 = 1;

/// A value of an attribute or the body of a log record.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Value<'v> {
    /// No value is set, or one of a kind that this crate does not know.
    #[default]
    Empty,
    /// Text.
    Str(Text<'v>),
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A floating-point number.
    Double(f64),
    /// Bytes.
    Bytes(&'v [u8]),
    /// A list of values.
    Array(Array<'v>),
    /// Keys and values.
    Map(Map<'v>),
}

impl<'v> Value<'v> {
    /// Reads an `AnyValue` that may be spread over several fields: of all the variants set, the
    /// last one counts.
    pub(crate) fn of(parts: impl Iterator<Item = &'v [u8]>) -> Self {
        parts
            .flat_map(Fields::of)
            .filter_map(|field| Self::variant(field.number, field.payload))
            .last()
            .unwrap_or_default()
    }

    #[expect(clippy::cast_possible_wrap, reason = "that is how `int64` is encoded")]
    fn variant(number: u32, payload: Payload<'v>) -> Option<Self> {
        Some(match (number, payload) {
            (STRING, Payload::Len(text)) => Self::Str(Text::from_bytes(text)),
            (BOOL, Payload::Varint(truth)) => Self::Bool(truth != 0),
            (INT, Payload::Varint(int)) => Self::Int(int as i64),
            (DOUBLE, Payload::Fixed64(bits)) => Self::Double(f64::from_bits(bits)),
            (ARRAY, Payload::Len(content)) => Self::Array(Array { content }),
            (MAP, Payload::Len(content)) => Self::Map(Map { content }),
            (BYTES, Payload::Len(bytes)) => Self::Bytes(bytes),
            (STRING_INDEX, Payload::Varint(_)) => Self::Empty,
            _ => return None,
        })
    }

    /// The text, if this is text in UTF-8.
    pub fn as_str(&self) -> Option<&'v str> {
        match self {
            Self::Str(text) => text.to_str(),
            _ => None,
        }
    }

    /// The truth value, if this is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// The number, if this is a whole one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(int) => Some(*int),
            _ => None,
        }
    }

    /// The number, if this is a floating-point one.
    pub fn as_double(&self) -> Option<f64> {
        match self {
            Self::Double(double) => Some(*double),
            _ => None,
        }
    }

    /// The bytes, if this is bytes.
    pub fn as_bytes(&self) -> Option<&'v [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The list, if this is one.
    pub fn as_array(&self) -> Option<Array<'v>> {
        match self {
            Self::Array(array) => Some(*array),
            _ => None,
        }
    }

    /// The keys and values, if this is a map.
    pub fn as_map(&self) -> Option<Map<'v>> {
        match self {
            Self::Map(map) => Some(*map),
            _ => None,
        }
    }

    /// Whether no value is set.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }
}

impl Encode for Value<'_> {
    #[expect(clippy::cast_sign_loss, reason = "that is how `int64` is encoded")]
    fn encode(&self, out: &mut impl Sink) {
        match *self {
            Self::Empty => {}
            Self::Str(text) => out.len_delimited(STRING, text.as_bytes()),
            Self::Bool(truth) => {
                out.tag(BOOL, WIRE_VARINT);
                out.varint(u64::from(truth));
            }
            Self::Int(int) => {
                out.tag(INT, WIRE_VARINT);
                out.varint(int as u64);
            }
            Self::Double(double) => {
                out.tag(DOUBLE, WIRE_FIXED64);
                out.bytes(&double.to_bits().to_le_bytes());
            }
            Self::Bytes(bytes) => out.len_delimited(BYTES, bytes),
            Self::Array(array) => out.len_delimited(ARRAY, array.content),
            Self::Map(map) => out.len_delimited(MAP, map.content),
        }
    }
}

impl<'v> From<&'v str> for Value<'v> {
    fn from(text: &'v str) -> Self {
        Self::Str(text.into())
    }
}

impl<'v> From<&'v String> for Value<'v> {
    fn from(text: &'v String) -> Self {
        Self::Str(text.as_str().into())
    }
}

impl<'v> From<Text<'v>> for Value<'v> {
    fn from(text: Text<'v>) -> Self {
        Self::Str(text)
    }
}

impl From<bool> for Value<'_> {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<i64> for Value<'_> {
    fn from(int: i64) -> Self {
        Self::Int(int)
    }
}

impl From<f64> for Value<'_> {
    fn from(double: f64) -> Self {
        Self::Double(double)
    }
}

impl<'v> From<&'v [u8]> for Value<'v> {
    fn from(bytes: &'v [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

/// A list of values, decoded while it is read.
#[derive(Clone, Copy)]
pub struct Array<'v> {
    content: &'v [u8],
}

impl<'v> Array<'v> {
    /// The values, in order.
    pub fn iter(&self) -> ArrayIter<'v> {
        ArrayIter {
            fields: Fields::of(self.content),
        }
    }
}

/// Keys and values, decoded while they are read.
#[derive(Clone, Copy)]
pub struct Map<'v> {
    content: &'v [u8],
}

impl<'v> Map<'v> {
    /// The keys and values, in order; a key that occurs twice is given twice.
    pub fn iter(&self) -> MapIter<'v> {
        MapIter {
            fields: Fields::of(self.content),
        }
    }

    /// The first value of `key`.
    pub fn get(&self, key: &str) -> Option<Value<'v>> {
        self.iter()
            .find(|(found, _)| *found == key)
            .map(|(_, value)| value)
    }
}

/// The values of an [`Array`].
#[derive(Clone, Debug)]
pub struct ArrayIter<'v> {
    fields: Fields<'v>,
}

impl<'v> Iterator for ArrayIter<'v> {
    type Item = Value<'v>;

    fn next(&mut self) -> Option<Value<'v>> {
        next_entry(&mut self.fields).map(|entry| Value::of(std::iter::once(entry)))
    }
}

/// The entries of a [`Map`].
#[derive(Clone, Debug)]
pub struct MapIter<'v> {
    fields: Fields<'v>,
}

impl<'v> Iterator for MapIter<'v> {
    type Item = (Text<'v>, Value<'v>);

    fn next(&mut self) -> Option<(Text<'v>, Value<'v>)> {
        next_entry(&mut self.fields).map(|entry| (key_of(entry), value_of(entry)))
    }
}

fn next_entry<'v>(fields: &mut Fields<'v>) -> Option<&'v [u8]> {
    fields
        .filter(|field| field.number == ENTRIES)
        .find_map(|field| field.payload.content())
}

/// Writes the content of an `ArrayValue`, each value already encoded.
pub(crate) fn encode_array<'v>(values: impl Iterator<Item = &'v [u8]>, out: &mut Vec<u8>) {
    let mut content = Vec::new();
    for value in values {
        content.len_delimited(ENTRIES, value);
    }
    out.len_delimited(ARRAY, &content);
}

/// Writes the content of a `KeyValueList`, each entry already encoded as `KeyValue`.
pub(crate) fn encode_map<'v>(entries: impl Iterator<Item = &'v [u8]>, out: &mut Vec<u8>) {
    let mut content = Vec::new();
    for entry in entries {
        content.len_delimited(ENTRIES, entry);
    }
    out.len_delimited(MAP, &content);
}

impl<'v> IntoIterator for &Array<'v> {
    type Item = Value<'v>;
    type IntoIter = ArrayIter<'v>;

    fn into_iter(self) -> ArrayIter<'v> {
        self.iter()
    }
}

impl<'v> IntoIterator for &Map<'v> {
    type Item = (Text<'v>, Value<'v>);
    type IntoIter = MapIter<'v>;

    fn into_iter(self) -> MapIter<'v> {
        self.iter()
    }
}

impl PartialEq for Array<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl PartialEq for Map<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl fmt::Debug for Array<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl fmt::Debug for Map<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}
