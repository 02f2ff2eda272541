//! The backend over Go's memory: telemetry is read where the Collector holds it.
//!
//! In: a [`Batch`] and its [`Layout`]. Out: messages and what they hold. Invariant: nothing is
//! copied, nothing is written, nothing is allocated. What cannot be read is never guessed: the
//! batch says so ([`Batch::unread`]), and who lent it gives it again as OTLP.

mod encode;
mod layout;
mod list;
mod memory;

use crate::edits::Written;
use crate::otlp::wire::Payload;
use crate::schema::number::{BOOL, BYTES, DOUBLE, INT, KEY, STRING, VALUE};
use crate::text::is_equal;
use layout::{Lies, Shape, Slot, Width};
use list::{list_at, position};
use memory::Address;

pub use layout::Layout;
pub(crate) use layout::Messages as SignalMessages;
pub(crate) use list::{Messages, Numbers};
pub use memory::Batch;
#[cfg(feature = "bounded")]
pub use memory::FIRST;

/// One message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message<'a> {
    batch: &'a Batch<'a>,
    /// `None`: there is none, so that every field is absent.
    at: Option<Address<'a>>,
    /// Not its number: that was looked up for each field of each record.
    shape: &'a Shape,
}

impl<'a> Message<'a> {
    /// The export request.
    pub(crate) fn whole(batch: &'a Batch<'a>) -> Self {
        let at = Some(batch.root());
        let shape = batch.layout.shape(0);
        Self { batch, at, shape }
    }

    #[inline]
    fn slot(self, number: u32) -> Option<(Slot, Address<'a>)> {
        let slot = self.shape.slot(number)?;
        Some((slot, self.at?.plus(slot.offset as usize)))
    }

    /// A message with this number of the layout.
    #[inline]
    fn at(self, at: Option<Address<'a>>, of: u32) -> Self {
        let shape = self.batch.layout.shape(of);
        Self { at, shape, ..self }
    }

    /// No message.
    fn absent(self) -> Self {
        Self { at: None, ..self }
    }

    /// What a field holds that is no message.
    #[inline]
    pub(crate) fn payload(self, number: u32) -> Option<Payload<'a>> {
        let (slot, at) = self.slot(number)?;
        self.content(slot.lies, at)
    }

    #[inline]
    fn content(self, lies: Lies, at: Address<'a>) -> Option<Payload<'a>> {
        let bytes = match lies {
            Lies::Varint64 => return Some(Payload::Varint(at.u64())),
            Lies::Int32 => {
                let number = i64::from(at.u32().cast_signed());
                return Some(Payload::Varint(number.cast_unsigned()));
            }
            Lies::Zigzag => {
                let number = at.u32().cast_signed();
                let zigzag = (number << 1 ^ number >> 31).cast_unsigned();
                return Some(Payload::Varint(zigzag.into()));
            }
            Lies::Uint32 => return Some(Payload::Varint(at.u32().into())),
            Lies::Bool => return Some(Payload::Varint(u64::from(at.u8() != 0))),
            Lies::Fixed64 => return Some(Payload::Fixed64(at.u64())),
            Lies::Optional64(distance, bit) => {
                let set = at.plus(distance).u64() >> bit & 1 != 0;
                return set.then(|| Payload::Fixed64(at.u64()));
            }
            Lies::Fixed32 => return Some(Payload::Fixed32(at.u32())),
            Lies::Bytes => at.slice(),
            Lies::Id(size) => at.bytes(size.into()),
            Lies::Struct(_)
            | Lies::Pointer(_)
            | Lies::Structs(..)
            | Lies::Pointers(_)
            | Lies::Numbers(_) => return None,
        };
        if bytes.is_none() {
            self.batch.cannot_read();
        }
        bytes.map(Payload::Len)
    }

    /// The message in a field; an empty one if there is none.
    #[inline]
    pub(crate) fn message(self, number: u32) -> Self {
        match self.slot(number) {
            Some((slot, at)) => match slot.lies {
                Lies::Struct(of) => self.at(Some(at), of),
                Lies::Pointer(of) => self.at(at.pointer(), of),
                _ => self.absent(),
            },
            // Of an absent message every message is absent, whatever it is.
            None => self.absent(),
        }
    }

    /// Every message of a list.
    #[inline]
    pub(crate) fn messages(self, number: u32) -> Messages<'a> {
        let none = Messages {
            batch: self.batch,
            at: None,
            left: 0,
            shape: self.shape,
            size: None,
        };
        let Some((slot, at)) = self.slot(number) else {
            return none;
        };
        let (of, size) = match slot.lies {
            Lies::Structs(of, size) => (of, Some(size)),
            Lies::Pointers(of) => (of, None),
            _ => return none,
        };
        let step = size.map_or(size_of::<u64>(), |size| size as usize);
        let (first, left) = list_at(self.batch, at, step);
        Messages {
            batch: self.batch,
            at: first,
            left,
            shape: self.batch.layout.shape(of),
            size,
        }
    }

    /// The numbers in a repeated field.
    pub(crate) fn numbers(self, number: u32) -> Numbers<'a> {
        let (at, left) = match self.slot(number) {
            Some((slot, at)) if matches!(slot.lies, Lies::Numbers(_)) => {
                list_at(self.batch, at, size_of::<u64>())
            }
            _ => (None, 0),
        };
        Numbers { at, left }
    }

    /// The variant that is set: its number, what it holds, and the message that this may be.
    #[inline]
    pub(crate) fn variant(self) -> Option<(u32, Payload<'a>, Self)> {
        let shape = self.shape;
        let at = self.at?.plus(shape.oneof? as usize);
        let word = at.u64();
        if word == 0 {
            return None;
        }
        let held = at.plus(size_of::<u64>()).pointer();
        let (Some((number, slot)), Some(held)) = (shape.variant(word), held) else {
            self.batch.cannot_read();
            return None;
        };
        let at = held.plus(slot.offset as usize);
        let of = match slot.lies {
            Lies::Struct(of) => self.at(Some(at), of),
            Lies::Pointer(of) => self.at(at.pointer(), of),
            lies => return Some((number, self.content(lies, at)?, self.absent())),
        };
        if of.at.is_none() {
            self.batch.cannot_read();
        }
        Some((number, Payload::Len(&[]), of))
    }

    /// [`holds`](Self::holds) of the value of an entry of a list of `KeyValue`s. Apart from its
    /// caller, which would have the value as a message in its own memory.
    #[inline(never)]
    pub(crate) fn holds_at(&self, number: u32, index: usize, value: Written<'_>) -> Option<bool> {
        self.value_at(number, index)?.holds(value)
    }

    /// Whether this `AnyValue` is `value`, where one of the two is no list and no map. To read it
    /// as a value of any shape, and to take that apart again, was a third of an upsert.
    #[inline]
    pub(crate) fn holds(self, value: Written<'_>) -> Option<bool> {
        let (number, payload, _) = self.variant()?;
        Some(match (value, number, payload) {
            (Written::Str(new), STRING, Payload::Len(old))
            | (Written::Bytes(new), BYTES, Payload::Len(old)) => {
                new.len() == old.len() && is_equal(old, new)
            }
            (Written::Bool(new), BOOL, Payload::Varint(old)) => u64::from(new) == old,
            (Written::Int(new), INT, Payload::Varint(old)) => new.cast_unsigned() == old,
            (Written::Double(new), DOUBLE, Payload::Fixed64(old)) => new.to_bits() == old,
            (Written::Otlp(_) | Written::Empty, ..) => return None,
            (_, STRING | BYTES | BOOL | INT | DOUBLE, _) => false,
            _ => return None,
        })
    }

    /// The key and the value of a `KeyValue`.
    #[inline]
    pub(crate) fn key_value(self) -> (&'a [u8], Self) {
        self.require_others_zero();
        let key = self.payload(KEY).and_then(|payload| payload.content());
        (key.unwrap_or_default(), self.message(VALUE))
    }

    /// Where in a list of `KeyValue`s the first `key` is.
    #[inline]
    pub(crate) fn position(&self, number: u32, key: &[u8]) -> Option<usize> {
        position(self.batch, self.at?, self.shape, number, key)
    }

    /// The value of an entry of a list of `KeyValue`s.
    #[inline]
    pub(crate) fn value_at(&self, number: u32, index: usize) -> Option<Self> {
        if let (Some(pairs), Some(list)) = (self.batch.layout.pairs, self.shape.list(number)) {
            let (first, left) = list_at(self.batch, self.at?.plus(list.offset), list.step);
            let entry = first.filter(|_| index < left)?.plus(list.step * index);
            let (offset, of) = pairs.value;
            return Some(self.at(Some(entry.plus(offset)), of));
        }
        let entry = self.messages(number).nth(index)?;
        Some(entry.message(VALUE))
    }

    /// Something in a field that is not known, such as a key that is an index: then what is known
    /// is not all.
    #[inline]
    pub(crate) fn require_others_zero(self) {
        if self.at.is_some_and(|at| !others_zero(self.shape, at)) {
            self.batch.cannot_read();
        }
    }
}

/// Nothing is in the fields that are not known, of the struct that lies at `at`.
#[inline]
fn others_zero(shape: &Shape, at: Address<'_>) -> bool {
    shape.others.iter().all(|&(offset, width)| {
        let at = at.plus(offset as usize);
        match width {
            Width::Byte => at.u8() == 0,
            Width::Half => at.u32() == 0,
            Width::Long => at.u64() == 0,
            Width::But(known) => at.u64() & !known == 0,
        }
    })
}
