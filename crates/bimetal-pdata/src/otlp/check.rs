//! Whether bytes are the message that they should be.
//!
//! In: bytes and the [`Schema`] that they should follow. Out: nothing, or a [`ParseError`].
//! Invariant: after [`check`] has accepted a message, no reader of its fields can fail. Fields that
//! stand in no table, and values deeper than [`VALUE_LEVELS`], are only measured.

use crate::error::ParseError;
use crate::otlp::fields::{plain_pair, plain_text};
use crate::otlp::wire::{Fault, Payload, Reader};
use crate::schema::{ANY_VALUE, KEY_VALUE, Kind, Schema, VALUE_LEVELS};

/// Walks through `bytes` and everything nested in them that is read.
pub(crate) fn check(schema: &Schema, bytes: &[u8]) -> Result<(), ParseError> {
    check_message(schema, Reader::new(bytes), 0).map_err(|fault| *fault)
}

/// `values` counts the values around: nothing else in OTLP lies in itself.
///
/// What is written as almost all encoders write it is checked here, with one look at the schema for
/// each field; anything else in [`check_field`], which also finds what is wrong.
fn check_message(schema: &Schema, mut reader: Reader<'_>, values: u8) -> Result<(), Fault> {
    while let Some(tag) = reader.peek() {
        let is_checked = match schema.of_tag(tag) {
            Some(Kind::Attributes) => match reader.short_content() {
                Some(entry) => check_entry(entry, reader, values).map(|()| true)?,
                None => false,
            },
            Some(Kind::Bytes | Kind::Numbers(_)) => reader.short_content().is_some(),
            Some(Kind::Varint | Kind::Zigzag) => reader.skip_varint(),
            Some(Kind::Fixed64 | Kind::Optional64 | Kind::Number) => reader.skip_short(8),
            Some(Kind::Fixed32) => reader.skip_short(4),
            Some(Kind::Id(expected)) => {
                let mut after = reader;
                let id = after.short_content();
                let is_sound = id.is_some_and(|id| id.is_empty() || id.len() == expected);
                reader = if is_sound { after } else { reader };
                is_sound
            }
            Some(
                Kind::Message(inner)
                | Kind::List(inner)
                | Kind::Header(inner)
                | Kind::Items(inner)
                | Kind::Data(inner),
            ) => match reader.short_content() {
                Some(content) => {
                    check_inner(inner, reader.inside(content), values).map(|()| true)?
                }
                None => false,
            },
            None => false,
        };
        if !is_checked {
            reader = check_field(schema, reader, values)?;
        }
    }
    Ok(())
}

/// Of a list of attributes.
#[inline]
fn check_entry<'a>(entry: &'a [u8], after: Reader<'a>, values: u8) -> Result<(), Fault> {
    let Some((_, value)) = plain_pair(entry) else {
        return check_message(&KEY_VALUE, after.inside(entry), values);
    };
    match plain_text(value) {
        // There is nothing to check of it.
        Some(_) => Ok(()),
        None => check_inner(&ANY_VALUE, after.inside(value), values),
    }
}

fn check_inner(schema: &Schema, content: Reader<'_>, values: u8) -> Result<(), Fault> {
    let values = values + u8::from(schema.is_any_value());
    match values {
        ..=VALUE_LEVELS => check_message(schema, content, values),
        _ => Ok(()),
    }
}

/// Checks the next field, and gives what comes after it.
#[inline(never)]
fn check_field<'a>(
    schema: &Schema,
    mut reader: Reader<'a>,
    values: u8,
) -> Result<Reader<'a>, Fault> {
    let at = reader.position();
    let Some(field) = reader.next_field()? else {
        return Ok(reader);
    };
    let Some((name, kind)) = schema.kind(field.number) else {
        return Ok(reader);
    };
    let packed = matches!((kind, field.payload), (Kind::Numbers(_), Payload::Len(_)));
    if field.payload.wire_type() != kind.wire_type() && !packed {
        return Err(Fault::new(ParseError::FieldType {
            message: schema.message,
            field: name,
            at,
            wire_type: field.payload.wire_type(),
        }));
    }
    let Payload::Len(content) = field.payload else {
        return Ok(reader);
    };
    if let Some(inner) = inner(kind) {
        check_inner(inner, reader.inside(content), values)?;
    }
    match kind {
        Kind::Id(expected) if !content.is_empty() && content.len() != expected => {
            Err(Fault::new(ParseError::IdLength {
                message: schema.message,
                field: name,
                at,
                len: content.len(),
                expected,
            }))
        }
        _ => Ok(reader),
    }
}

fn inner(kind: Kind) -> Option<&'static Schema> {
    match kind {
        Kind::Attributes => Some(&KEY_VALUE),
        Kind::Message(schema)
        | Kind::List(schema)
        | Kind::Header(schema)
        | Kind::Items(schema)
        | Kind::Data(schema) => Some(schema),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
