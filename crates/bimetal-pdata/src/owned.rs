//! A value that is owned: from a configuration, or computed.
//!
//! In: plain Rust values. Out: [`ValueBuf`], encoded once and written as often as needed.
//! Invariant: it is always a well-formed `AnyValue`.

use std::fmt;

use crate::message::Message;
use crate::otlp::sink::{Encode, Sink, message};
use crate::schema::number::{ARRAY, ENTRIES, KEY, MAP, VALUE};
use crate::text::Text;
use crate::value::Value;

/// An owned [`Value`].
///
/// ```
/// use bimetal_pdata::ValueBuf;
///
/// let list = ValueBuf::array([ValueBuf::from(1_i64), ValueBuf::from("two")]);
/// let list = list.as_value().as_array().expect("it was made as a list");
/// assert_eq!(list.iter().nth(1).and_then(|value| value.as_str()), Some("two"));
/// ```
#[derive(Clone, Default)]
pub struct ValueBuf {
    encoded: Vec<u8>,
    /// What the encoding says, where it is no list and no map: a component writes the same value
    /// into each record, and a quarter of its time was taking it apart again.
    scalar: Scalar,
}

#[derive(Clone, Copy, Default)]
enum Scalar {
    #[default]
    Other,
    /// The last bytes of the encoding, so many.
    Str(usize),
    Bytes(usize),
    Bool(bool),
    Int(i64),
    Double(f64),
}

impl Scalar {
    fn of(value: &Value<'_>) -> Self {
        match value {
            Value::Str(text) => Self::Str(text.as_bytes().len()),
            Value::Bytes(bytes) => Self::Bytes(bytes.len()),
            Value::Bool(truth) => Self::Bool(*truth),
            Value::Int(int) => Self::Int(*int),
            Value::Double(double) => Self::Double(*double),
            Value::Empty | Value::Array(_) | Value::Map(_) | Value::Opaque(_) => Self::Other,
        }
    }
}

impl ValueBuf {
    /// No value.
    pub const fn empty() -> Self {
        Self {
            encoded: Vec::new(),
            scalar: Scalar::Other,
        }
    }

    /// A list.
    pub fn array(values: impl IntoIterator<Item = Self>) -> Self {
        let mut encoded = Vec::new();
        message(&mut encoded, ARRAY, |out| {
            for value in values {
                out.len_delimited(ENTRIES, &value.encoded);
            }
        });
        Self {
            encoded,
            scalar: Scalar::Other,
        }
    }

    /// Keys and values, in this order.
    pub fn map<K: AsRef<str>>(entries: impl IntoIterator<Item = (K, Self)>) -> Self {
        let mut encoded = Vec::new();
        message(&mut encoded, MAP, |out| {
            for (key, value) in entries {
                message(out, ENTRIES, |out| {
                    out.len_delimited(KEY, key.as_ref().as_bytes());
                    out.len_delimited(VALUE, &value.encoded);
                });
            }
        });
        Self {
            encoded,
            scalar: Scalar::Other,
        }
    }

    /// The value, to be read.
    #[inline]
    pub fn as_value(&self) -> Value<'_> {
        let last = |len: usize| &self.encoded[self.encoded.len() - len..];
        match self.scalar {
            Scalar::Str(len) => Value::Str(Text::from_bytes(last(len))),
            Scalar::Bytes(len) => Value::Bytes(last(len)),
            Scalar::Bool(truth) => Value::Bool(truth),
            Scalar::Int(int) => Value::Int(int),
            Scalar::Double(double) => Value::Double(double),
            Scalar::Other => Value::of(Message::of_otlp(&self.encoded)),
        }
    }
}

impl<'v, V: Into<Value<'v>>> From<V> for ValueBuf {
    fn from(value: V) -> Self {
        let (value, mut encoded) = (value.into(), Vec::new());
        value.encode(&mut encoded);
        Self {
            encoded,
            scalar: Scalar::of(&value),
        }
    }
}

impl<'v> From<&'v ValueBuf> for Value<'v> {
    #[inline]
    fn from(value: &'v ValueBuf) -> Self {
        value.as_value()
    }
}

impl PartialEq for ValueBuf {
    fn eq(&self, other: &Self) -> bool {
        self.as_value() == other.as_value()
    }
}

impl fmt::Debug for ValueBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_value().fmt(f)
    }
}
