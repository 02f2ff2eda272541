//! A batch with its edits, written as OTLP again.
//!
//! In: the bytes of a message, its [`Schema`] and the [`Log`] of edits. Out: new bytes. Invariant:
//! only what was edited is written anew; everything else is copied as it came, fields that stand in
//! no table included.

use super::Message;
use super::sink::{Encode, Sink, message};
use super::wire::{Field, Fields, Payload, WIRE_FIXED64, WIRE_VARINT};
use crate::edits::{Log, Place, Slot, Written};
use crate::schema::number::{BOOL, BYTES, DOUBLE, INT, KEY, STRING, VALUE};
use crate::schema::{Kind, Schema};

/// Writes the content of a message.
pub(crate) fn encode(schema: &Schema, content: &[u8], log: &Log, place: Place, out: &mut Vec<u8>) {
    let header = schema.find(|kind| match kind {
        Kind::Header(header) => Some(header),
        _ => None,
    });
    let whole = Message::Whole(content);
    let list = |holder: Message<'_>, schema: &Schema| {
        log.list(place, || holder.messages(schema.attributes()).count())
    };
    let copy = |field: &Field<'_>, out: &mut Vec<u8>| out.bytes(field.raw);
    match header {
        Some((number, header)) => {
            let holder = whole.message(number);
            let Some(slots) = list(holder, header) else {
                return fields(schema, content, log, place, out, copy);
            };
            let mut pending = true;
            let write = |out: &mut Vec<u8>| {
                message(out, number, |out| {
                    attributes(header, holder, &slots, log, out);
                });
            };
            fields(schema, content, log, place, out, |field, out| {
                if field.number != number {
                    out.bytes(field.raw);
                } else if std::mem::take(&mut pending) {
                    write(out);
                }
            });
            // One that was absent and has no attributes stays absent.
            if pending && !slots.is_empty() {
                write(out);
            }
        }
        None if schema.has_attributes() => match list(whole, schema) {
            Some(slots) => attributes(schema, whole, &slots, log, out),
            None => fields(schema, content, log, place, out, copy),
        },
        None => fields(schema, content, log, place, out, copy),
    }
}

/// Writes the fields of a message with the messages below it as they now are; asks `other` what to
/// do with every other field.
fn fields(
    schema: &Schema,
    content: &[u8],
    log: &Log,
    place: Place,
    out: &mut Vec<u8>,
    mut other: impl FnMut(&Field<'_>, &mut Vec<u8>),
) {
    let mut below = (0..).map(|ordinal| place.below(ordinal));
    let data = data(schema, content);
    for field in Fields::of(content) {
        let kind = schema.kind(field.number).map(|(_, kind)| kind);
        match (kind, field.payload) {
            (Some(Kind::Items(schema)), Payload::Len(content)) => match below.next() {
                Some(place) if log.is_dropped(place) => {}
                Some(place) if log.touches(place) => {
                    message(out, field.number, |out| {
                        encode(schema, content, log, place, out);
                    });
                }
                _ => out.bytes(field.raw),
            },
            (Some(Kind::Data(schema)), Payload::Len(content))
                if data.is_some_and(|data| std::ptr::eq(data, content)) =>
            {
                message(out, field.number, |out| {
                    encode(schema, content, log, place, out);
                });
            }
            _ => other(&field, out),
        }
    }
}

/// Of several messages that exclude each other, the one that counts.
fn data<'a>(schema: &Schema, content: &'a [u8]) -> Option<&'a [u8]> {
    schema.find(|kind| matches!(kind, Kind::Data(_)).then_some(()))?;
    Message::Whole(content).one_of(|number, payload| match schema.kind(number) {
        Some((_, Kind::Data(_))) => payload.content(),
        _ => None,
    })
}

/// Copies everything but the attributes as it came; the new list stands where the first attribute
/// stood.
fn attributes(schema: &Schema, whole: Message<'_>, slots: &[Slot], log: &Log, out: &mut Vec<u8>) {
    let number = schema.attributes();
    let mut pending = true;
    let write = |out: &mut Vec<u8>| {
        let came: Vec<_> = whole.messages(number).collect();
        for slot in slots {
            let original = slot
                .of
                .and_then(|of| came.get(of as usize).copied())
                .and_then(Message::bytes);
            write_entry(number, original.unwrap_or_default(), slot, log, out);
        }
    };
    for field in whole.fields() {
        if field.number != number {
            out.bytes(field.raw);
        } else if std::mem::take(&mut pending) {
            write(out);
        }
    }
    if pending {
        write(out);
    }
}

/// Writes one `KeyValue`. What else the original holds stays: fields of `KeyValue` that stand in no
/// table.
fn write_entry(number: u32, original: &[u8], slot: &Slot, log: &Log, out: &mut Vec<u8>) {
    if slot.key.is_none() && slot.value.is_none() {
        return out.len_delimited(number, original);
    }
    message(out, number, |out| {
        if let Some(row) = slot.key {
            out.len_delimited(KEY, log.key(row));
        }
        for field in Fields::of(original) {
            let replaced = match field.number {
                KEY => slot.key.is_some(),
                VALUE => slot.value.is_some(),
                _ => false,
            };
            if !replaced {
                out.bytes(field.raw);
            }
        }
        if let Some(row) = slot.value {
            message(out, VALUE, |out| log.value(row).encode(out));
        }
    });
}

/// As an `AnyValue`.
impl Encode for Written<'_> {
    fn encode(&self, out: &mut impl Sink) {
        match *self {
            Self::Empty => {}
            Self::Str(text) => out.len_delimited(STRING, text),
            Self::Bool(truth) => {
                out.tag(BOOL, WIRE_VARINT);
                out.varint(truth.into());
            }
            Self::Int(int) => {
                out.tag(INT, WIRE_VARINT);
                out.varint(int.cast_unsigned());
            }
            Self::Double(double) => {
                out.tag(DOUBLE, WIRE_FIXED64);
                out.bytes(&double.to_bits().to_le_bytes());
            }
            Self::Bytes(bytes) => out.len_delimited(BYTES, bytes),
            Self::Otlp(encoded) => out.bytes(encoded),
        }
    }
}
