//! A batch with its edits, written as OTLP again.
//!
//! In: the bytes of a message, its [`Schema`] and the [`Log`] of edits. Out: new bytes. Invariant:
//! only what was edited is written anew; everything else is copied as it came, fields that stand in
//! no table included.

use super::Message;
use super::fields::Fields;
use super::sink::{Encode, Sink, message};
use super::wire::{Field, Payload, WIRE_FIXED32, WIRE_FIXED64, WIRE_VARINT};
use crate::edits::{Log, Place, Slot, Written};
use crate::schema::number::{BOOL, BYTES, DOUBLE, INT, ITEMS, KEY, STRING, VALUE};
use crate::schema::{Kind, Schema};

/// Writes the content of a message.
pub(crate) fn encode(schema: &Schema, content: &[u8], log: &Log, place: Place, out: &mut Vec<u8>) {
    let whole = Message::Whole(content);
    let header = schema.find(|kind| match kind {
        Kind::Header(header) => Some(header),
        _ => None,
    });
    let holder = match header {
        Some((number, header)) => Holder::new(header, whole.message(number), log, place),
        None => Holder::new(schema, whole, log, place),
    };
    let Some(mut holder) = holder else {
        let copy = |field: &Field<'_>, out: &mut Vec<u8>| out.bytes(field.raw);
        return fields(schema, content, log, place, out, copy);
    };
    let Some((number, _)) = header else {
        fields(schema, content, log, place, out, |field, out| {
            holder.field(field, out);
        });
        return holder.rest(out);
    };
    let mut pending = true;
    fields(schema, content, log, place, out, |field, out| {
        if field.number != number {
            out.bytes(field.raw);
        } else if std::mem::take(&mut pending) {
            message(out, number, |out| holder.whole(out));
        }
    });
    // One that was absent and gets nothing stays absent.
    if pending && !holder.is_empty() {
        message(out, number, |out| holder.whole(out));
    }
    let appended = log.appended(place).flat_map(Fields::of);
    for item in appended.filter(|field| field.number == ITEMS) {
        out.bytes(item.raw);
    }
}

/// The message whose attributes and fields were edited: everything else of it is copied as it came.
struct Holder<'a> {
    schema: &'a Schema,
    message: Message<'a>,
    log: &'a Log,
    slots: Vec<Slot>,
    /// Fields that were set, in that order.
    set: Vec<(u32, Written<'a>)>,
    /// The attributes are not written yet: they stand where the first one stood.
    pending: bool,
}

impl<'a> Holder<'a> {
    /// `None` where nothing was edited.
    fn new(schema: &'a Schema, message: Message<'a>, log: &'a Log, place: Place) -> Option<Self> {
        if !schema.has_attributes() {
            return None;
        }
        let slots = log.list(place, || message.messages(schema.attributes()).count())?;
        Some(Self {
            schema,
            message,
            log,
            slots,
            set: log.fields(place).collect(),
            pending: true,
        })
    }

    fn is_empty(&self) -> bool {
        self.slots.is_empty() && self.set.is_empty()
    }

    fn whole(&mut self, out: &mut Vec<u8>) {
        for field in self.message.fields() {
            self.field(&field, out);
        }
        self.rest(out);
    }

    /// Writes a field that came.
    fn field(&mut self, field: &Field<'_>, out: &mut Vec<u8>) {
        if field.number == self.schema.attributes() {
            self.attributes(out);
        } else if !self
            .set
            .iter()
            .any(|(number, _)| self.replaces(*number, field.number))
        {
            out.bytes(field.raw);
        }
    }

    /// Whether setting a field leaves nothing of another one: it is the same, or they exclude each
    /// other.
    fn replaces(&self, set: u32, field: u32) -> bool {
        let is_number = |number| matches!(self.schema.kind(number), Some((_, Kind::Number)));
        set == field || is_number(set) && is_number(field)
    }

    fn attributes(&mut self, out: &mut Vec<u8>) {
        if !std::mem::take(&mut self.pending) {
            return;
        }
        let number = self.schema.attributes();
        let came: Vec<_> = self.message.messages(number).collect();
        for slot in &self.slots {
            let original = slot
                .of
                .and_then(|of| came.get(of as usize).copied())
                .and_then(Message::bytes);
            write_entry(number, original.unwrap_or_default(), slot, self.log, out);
        }
    }

    /// Writes what did not come: attributes, where there were none, and fields that were set.
    fn rest(&mut self, out: &mut Vec<u8>) {
        self.attributes(out);
        for (at, (number, value)) in self.set.iter().enumerate() {
            let mut later = self.set[at + 1..].iter();
            let kind = self.schema.kind(*number).map(|(_, kind)| kind);
            if later.any(|(later, _)| self.replaces(*later, *number)) {
                continue;
            }
            match (kind, *value) {
                (Some(Kind::Message(schema)), value) if schema.is_any_value() => {
                    message(out, *number, |out| value.encode(out));
                }
                (Some(Kind::Message(schema)), _) => {
                    let came = self.message.message(*number);
                    let set = self.set.iter().filter(|(of, _)| of == number);
                    let set: Vec<_> = set.map(|(_, value)| *value).collect();
                    message(out, *number, |out| {
                        merged(schema, &came.encoded(), &set, out);
                    });
                }
                (_, Written::Str(bytes) | Written::Bytes(bytes)) => {
                    out.len_delimited(*number, bytes);
                }
                (Some(Kind::Fixed64 | Kind::Number), value) => {
                    out.tag(*number, WIRE_FIXED64);
                    out.bytes(&value.bits().to_le_bytes());
                }
                (Some(Kind::Fixed32), value) => {
                    out.tag(*number, WIRE_FIXED32);
                    out.bytes(&value.bits().to_le_bytes()[..4]);
                }
                (_, value) => {
                    out.tag(*number, WIRE_VARINT);
                    out.varint(value.bits());
                }
            }
        }
    }
}

/// Writes a message that lies in a field as values leave it: a number is its one number, a text its
/// one text, the last of each counts.
pub(crate) fn merged(schema: &Schema, came: &[u8], set: &[Written<'_>], out: &mut Vec<u8>) {
    let last = |wanted: fn(&Written<'_>) -> bool| set.iter().rev().find(|value| wanted(value));
    let number = last(|value| matches!(value, Written::Int(_)));
    let text = last(|value| matches!(value, Written::Str(_)));
    for field in Fields::of(came) {
        let is_replaced = match schema.kind(field.number) {
            Some((_, Kind::Varint)) => number.is_some(),
            Some((_, Kind::Bytes)) => text.is_some(),
            _ => false,
        };
        if !is_replaced {
            out.bytes(field.raw);
        }
    }
    for (of, _, kind) in schema.fields {
        match (kind, number, text) {
            (Kind::Varint, Some(number), _) => {
                out.tag(*of, WIRE_VARINT);
                out.varint(number.bits());
            }
            (Kind::Bytes, _, Some(Written::Str(text))) => out.len_delimited(*of, text),
            _ => {}
        }
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
