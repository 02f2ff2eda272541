//! How telemetry lies in Go's memory.
//!
//! In: the host's table of `bimetal_abi::Field`s, as bytes. Out: a [`Layout`], or `None`.
//! Invariant: every field that the [`Schema`]s of this crate name is there and of a kind that fits;
//! a table that says anything else, or says something twice, is no layout.

use bimetal_abi as abi;
use bimetal_abi::Field;

use crate::schema::{ANY_VALUE, KEY_VALUE, Kind, Schema, number::STRING_INDEX};

/// Numbers of fields are below this.
const FIELDS: usize = 13;

/// A struct of Go has fewer bytes.
const LARGEST: u32 = 4096;

/// The messages that a batch of a signal is made of: their numbers at the C ABI, from 1 upwards.
pub(crate) type Messages = [(u32, &'static Schema)];

/// How the messages of a signal lie in Go's memory: learnt by the Collector when it starts.
#[derive(Debug)]
pub struct Layout {
    /// By number of the message, less one.
    messages: Vec<Shape>,
}

/// One struct.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) schema: &'static Schema,
    fields: [Option<Slot>; FIELDS],
    /// Where the variant that is set lies; its fields are the variants then.
    pub(super) oneof: Option<u32>,
    /// Where fields are not zero that this crate does not know.
    pub(super) others: Vec<(u32, Width)>,
}

/// So much is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) enum Width {
    Byte,
    Half,
    Long,
}

/// Where a field lies, and as what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    pub(super) lies: Lies,
    pub(super) offset: u32,
    pub(super) word: u64,
}

/// What lies there: for a number, both in Go's memory and in OTLP.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lies {
    Varint64,
    Int32,
    Uint32,
    Bool,
    Fixed64,
    Fixed32,
    Bytes,
    Id(u32),
    Struct(u32),
    Pointer(u32),
    Structs(u32, u32),
    Pointers(u32),
}

impl Layout {
    /// Reads the host's table.
    pub(crate) fn read(signal: &'static Messages, table: &[u8]) -> Option<Self> {
        let (rows, []) = table.as_chunks::<{ size_of::<Field>() }>() else {
            return None;
        };
        let shape = |(_, schema): &(u32, &'static Schema)| Shape::new(schema);
        let mut messages: Vec<_> = signal.iter().map(shape).collect();
        for row in rows.iter().map(row) {
            let shape = messages.get_mut(row.message.checked_sub(1)? as usize)?;
            shape.add(signal, &row)?;
        }
        let whole = messages.iter().all(Shape::is_whole);
        whole.then_some(Self { messages })
    }

    /// A message that a row named, and thus is there.
    #[inline]
    pub(super) fn shape(&self, message: u32) -> &Shape {
        &self.messages[message as usize - 1]
    }
}

impl Shape {
    fn new(schema: &'static Schema) -> Self {
        Self {
            schema,
            fields: [None; FIELDS],
            oneof: None,
            others: Vec::new(),
        }
    }

    #[inline]
    pub(super) fn slot(&self, number: u32) -> Option<Slot> {
        self.fields.get(number as usize).copied().flatten()
    }

    /// The variant of a type word.
    #[inline]
    pub(super) fn variant(&self, word: u64) -> Option<(u32, Slot)> {
        (1..).zip(&self.fields[1..]).find_map(|(number, slot)| {
            slot.filter(|slot| slot.word == word)
                .map(|slot| (number, slot))
        })
    }

    fn add(&mut self, signal: &Messages, row: &Field) -> Option<()> {
        if row.offset >= LARGEST {
            return None;
        }
        let fits = match (row.number, row.kind) {
            (0, abi::FIELD_ONEOF) => self.is_oneof() && self.oneof.replace(row.offset).is_none(),
            (0, kind) => {
                let (from, width) = zero(kind)?;
                self.others.push((row.offset + from, width));
                true
            }
            (number, _) => {
                let (_, kind) = self.schema.kind(number)?;
                let slot = Slot {
                    lies: lies(signal, row, kind)?,
                    offset: row.offset,
                    word: row.word,
                };
                // Variants have a type word of their own, and nothing else has one.
                let twice = row.word != 0 && self.variant(row.word).is_some();
                let free = self
                    .fields
                    .get_mut(number as usize)?
                    .replace(slot)
                    .is_none();
                free && !twice && self.is_oneof() == (row.word != 0)
            }
        };
        fits.then_some(())
    }

    fn is_oneof(&self) -> bool {
        std::ptr::eq(self.schema, &raw const ANY_VALUE)
    }

    /// Every field that is read is there. That a text is an index into a dictionary is none of
    /// them: a value of that kind cannot be made, and is not read.
    fn is_whole(&self) -> bool {
        let read = |number| !(self.is_oneof() && number == STRING_INDEX);
        self.is_oneof() == self.oneof.is_some()
            && self
                .schema
                .fields
                .iter()
                .all(|row| !read(row.0) || self.slot(row.0).is_some())
    }
}

fn row(bytes: &[u8; size_of::<Field>()]) -> Field {
    let half = |index: usize| {
        let four = bytes.as_chunks::<4>().0;
        u32::from_ne_bytes(four[index])
    };
    Field {
        message: half(0),
        number: half(1),
        kind: half(2),
        offset: half(3),
        of: half(4),
        size: half(5),
        word: u64::from_ne_bytes(bytes.as_chunks::<8>().0[3]),
    }
}

/// What a row says, if a field of this kind can lie so.
fn lies(signal: &Messages, row: &Field, kind: Kind) -> Option<Lies> {
    Some(match (row.kind, kind) {
        (abi::FIELD_64, Kind::Varint) => Lies::Varint64,
        (abi::FIELD_64, Kind::Fixed64) => Lies::Fixed64,
        (abi::FIELD_INT32, Kind::Varint) => Lies::Int32,
        (abi::FIELD_UINT32, Kind::Varint) => Lies::Uint32,
        (abi::FIELD_UINT32, Kind::Fixed32) => Lies::Fixed32,
        (abi::FIELD_BOOL, Kind::Varint) => Lies::Bool,
        (abi::FIELD_STRING | abi::FIELD_BYTES, Kind::Bytes) => Lies::Bytes,
        (abi::FIELD_ID, Kind::Id(size)) if row.size as usize == size => Lies::Id(row.size),
        (kind_there, kind) => {
            let below = below(kind)?;
            let mut named = signal.iter().filter(|(of, _)| *of == row.of);
            let &(of, _) = named.find(|(_, schema)| std::ptr::eq(*schema, below))?;
            match kind_there {
                abi::FIELD_STRUCT => Lies::Struct(of),
                abi::FIELD_POINTER => Lies::Pointer(of),
                abi::FIELD_STRUCTS if (1..LARGEST).contains(&row.size) => {
                    Lies::Structs(of, row.size)
                }
                abi::FIELD_POINTERS => Lies::Pointers(of),
                _ => return None,
            }
        }
    })
}

/// Where a field that is not known is zero when it says nothing.
fn zero(kind: u32) -> Option<(u32, Width)> {
    Some(match kind {
        abi::FIELD_64 | abi::FIELD_POINTER => (0, Width::Long),
        abi::FIELD_INT32 | abi::FIELD_UINT32 => (0, Width::Half),
        abi::FIELD_BOOL => (0, Width::Byte),
        // Of a text and of a list it is the length that counts.
        abi::FIELD_STRING | abi::FIELD_BYTES | abi::FIELD_STRUCTS | abi::FIELD_POINTERS => {
            (8, Width::Long)
        }
        _ => return None,
    })
}

/// The message in a field.
fn below(kind: Kind) -> Option<&'static Schema> {
    match kind {
        Kind::Message(schema) | Kind::Header(schema) | Kind::Items(schema) => Some(schema),
        Kind::Attributes => Some(&KEY_VALUE),
        _ => None,
    }
}
