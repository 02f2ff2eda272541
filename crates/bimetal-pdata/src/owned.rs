//! A value that belongs to somebody: from a configuration, or computed.
//!
//! In: plain Rust values. Out: [`ValueBuf`], encoded once and written as often as needed.
//! Invariant: it is always a well-formed `AnyValue`.

use std::fmt;

use crate::encode::{Encode, Encoded};
use crate::entries::write_entry;
use crate::value::{Value, encode_array, encode_map};

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
        let values: Vec<Self> = values.into_iter().collect();
        let mut encoded = Vec::new();
        encode_array(
            values.iter().map(|value| value.encoded.as_slice()),
            &mut encoded,
        );
        Self { encoded }
    }

    /// Keys and values, in this order.
    pub fn map<K: AsRef<str>>(entries: impl IntoIterator<Item = (K, Self)>) -> Self {
        let entries: Vec<Vec<u8>> = entries
            .into_iter()
            .map(|(key, value)| {
                let mut entry = Vec::new();
                write_entry(
                    key.as_ref().as_bytes(),
                    &Encoded(&value.encoded),
                    &mut entry,
                );
                entry
            })
            .collect();
        let mut encoded = Vec::new();
        encode_map(entries.iter().map(Vec::as_slice), &mut encoded);
        Self { encoded }
    }

    /// The value, to be read.
    pub fn as_value(&self) -> Value<'_> {
        Value::of(std::iter::once(self.encoded.as_slice()))
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
