//! A value that is owned: from a configuration, or computed.
//!
//! In: plain Rust values. Out: [`ValueBuf`], encoded once and written as often as needed.
//! Invariant: it is always a well-formed `AnyValue`.

use std::fmt;

use crate::message::Message;
use crate::otlp::sink::{Encode, Sink, message};
use crate::schema::number::{ARRAY, ENTRIES, KEY, MAP, VALUE};
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
}

impl ValueBuf {
    /// No value.
    pub const fn empty() -> Self {
        Self {
            encoded: Vec::new(),
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
        Self { encoded }
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
        Self { encoded }
    }

    /// The value, to be read.
    pub fn as_value(&self) -> Value<'_> {
        Value::of(Message::of_otlp(&self.encoded))
    }
}

impl<'v, V: Into<Value<'v>>> From<V> for ValueBuf {
    fn from(value: V) -> Self {
        let mut encoded = Vec::new();
        value.into().encode(&mut encoded);
        Self { encoded }
    }
}

impl<'v> From<&'v ValueBuf> for Value<'v> {
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
