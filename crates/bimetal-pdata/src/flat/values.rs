//! A value as a row has it.
//!
//! In: a [`Value`]. Out: [`Written`]. Invariant: text in it is UTF-8; any other value is encoded.

use crate::edits::Written;
use crate::otlp::sink::Encode;
use crate::value::Value;

/// Lets `write` have the value as a row has it.
#[inline]
pub(super) fn written(value: Value<'_>, write: impl FnOnce(Written<'_>)) {
    let scalar = match value {
        Value::Empty => Some(Written::Empty),
        // Telemetry may hold other text, rows may not.
        Value::Str(text) if text.to_str().is_none() => None,
        value => value.scalar(),
    };
    if let Some(scalar) = scalar {
        return write(scalar);
    }
    let mut encoded = Vec::new();
    value.encode(&mut encoded);
    write(Written::Otlp(&encoded));
}
