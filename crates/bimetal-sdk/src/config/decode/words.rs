//! Serde's names of types in the words of a person who writes YAML.
//!
//! In: what serde expected and found. Out: words. Invariant: the value itself is shown only where
//! it decides, because it may be a secret.

use std::borrow::Cow;

use serde::de::{Expected, Unexpected};

/// What would have been right.
pub(super) fn wanted(expected: &dyn Expected) -> Cow<'static, str> {
    let name = expected.to_string();
    let words = match name.as_str() {
        "i8" => "a whole number from -128 to 127",
        "i16" => "a whole number from -32768 to 32767",
        "i32" => "a whole number from -2147483648 to 2147483647",
        "i64" | "i128" | "isize" => "a whole number",
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "u128" | "usize" => "a whole number that is not negative",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "unit" => "nothing",
        "a character" => "a single character",
        _ if name.starts_with("struct ") => "a map",
        _ => return name.into(),
    };
    words.into()
}

/// What kind of thing was there instead.
pub(super) fn found(found: Unexpected<'_>) -> &'static str {
    match found {
        Unexpected::Bool(_) => "a boolean",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) => "a whole number",
        Unexpected::Float(_) => "a number",
        Unexpected::Char(_) | Unexpected::Str(_) | Unexpected::Bytes(_) => "a string",
        Unexpected::Seq => "a list",
        Unexpected::Map => "a map",
        _ => "null",
    }
}

/// The value that was there instead, if it is a number.
pub(super) fn value(value: Unexpected<'_>) -> Cow<'static, str> {
    match value {
        Unexpected::Unsigned(number) => number.to_string().into(),
        Unexpected::Signed(number) => number.to_string().into(),
        Unexpected::Float(number) => number.to_string().into(),
        other => found(other).into(),
    }
}
