//! A batch with its edits, written as OTLP again.
//!
//! In: the bytes of a message, its [`Schema`] and its [`Edits`]. Out: new bytes. Invariant: only
//! what was edited is written anew; everything else is copied as it came, fields that stand in no
//! table included.

use super::Message;
use super::sink::{Sink, message};
use super::wire::{Field, Fields, Payload};
use crate::edits::{Edits, List, Ordinals, Written};
use crate::schema::number::{KEY, VALUE};
use crate::schema::{Kind, Schema};

/// Writes the content of a message.
pub(crate) fn encode(schema: &Schema, content: &[u8], edits: &Edits, out: &mut Vec<u8>) {
    let header = schema.find(|kind| match kind {
        Kind::Header(header) => Some(header),
        _ => None,
    });
    match (edits.list(), header) {
        (None, _) => fields(schema, content, edits, out, |field, out| {
            out.bytes(field.raw);
        }),
        (Some(list), None) => attributes(schema, Message::Whole(content), list, out),
        (Some(list), Some((number, header))) => {
            let whole = Message::Whole(content).message(number);
            let mut pending = true;
            let write = |out: &mut Vec<u8>| {
                message(out, number, |out| attributes(header, whole, list, out));
            };
            fields(schema, content, edits, out, |field, out| {
                if field.number != number {
                    out.bytes(field.raw);
                } else if std::mem::take(&mut pending) {
                    write(out);
                }
            });
            // One that was absent and has no attributes stays absent.
            if pending && list.len() > 0 {
                write(out);
            }
        }
    }
}

/// Writes the fields of a message with the messages below it as they now are; asks `other` what to
/// do with every other field.
fn fields(
    schema: &Schema,
    content: &[u8],
    edits: &Edits,
    out: &mut Vec<u8>,
    mut other: impl FnMut(&Field<'_>, &mut Vec<u8>),
) {
    let mut below = edits.below().iter();
    let data = data(schema, content);
    for field in Fields::of(content) {
        let kind = schema.kind(field.number).map(|(_, kind)| kind);
        match (kind, field.payload) {
            (Some(Kind::Items(schema)), Payload::Len(content)) => match below.next() {
                Some(edits) if edits.dropped() => {}
                Some(edits) if edits.changed() => {
                    message(out, field.number, |out| encode(schema, content, edits, out));
                }
                _ => out.bytes(field.raw),
            },
            (Some(Kind::Data(schema)), Payload::Len(content))
                if data.is_some_and(|data| std::ptr::eq(data, content)) =>
            {
                message(out, field.number, |out| encode(schema, content, edits, out));
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
fn attributes(schema: &Schema, whole: Message<'_>, list: &List, out: &mut Vec<u8>) {
    let number = schema.attributes();
    let mut pending = true;
    let write = |out: &mut Vec<u8>| {
        let mut came = Ordinals::new(whole.messages(number));
        for entry in list.entries() {
            let original = entry
                .of
                .and_then(|of| came.get(of))
                .and_then(Message::bytes);
            write_entry(number, original.unwrap_or_default(), &entry, out);
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
fn write_entry(number: u32, original: &[u8], entry: &Written<'_>, out: &mut Vec<u8>) {
    if entry.key.is_none() && entry.value.is_none() {
        return out.len_delimited(number, original);
    }
    message(out, number, |out| {
        if let Some(key) = entry.key {
            out.len_delimited(KEY, key);
        }
        for field in Fields::of(original) {
            let replaced = match field.number {
                KEY => entry.key.is_some(),
                VALUE => entry.value.is_some(),
                _ => false,
            };
            if !replaced {
                out.bytes(field.raw);
            }
        }
        if let Some(value) = entry.value {
            out.len_delimited(VALUE, value);
        }
    });
}
