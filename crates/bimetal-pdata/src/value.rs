//! Attribute values and log bodies, as they are found in telemetry.
//!
//! In: an `AnyValue` message. Out: a typed [`Value`]. Invariant: nothing is copied; lists and maps
//! are decoded one entry at a time. A walk through a value is never deeper than [`VALUE_LEVELS`].

use std::fmt;

use crate::edits::Written;
use crate::message::{Message, Messages};
use crate::otlp::sink::{Encode, Sink};
use crate::otlp::wire::Payload;
use crate::schema::VALUE_LEVELS;
use crate::schema::number::{ARRAY, BOOL, BYTES, DOUBLE, ENTRIES, INT, MAP, STRING, STRING_INDEX};
use crate::text::Text;

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
    /// A value that lies in so many others that it is not decoded. It can be passed on.
    Opaque(Opaque<'v>),
}

macro_rules! variants {
    ($($(#[$doc:meta])* $name:ident: $variant:ident($type:ty);)*) => {
        $(
            $(#[$doc])*
            pub fn $name(&self) -> Option<$type> {
                match self {
                    Self::$variant(value) => Some(*value),
                    _ => None,
                }
            }
        )*
    };
}

impl<'v> Value<'v> {
    /// Reads an `AnyValue`: of all the variants set, the last one counts.
    pub(crate) fn of(message: Message<'v>) -> Self {
        Self::below(message, 0)
    }

    /// Reads an `AnyValue` that lies in so many others.
    fn below(message: Message<'v>, levels: u8) -> Self {
        if levels >= VALUE_LEVELS {
            return Self::Opaque(Opaque { message });
        }
        if let Some(text) = message.plain_text() {
            return Self::Str(Text::from_bytes(text));
        }
        message
            .one_of(|number, payload, message| Self::variant(number, payload, message, levels + 1))
            .unwrap_or_default()
    }

    #[expect(clippy::cast_possible_wrap, reason = "that is how `int64` is encoded")]
    fn variant(
        number: u32,
        payload: Payload<'v>,
        message: Message<'v>,
        levels: u8,
    ) -> Option<Self> {
        Some(match (number, payload) {
            (STRING, Payload::Len(text)) => Self::Str(Text::from_bytes(text)),
            (BOOL, Payload::Varint(truth)) => Self::Bool(truth != 0),
            (INT, Payload::Varint(int)) => Self::Int(int as i64),
            (DOUBLE, Payload::Fixed64(bits)) => Self::Double(f64::from_bits(bits)),
            (ARRAY, Payload::Len(_)) => Self::Array(Array { message, levels }),
            (MAP, Payload::Len(_)) => Self::Map(Map { message, levels }),
            (BYTES, Payload::Len(bytes)) => Self::Bytes(bytes),
            (STRING_INDEX, Payload::Varint(_)) => Self::Empty,
            _ => return None,
        })
    }

    /// The value as it is written, where that needs no encoding.
    #[inline]
    pub(crate) fn scalar(self) -> Option<Written<'v>> {
        Some(match self {
            Self::Str(text) => Written::Str(text.as_bytes()),
            Self::Bool(truth) => Written::Bool(truth),
            Self::Int(int) => Written::Int(int),
            Self::Double(double) => Written::Double(double),
            Self::Bytes(bytes) => Written::Bytes(bytes),
            Self::Empty | Self::Array(_) | Self::Map(_) | Self::Opaque(_) => return None,
        })
    }

    /// The text, if this is text in UTF-8.
    pub fn as_str(&self) -> Option<&'v str> {
        match self {
            Self::Str(text) => text.to_str(),
            _ => None,
        }
    }

    variants! {
        /// The truth value, if this is one.
        as_bool: Bool(bool);
        /// The number, if this is a whole one.
        as_int: Int(i64);
        /// The number, if this is a floating-point one.
        as_double: Double(f64);
        /// The bytes, if this is bytes.
        as_bytes: Bytes(&'v [u8]);
        /// The list, if this is one.
        as_array: Array(Array<'v>);
        /// The keys and values, if this is a map.
        as_map: Map(Map<'v>);
    }

    /// Whether no value is set.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }
}

impl Encode for Value<'_> {
    fn encode(&self, out: &mut impl Sink) {
        match *self {
            Self::Array(array) => out.len_delimited(ARRAY, &array.message.encoded()),
            Self::Map(map) => out.len_delimited(MAP, &map.message.encoded()),
            Self::Opaque(opaque) => out.bytes(&opaque.message.encoded()),
            scalar => scalar.scalar().unwrap_or(Written::Empty).encode(out),
        }
    }
}

macro_rules! from {
    ($($variant:ident: $($from:ty),*;)*) => {
        $($(
            impl<'v> From<$from> for Value<'v> {
                fn from(value: $from) -> Self {
                    Self::$variant(value.into())
                }
            }
        )*)*
    };
}

from! {
    Str: &'v str, &'v String, Text<'v>;
    Bool: bool;
    Int: i64;
    Double: f64;
    Bytes: &'v [u8];
}

/// A list of values, decoded while it is read.
#[derive(Clone, Copy)]
pub struct Array<'v> {
    message: Message<'v>,
    levels: u8,
}

impl<'v> Array<'v> {
    /// The values, in order.
    pub fn iter(&self) -> ArrayIter<'v> {
        ArrayIter {
            entries: self.message.messages(ENTRIES),
            levels: self.levels,
        }
    }
}

/// Keys and values, decoded while they are read.
#[derive(Clone, Copy)]
pub struct Map<'v> {
    message: Message<'v>,
    levels: u8,
}

/// A value that is not decoded, see [`Value::Opaque`].
#[derive(Clone, Copy)]
pub struct Opaque<'v> {
    message: Message<'v>,
}

impl<'v> Map<'v> {
    /// The keys and values, in order; a key that occurs twice is given twice.
    pub fn iter(&self) -> MapIter<'v> {
        MapIter {
            entries: self.message.messages(ENTRIES),
            levels: self.levels,
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
    entries: Messages<'v>,
    levels: u8,
}

impl<'v> Iterator for ArrayIter<'v> {
    type Item = Value<'v>;

    fn next(&mut self) -> Option<Value<'v>> {
        let entry = self.entries.next()?;
        Some(Value::below(entry, self.levels))
    }
}

/// The entries of a [`Map`].
#[derive(Clone, Debug)]
pub struct MapIter<'v> {
    entries: Messages<'v>,
    levels: u8,
}

impl<'v> Iterator for MapIter<'v> {
    type Item = (Text<'v>, Value<'v>);

    fn next(&mut self) -> Option<(Text<'v>, Value<'v>)> {
        let (key, value) = self.entries.next()?.key_value();
        Some((key, Value::below(value, self.levels)))
    }
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

impl PartialEq for Opaque<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.message.encoded() == other.message.encoded()
    }
}

impl fmt::Debug for Opaque<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
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
