//! A batch as it came, as a table: by this the host proves what it builds.
//!
//! In: a batch without edits. Out: its table, or `None`. Invariant: nothing that this crate reads
//! is left out; what a table cannot say has none.

use super::values::written;
use crate::message::Message;
use crate::otlp::wire::Payload;
use crate::rows::{Table, Writer};
use crate::schema::{ANY_VALUE, Kind, Schema};
use crate::telemetry::{Signal, Telemetry};
use crate::value::Value;

/// A batch, as it came, as a table; `None` if a text of it is not UTF-8.
pub fn table_of<S: Signal>(batch: &Telemetry<'_, S>) -> Option<Table> {
    let mut out = Writer::default();
    content(batch.message(), S::SCHEMA, &mut out)?;
    Some(out.into_table())
}

fn content(message: Message<'_>, schema: &Schema, out: &mut Writer) -> Option<()> {
    message.require_known();
    for &(number, _, kind) in schema.fields {
        match kind {
            // Of those that exclude each other one is set, and that may be zero.
            Kind::Data(_) | Kind::Number => {}
            Kind::Varint => number_field(out, number, message.uint32(number).into()),
            Kind::Zigzag => {
                let bits = message.sint32(number).cast_unsigned();
                number_field(out, number, bits.into());
            }
            Kind::Fixed32 => number_field(out, number, message.fixed32(number).into()),
            Kind::Fixed64 => number_field(out, number, message.fixed64(number)),
            Kind::Optional64 => {
                if let Some(bits) = message.optional_fixed64(number) {
                    out.number(number, bits);
                }
            }
            Kind::Numbers(wire_type) => out.numbers(number, message.numbers(number, wire_type)),
            Kind::Id(_) => {
                let id = message.bytes(number).unwrap_or_default();
                if id.iter().any(|byte| *byte != 0) {
                    out.bytes(number, id);
                }
            }
            Kind::Bytes => {
                let text = message.text(number).to_str()?;
                if !text.is_empty() {
                    out.bytes(number, text.as_bytes());
                }
            }
            Kind::Message(below) if std::ptr::eq(below, &raw const ANY_VALUE) => {
                written(Value::of(message.message(number)), |value| {
                    out.value(number, value);
                });
            }
            Kind::Message(below) | Kind::Header(below) => {
                one(message.message(number), number, below, out)?;
            }
            Kind::Attributes => {
                let mut list = out.attributes(number);
                for (key, value) in message.messages(number).map(Message::key_value) {
                    let key = key.to_str()?.as_bytes();
                    written(Value::of(value), |value| {
                        out.attribute(&mut list, key, value);
                    });
                }
                out.close(list);
            }
            Kind::List(below) | Kind::Items(below) => {
                let mut list = out.list(number);
                for item in message.messages(number) {
                    out.item(&mut list);
                    content(item, below, out)?;
                    out.end();
                }
                out.close(list);
            }
        }
    }
    variant(message, schema, out)
}

/// Writes the one that is set of those that exclude each other.
fn variant(message: Message<'_>, schema: &Schema, out: &mut Writer) -> Option<()> {
    let is_variant = |kind| schema.is_variant(kind).then_some(());
    if schema.find(is_variant).is_none() {
        return Some(());
    }
    let found = message.one_of(
        |number, payload, below| match (schema.kind(number)?.1, payload) {
            (Kind::Number, Payload::Fixed64(bits)) => Some((number, Ok(bits))),
            (Kind::Data(schema), Payload::Len(_)) => Some((number, Err((below, schema)))),
            _ => None,
        },
    );
    match found {
        Some((number, Ok(bits))) => out.number(number, bits),
        Some((number, Err((below, schema)))) => one(below, number, schema, out)?,
        None => {}
    }
    Some(())
}

fn one(message: Message<'_>, number: u32, schema: &Schema, out: &mut Writer) -> Option<()> {
    out.message(number);
    content(message, schema, out)?;
    out.end();
    Some(())
}

fn number_field(out: &mut Writer, number: u32, bits: u64) {
    if bits != 0 {
        out.number(number, bits);
    }
}
