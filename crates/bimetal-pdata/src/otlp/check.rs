//! Whether bytes are the message that they should be.
//!
//! In: bytes and the [`Schema`] that they should follow. Out: nothing, or a [`ParseError`].
//! Invariant: after [`check`] has accepted a message, no reader of its fields can fail. Fields that
//! stand in no table, and values deeper than [`VALUE_LEVELS`], are only measured.

use crate::error::ParseError;
use crate::otlp::wire::{Payload, Reader, WIRE_FIXED32, WIRE_FIXED64, WIRE_LEN, WIRE_VARINT};
use crate::schema::{ANY_VALUE, KEY_VALUE, Kind, Schema, VALUE_LEVELS};

/// Walks through `bytes` and everything nested in them that is read.
pub(crate) fn check(schema: &Schema, bytes: &[u8]) -> Result<(), ParseError> {
    check_message(schema, Reader::new(bytes), 0)
}

/// `values` counts the values around: nothing else in OTLP lies in itself.
fn check_message(schema: &Schema, mut reader: Reader<'_>, values: u8) -> Result<(), ParseError> {
    while let Some(field) = reader.next_field()? {
        let Some((name, kind)) = schema.kind(field.number) else {
            continue;
        };
        let at = reader.position() - field.raw.len();
        let packed = matches!((kind, field.payload), (Kind::Numbers(_), Payload::Len(_)));
        if field.payload.wire_type() != wire_type(kind) && !packed {
            return Err(ParseError::FieldType {
                message: schema.message,
                field: name,
                at,
                wire_type: field.payload.wire_type(),
            });
        }
        let Payload::Len(content) = field.payload else {
            continue;
        };
        if let Some(inner) = inner(kind) {
            let values = values + u8::from(std::ptr::eq(inner, &raw const ANY_VALUE));
            if values <= VALUE_LEVELS {
                check_message(inner, reader.inside(content.len()), values)?;
            }
        }
        match kind {
            Kind::Id(expected) if !content.is_empty() && content.len() != expected => {
                return Err(ParseError::IdLength {
                    message: schema.message,
                    field: name,
                    at,
                    len: content.len(),
                    expected,
                });
            }
            _ => {}
        }
    }
    Ok(())
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

fn wire_type(kind: Kind) -> u8 {
    match kind {
        Kind::Varint | Kind::Zigzag => WIRE_VARINT,
        Kind::Fixed64 | Kind::Optional64 | Kind::Number => WIRE_FIXED64,
        Kind::Numbers(one) => one,
        Kind::Fixed32 => WIRE_FIXED32,
        _ => WIRE_LEN,
    }
}
