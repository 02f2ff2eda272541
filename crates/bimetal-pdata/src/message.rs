//! One message whose attributes can be edited: a record, a data point, a resource, a scope.
//!
//! In: its raw bytes. Out: its fields as a decoder sees them, and its encoding. Invariant: of a
//! field that occurs more than once the last one counts; a message that occurs more than once is
//! the sum of its parts.

use crate::attributes::{Attributes, AttributesMut};
use crate::encode::Sink;
use crate::entries::Edited;
use crate::text::Text;
use crate::value::Value;
use crate::wire::{Field, Fields, Payload};

/// The parts of one message. A message that its owner holds once, as every ordinary encoder writes
/// it, has one part.
pub(crate) type Parts<'r, 'a> = &'r [&'a [u8]];

/// A record: one part.
#[derive(Debug)]
pub(crate) struct Record<'a> {
    pub(crate) raw: &'a [u8],
    edited: Option<Box<Edited<'a>>>,
}

/// A resource or a scope: it may be absent, and it may be spread over several fields.
#[derive(Debug)]
pub(crate) struct Header<'a> {
    parts: Vec<&'a [u8]>,
    edited: Option<Box<Edited<'a>>>,
}

impl<'a> Record<'a> {
    pub(crate) fn new(raw: &'a [u8]) -> Self {
        Self { raw, edited: None }
    }

    pub(crate) fn parts(&self) -> Parts<'_, 'a> {
        std::slice::from_ref(&self.raw)
    }

    pub(crate) fn changed(&self) -> bool {
        self.edited.is_some()
    }

    pub(crate) fn attributes(&self, field: u32) -> Attributes<'_> {
        Attributes::new(self.parts(), field, self.edited.as_deref())
    }

    pub(crate) fn attributes_mut(&mut self, field: u32) -> AttributesMut<'_, 'a> {
        AttributesMut::new(std::slice::from_ref(&self.raw), field, &mut self.edited)
    }

    pub(crate) fn encode(&self, field: u32, out: &mut impl Sink) {
        encode(self.parts(), field, self.edited.as_deref(), out);
    }
}

impl<'a> Header<'a> {
    pub(crate) fn collect(parts: impl Iterator<Item = &'a [u8]>) -> Self {
        Self {
            parts: parts.collect(),
            edited: None,
        }
    }

    pub(crate) fn parts(&self) -> Parts<'_, 'a> {
        &self.parts
    }

    pub(crate) fn changed(&self) -> bool {
        self.edited.is_some()
    }

    pub(crate) fn attributes(&self, field: u32) -> Attributes<'_> {
        Attributes::new(&self.parts, field, self.edited.as_deref())
    }

    pub(crate) fn attributes_mut(&mut self, field: u32) -> AttributesMut<'_, 'a> {
        AttributesMut::new(&self.parts, field, &mut self.edited)
    }

    pub(crate) fn encode(&self, field: u32, out: &mut impl Sink) {
        encode(&self.parts, field, self.edited.as_deref(), out);
    }
}

/// Copies everything but the attributes as it came; the new list stands where the first attribute
/// stood.
fn encode(parts: Parts<'_, '_>, field: u32, edited: Option<&Edited<'_>>, out: &mut impl Sink) {
    let Some(edited) = edited else {
        for part in parts {
            out.bytes(part);
        }
        return;
    };
    let mut list = Some(edited);
    for found in fields(parts) {
        if found.number != field {
            out.bytes(found.raw);
        } else if let Some(edited) = list.take() {
            edited.encode(field, out);
        }
    }
    if let Some(edited) = list {
        edited.encode(field, out);
    }
}

pub(crate) fn fields<'r, 'a>(
    parts: Parts<'r, 'a>,
) -> impl Iterator<Item = Field<'a>> + use<'r, 'a> {
    parts.iter().flat_map(|part| Fields::of(part))
}

fn last<'a, T>(
    parts: Parts<'_, 'a>,
    number: u32,
    content: impl Fn(Payload<'a>) -> Option<T>,
) -> Option<T> {
    fields(parts)
        .filter(|field| field.number == number)
        .filter_map(|field| content(field.payload))
        .last()
}

pub(crate) fn varint(parts: Parts<'_, '_>, number: u32) -> Option<u64> {
    last(parts, number, |payload| match payload {
        Payload::Varint(content) => Some(content),
        _ => None,
    })
}

pub(crate) fn fixed64(parts: Parts<'_, '_>, number: u32) -> Option<u64> {
    last(parts, number, |payload| match payload {
        Payload::Fixed64(content) => Some(content),
        _ => None,
    })
}

pub(crate) fn fixed32(parts: Parts<'_, '_>, number: u32) -> Option<u32> {
    last(parts, number, |payload| match payload {
        Payload::Fixed32(content) => Some(content),
        _ => None,
    })
}

pub(crate) fn bytes<'a>(parts: Parts<'_, 'a>, number: u32) -> Option<&'a [u8]> {
    last(parts, number, |payload| payload.content())
}

pub(crate) fn text<'a>(parts: Parts<'_, 'a>, number: u32) -> Text<'a> {
    Text::from_bytes(bytes(parts, number).unwrap_or_default())
}

/// An id of `N` bytes; all zero when it is not set.
pub(crate) fn id<const N: usize>(parts: Parts<'_, '_>, number: u32) -> [u8; N] {
    bytes(parts, number)
        .and_then(|content| content.try_into().ok())
        .unwrap_or([0; N])
}

/// An enum or 32-bit number; negative ones are encoded with 64 bits.
#[expect(
    clippy::cast_possible_truncation,
    reason = "as every decoder of protocol buffers does"
)]
pub(crate) fn int32(parts: Parts<'_, '_>, number: u32) -> i32 {
    varint(parts, number).unwrap_or_default() as i32
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "as every decoder of protocol buffers does"
)]
pub(crate) fn uint32(parts: Parts<'_, '_>, number: u32) -> u32 {
    varint(parts, number).unwrap_or_default() as u32
}

/// Every occurrence of a message field.
pub(crate) fn messages<'r, 'a>(
    parts: Parts<'r, 'a>,
    number: u32,
) -> impl Iterator<Item = &'a [u8]> + use<'r, 'a> {
    fields(parts)
        .filter(move |field| field.number == number)
        .filter_map(|field| field.payload.content())
}

pub(crate) fn value<'a>(parts: Parts<'_, 'a>, number: u32) -> Value<'a> {
    Value::of(messages(parts, number))
}
