//! The backend over OTLP bytes: messages, read where they lie.
//!
//! In: bytes. Out: [`Message`]s, which are ranges of these bytes. Invariant: of a field that occurs
//! more than once the last one counts; a message that occurs more than once is the sum of its
//! parts. Nothing is copied, nothing is allocated.

mod check;
mod encode;
mod fields;
pub(crate) mod sink;
pub(crate) mod wire;

use std::borrow::Cow;

use crate::schema::number::{KEY, VALUE};
use crate::text::is_equal;
use fields::{Fields, plain_pair, plain_text, tag_of};
use wire::{Field, Payload, Reader};

pub(crate) use check::check;
pub(crate) use encode::{encode, merged};

/// One message. A message that its owner holds once, as every ordinary encoder writes it, has one
/// part.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Message<'a> {
    /// One part: these are its fields.
    Whole(&'a [u8]),
    /// Every field of this number in a part of the owner is a part.
    Spread(&'a [u8], u32),
}

impl<'a> Message<'a> {
    /// Its encoding; copied only if it does not lie in one place.
    pub(crate) fn encoded(self) -> Cow<'a, [u8]> {
        match self {
            Self::Whole(bytes) => bytes.into(),
            parts @ Self::Spread(..) => {
                let raw: Vec<_> = parts.fields().map(|field| field.raw).collect();
                raw.concat().into()
            }
        }
    }

    #[inline]
    pub(crate) fn fields(self) -> PartFields<'a> {
        match self {
            Self::Whole(bytes) => PartFields {
                owner: Fields::of(&[]),
                within: 0,
                part: Fields::of(bytes),
            },
            Self::Spread(owner, within) => PartFields {
                owner: Fields::of(owner),
                within,
                part: Fields::of(&[]),
            },
        }
    }

    /// The content of the last field of this number for which there is one.
    pub(crate) fn last<T>(
        self,
        number: u32,
        content: impl Fn(Payload<'a>) -> Option<T>,
    ) -> Option<T> {
        self.one_of(|found, payload| (found == number).then(|| content(payload)).flatten())
    }

    /// Of all fields that `read` knows, the last one.
    pub(crate) fn one_of<T>(self, read: impl Fn(u32, Payload<'a>) -> Option<T>) -> Option<T> {
        let read = |field: Field<'a>| read(field.number, field.payload);
        match self {
            // By far the most messages, without the detour over parts.
            Self::Whole(bytes) => Fields::of(bytes).filter_map(read).last(),
            Self::Spread(..) => self.fields().filter_map(read).last(),
        }
    }

    /// The message in a field, with all its parts; without a part if there is none.
    pub(crate) fn message(self, number: u32) -> Self {
        let Self::Whole(bytes) = self else {
            // No field is read that is two levels below a message in parts and in parts itself.
            let last = self.last(number, |payload| payload.content());
            return Self::Whole(last.unwrap_or_default());
        };
        // Only as much of the owner is kept as its parts need: a scope's header would else be
        // searched among all its records.
        let mut only = Some(&[][..]);
        let mut range = 0..0;
        let mut fields = Fields::of(bytes);
        let mut start = 0;
        while let Some(field) = fields.next() {
            if let Some(content) = field.payload.content().filter(|_| field.number == number) {
                only = (range.end == 0).then_some(content);
                range.start = if range.end == 0 { start } else { range.start };
                range.end = fields.position();
            }
            start = fields.position();
        }
        match only {
            Some(content) => Self::Whole(content),
            None => Self::Spread(&bytes[range], number),
        }
    }

    /// Every occurrence of a message field.
    pub(crate) fn messages(self, number: u32) -> Messages<'a> {
        Messages {
            fields: self.fields(),
            number,
        }
    }

    /// The numbers in a repeated field, however they are packed.
    pub(crate) fn numbers(self, number: u32, wire_type: u8) -> Numbers<'a> {
        Numbers {
            fields: self.fields(),
            number,
            wire_type,
            packed: Reader::new(&[]),
        }
    }

    /// Where in a list of `KeyValue`s the first `key` is, and its value.
    // Apart, as the same over Go's memory is.
    #[inline(never)]
    pub(crate) fn find(self, number: u32, key: &[u8]) -> Option<(usize, Self)> {
        let mut entries = self.messages(number);
        let mut index = 0;
        while let Some(entry) = entries.next_content() {
            match plain_pair(entry) {
                Some((found, value)) if found.len() == key.len() && is_equal(found, key) => {
                    return Some((index, Self::Whole(value)));
                }
                Some(_) => {}
                None => match any_key_value(entry) {
                    (found, value) if found == key => return Some((index, value)),
                    _ => {}
                },
            }
            index += 1;
        }
        None
    }

    /// The key and the value of a `KeyValue`, which is always one of [`Messages`].
    #[inline]
    pub(crate) fn key_value(self) -> (&'a [u8], Self) {
        let entry = self.bytes().unwrap_or_default();
        match plain_pair(entry) {
            Some((key, value)) => (key, Self::Whole(value)),
            None => any_key_value(entry),
        }
    }

    /// The text in an `AnyValue`, where that is seen at once.
    #[inline]
    pub(crate) fn plain_text(self) -> Option<&'a [u8]> {
        self.bytes().and_then(plain_text)
    }

    /// Its bytes, if they lie in one place.
    pub(crate) fn bytes(self) -> Option<&'a [u8]> {
        match self {
            Self::Whole(bytes) => Some(bytes),
            Self::Spread(..) => None,
        }
    }
}

/// The key and the value of a `KeyValue`, however it is written; found in one pass.
#[inline(never)]
fn any_key_value(entry: &[u8]) -> (&[u8], Message<'_>) {
    let (mut key, mut value, mut values) = (&[][..], &[][..], 0);
    for field in Fields::of(entry) {
        match (field.number, field.payload) {
            (KEY, Payload::Len(content)) => key = content,
            (VALUE, Payload::Len(content)) => (value, values) = (content, values + 1),
            _ => {}
        }
    }
    match values {
        0 | 1 => (key, Message::Whole(value)),
        _ => (key, Message::Whole(entry).message(VALUE)),
    }
}

/// The fields of a message, part by part.
#[derive(Debug, Clone)]
pub(crate) struct PartFields<'a> {
    owner: Fields<'a>,
    within: u32,
    part: Fields<'a>,
}

impl PartFields<'_> {
    /// Goes on to the next part, if there is one.
    fn open_next(&mut self) -> Option<()> {
        let within = self.within;
        let mut parts = self.owner.by_ref().filter(|field| field.number == within);
        self.part = Fields::of(parts.find_map(|field| field.payload.content())?);
        Some(())
    }
}

impl<'a> Iterator for PartFields<'a> {
    type Item = Field<'a>;

    #[inline]
    fn next(&mut self) -> Option<Field<'a>> {
        loop {
            if let Some(field) = self.part.next() {
                return Some(field);
            }
            self.open_next()?;
        }
    }
}

/// The occurrences of a repeated message.
#[derive(Debug, Clone)]
pub(crate) struct Messages<'a> {
    fields: PartFields<'a>,
    number: u32,
}

impl<'a> Messages<'a> {
    #[inline]
    fn next_content(&mut self) -> Option<&'a [u8]> {
        // Occurrences stand together in almost every message.
        if let Some(content) = self.fields.part.content_of(tag_of(self.number)) {
            return Some(content);
        }
        let (found, after) = self.clone().search();
        *self = after;
        found
    }

    /// The next one, after any other fields, and what comes after it.
    // Apart and by value, so that a loop keeps the fields in registers.
    #[inline(never)]
    fn search(mut self) -> (Option<&'a [u8]>, Self) {
        loop {
            let mut part = self.fields.part.clone();
            let mut fields = part.by_ref().filter(|field| field.number == self.number);
            let found = fields.find_map(|field| field.payload.content());
            self.fields.part = part;
            if found.is_some() || self.fields.open_next().is_none() {
                return (found, self);
            }
        }
    }
}

impl<'a> Iterator for Messages<'a> {
    type Item = Message<'a>;

    #[inline]
    fn next(&mut self) -> Option<Message<'a>> {
        self.next_content().map(Message::Whole)
    }
}

/// Repeated numbers. Where the bytes are not what they should be, they end.
#[derive(Debug, Clone)]
pub(crate) struct Numbers<'a> {
    fields: PartFields<'a>,
    number: u32,
    wire_type: u8,
    packed: Reader<'a>,
}

impl Iterator for Numbers<'_> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        loop {
            if let Some(number) = self.packed.next_packed(self.wire_type) {
                return Some(number);
            }
            let number = self.number;
            let mut found = self.fields.by_ref().filter(|field| field.number == number);
            match found.next()?.payload {
                Payload::Len(content) => self.packed = Reader::new(content),
                Payload::Varint(number) | Payload::Fixed64(number) => return Some(number),
                Payload::Fixed32(_) | Payload::Group => {}
            }
        }
    }
}
