//! How telemetry lies in Go's memory.
//!
//! In: the host's table of `bimetal_abi::Field`s, as bytes. Out: a [`Layout`], or `None`.
//! Invariant: every field that the [`Schema`]s of this crate name is there and of a kind that fits;
//! a table that says anything else, or says something twice, is no layout.

use bimetal_abi as abi;
use bimetal_abi::Field;

use crate::schema::number::{KEY, STRING_INDEX, VALUE};
use crate::schema::{ANY_VALUE, KEY_VALUE, Kind, Schema};

/// Numbers of fields are below this.
const FIELDS: usize = 17;

/// A struct of Go has fewer bytes.
const LARGEST: u32 = 4096;

/// The messages that a batch of a signal is made of: their numbers at the C ABI, and what they are.
/// The whole batch is the first one.
pub(crate) type Messages = [(u32, &'static Schema)];

/// How the messages of a signal lie in Go's memory: learnt by the Collector when it starts.
#[derive(Debug)]
pub struct Layout {
    /// In the order of [`Messages`]; elsewhere a message is its place here.
    messages: Vec<Shape>,
    /// Of every signal the same `KeyValue`.
    pub(super) pairs: Option<Pairs>,
}

/// What a search for a key needs of a `KeyValue`, looked up once: it is asked for each attribute of
/// each record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pairs {
    pub(super) key: usize,
    /// Where the value lies, which is a struct in it, and what that is.
    pub(super) value: (usize, u32),
    /// Eight bytes, and which of their bits are zero if nothing is there that is not known.
    pub(super) others: (usize, u64),
}

/// One struct.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) schema: &'static Schema,
    fields: [Option<Slot>; FIELDS],
    /// Where the variant that is set lies. Fields with a type word are variants.
    pub(super) oneof: Option<u32>,
    /// The list of attributes, if it is one of structs.
    pub(super) attributes: Option<List>,
    /// Where fields are not zero that this crate does not know.
    pub(super) others: Vec<(u32, Width)>,
}

/// A list of structs in a struct, looked up once.
#[derive(Clone, Copy, Debug)]
pub(super) struct List {
    pub(super) number: u32,
    pub(super) offset: usize,
    /// Bytes from one of them to the next.
    pub(super) step: usize,
}

/// So much is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) enum Width {
    Byte,
    Half,
    Long,
    /// 64 bits without these.
    But(u64),
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
    Zigzag,
    Uint32,
    Bool,
    Fixed64,
    /// Set where the bit is, which lies so many bytes on, or back if they wrap around.
    Optional64(usize, u32),
    Fixed32,
    /// Numbers of 64 bits, and their wire type in OTLP.
    Numbers(u8),
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
            let place = signal
                .iter()
                .position(|(number, _)| *number == row.message)?;
            messages.get_mut(place)?.add(signal, &row)?;
        }
        let whole = messages.iter().all(Shape::is_whole);
        let pairs = messages.iter().find_map(Shape::pairs);
        whole.then_some(Self { messages, pairs })
    }

    /// A message that a row named, and thus is there; the whole batch is number 0.
    #[inline]
    pub(super) fn shape(&self, message: u32) -> &Shape {
        &self.messages[message as usize]
    }
}

impl Shape {
    fn new(schema: &'static Schema) -> Self {
        Self {
            schema,
            fields: [None; FIELDS],
            oneof: None,
            attributes: None,
            others: Vec::new(),
        }
    }

    #[inline]
    pub(super) fn slot(&self, number: u32) -> Option<Slot> {
        self.fields.get(number as usize).copied().flatten()
    }

    /// The list of attributes with this number, if it is one of structs.
    #[inline]
    pub(super) fn list(&self, number: u32) -> Option<List> {
        self.attributes.filter(|list| list.number == number)
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
            (0, abi::FIELD_ONEOF) => {
                self.has_variants() && self.oneof.replace(row.offset).is_none()
            }
            (0, _) => {
                let (from, width) = zero(row)?;
                self.others.push((row.offset + from, width));
                true
            }
            (number, abi::FIELD_SET) => {
                let slot = self.fields.get_mut(number as usize)?.as_mut()?;
                let optional = matches!(self.schema.kind(number)?.1, Kind::Optional64);
                let fixed = matches!(slot.lies, Lies::Fixed64);
                let distance = (row.offset as usize).wrapping_sub(slot.offset as usize);
                slot.lies = Lies::Optional64(distance, row.word.trailing_zeros());
                optional && fixed && row.word.is_power_of_two()
            }
            (number, _) => {
                let (_, kind) = self.schema.kind(number)?;
                let slot = Slot {
                    lies: lies(signal, row, kind)?,
                    offset: row.offset,
                    word: row.word,
                };
                if let (Kind::Attributes, Lies::Structs(_, size)) = (kind, slot.lies) {
                    self.attributes = Some(List {
                        number,
                        offset: row.offset as usize,
                        step: size as usize,
                    });
                }
                // Variants have a type word of their own, and nothing else has one.
                let twice = row.word != 0 && self.variant(row.word).is_some();
                let free = self
                    .fields
                    .get_mut(number as usize)?
                    .replace(slot)
                    .is_none();
                free && !twice && self.schema.is_variant(kind) == (row.word != 0)
            }
        };
        fits.then_some(())
    }

    /// Where this is `KeyValue`, and lies as it mostly does.
    fn pairs(&self) -> Option<Pairs> {
        let is_pair = std::ptr::eq(self.schema, &raw const KEY_VALUE);
        let key = self
            .slot(KEY)
            .filter(|key| matches!(key.lies, Lies::Bytes))?;
        let value = self.slot(VALUE)?;
        let Lies::Struct(of) = value.lies else {
            return None;
        };
        // Structs with a string are a whole number of eight bytes: none of these lie outside.
        let word = |offset: u32| offset as usize & !7;
        let first = self.others.first().map_or(0, |(offset, _)| word(*offset));
        let mut mask = [0; 8];
        for &(offset, width) in &self.others {
            let bytes = match width {
                Width::Byte => 1,
                Width::Half => 4,
                Width::Long => 8,
                Width::But(_) => return None,
            };
            let start = offset as usize % 8;
            if word(offset) != first {
                return None;
            }
            mask.get_mut(start..start + bytes)?.fill(0xff);
        }
        is_pair.then_some(Pairs {
            key: key.offset as usize,
            value: (value.offset as usize, of),
            others: (first, u64::from_ne_bytes(mask)),
        })
    }

    fn has_variants(&self) -> bool {
        let mut kinds = self.schema.fields.iter().map(|row| row.2);
        kinds.any(|kind| self.schema.is_variant(kind))
    }

    /// Every field that is read is there, and so is what says whether it is set.
    fn is_whole(&self) -> bool {
        let read = |&(number, _, kind): &(u32, &str, Kind)| match (self.slot(number), kind) {
            (Some(slot), Kind::Optional64) => matches!(slot.lies, Lies::Optional64(..)),
            (slot, _) => slot.is_some() || self.is_never_made(number),
        };
        self.has_variants() == self.oneof.is_some() && self.schema.fields.iter().all(read)
    }

    /// That a text is an index into a dictionary: a value of that kind cannot be made, and is not
    /// read.
    fn is_never_made(&self, number: u32) -> bool {
        number == STRING_INDEX && std::ptr::eq(self.schema, &raw const ANY_VALUE)
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
        (abi::FIELD_64, Kind::Fixed64 | Kind::Optional64 | Kind::Number) => Lies::Fixed64,
        (abi::FIELD_NUMBERS, Kind::Numbers(wire_type)) => Lies::Numbers(wire_type),
        (abi::FIELD_INT32, Kind::Varint) => Lies::Int32,
        (abi::FIELD_INT32, Kind::Zigzag) => Lies::Zigzag,
        (abi::FIELD_UINT32, Kind::Varint) => Lies::Uint32,
        (abi::FIELD_UINT32, Kind::Fixed32) => Lies::Fixed32,
        (abi::FIELD_BOOL, Kind::Varint) => Lies::Bool,
        (abi::FIELD_STRING | abi::FIELD_BYTES, Kind::Bytes) => Lies::Bytes,
        (abi::FIELD_ID, Kind::Id(size)) if row.size as usize == size => Lies::Id(row.size),
        (kind_there, kind) => {
            let below = below(kind)?;
            let there = |(of, schema): &(u32, &'static Schema)| {
                *of == row.of && std::ptr::eq(*schema, below)
            };
            let of = u32::try_from(signal.iter().position(there)?).ok()?;
            let is_list = matches!(kind_there, abi::FIELD_STRUCTS | abi::FIELD_POINTERS);
            match kind {
                Kind::Items(_) | Kind::Attributes if !is_list => return None,
                Kind::Header(_) | Kind::Data(_) if is_list => return None,
                _ => {}
            }
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
fn zero(row: &Field) -> Option<(u32, Width)> {
    Some(match row.kind {
        abi::FIELD_SET => (0, Width::But(row.word)),
        abi::FIELD_64 | abi::FIELD_POINTER => (0, Width::Long),
        abi::FIELD_INT32 | abi::FIELD_UINT32 => (0, Width::Half),
        abi::FIELD_BOOL => (0, Width::Byte),
        // Of a text and of a list it is the length that counts.
        abi::FIELD_STRING
        | abi::FIELD_BYTES
        | abi::FIELD_STRUCTS
        | abi::FIELD_POINTERS
        | abi::FIELD_NUMBERS => (8, Width::Long),
        _ => return None,
    })
}

/// The message in a field.
fn below(kind: Kind) -> Option<&'static Schema> {
    match kind {
        Kind::Message(schema)
        | Kind::List(schema)
        | Kind::Header(schema)
        | Kind::Items(schema)
        | Kind::Data(schema) => Some(schema),
        Kind::Attributes => Some(&KEY_VALUE),
        _ => None,
    }
}
