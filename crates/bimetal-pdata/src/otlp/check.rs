//! Whether bytes are the message that they should be.
//!
//! In: bytes and the [`Schema`] that they should follow. Out: nothing, or a [`ParseError`].
//! Invariant: after [`check`] has accepted a message, no reader of its fields can fail. Fields that
//! stand in no table are only measured.

use crate::error::ParseError;
use crate::otlp::wire::{
    NESTING_LIMIT, Payload, Reader, WIRE_FIXED32, WIRE_FIXED64, WIRE_LEN, WIRE_VARINT,
};
use crate::schema::{KEY_VALUE, Kind, Schema};

/// Walks through `bytes` and everything nested in them.
pub(crate) fn check(schema: &Schema, bytes: &[u8]) -> Result<(), ParseError> {
    check_message(schema, Reader::new(bytes), 0)
}

fn check_message(schema: &Schema, mut reader: Reader<'_>, depth: usize) -> Result<(), ParseError> {
    if depth >= NESTING_LIMIT {
        return Err(ParseError::TooDeep {
            at: reader.position(),
            limit: NESTING_LIMIT,
        });
    }
    while let Some(field) = reader.next_field()? {
        let Some((name, kind)) = schema.kind(field.number) else {
            continue;
        };
        let at = reader.position() - field.raw.len();
        if field.payload.wire_type() != wire_type(kind) {
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
            check_message(inner, reader.inside(content.len()), depth + 1)?;
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
        Kind::Message(schema) | Kind::Header(schema) | Kind::Items(schema) | Kind::Data(schema) => {
            Some(schema)
        }
        Kind::Varint | Kind::Fixed64 | Kind::Fixed32 | Kind::Bytes | Kind::Id(_) => None,
    }
}

fn wire_type(kind: Kind) -> u8 {
    match kind {
        Kind::Varint => WIRE_VARINT,
        Kind::Fixed64 => WIRE_FIXED64,
        Kind::Fixed32 => WIRE_FIXED32,
        _ => WIRE_LEN,
    }
}
