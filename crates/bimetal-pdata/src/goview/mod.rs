//! The backend over Go's memory: telemetry is read where the Collector holds it.
//!
//! In: a [`Batch`] and its [`Layout`]. Out: messages and what they hold. Invariant: nothing is
//! copied, nothing is written, nothing is allocated. What cannot be read is never guessed: the
//! batch says so ([`Batch::unread`]), and who lent it gives it again as OTLP.

mod encode;
mod layout;
mod memory;

use bimetal_abi::LONGEST_DATA;

use crate::otlp::wire::Payload;
use crate::schema::number::{KEY, VALUE};
use layout::{Lies, Shape, Slot, Width};
use memory::Address;

pub use layout::Layout;
pub(crate) use layout::Messages as SignalMessages;
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

/// The messages of a list.
#[derive(Clone, Debug)]
pub(crate) struct Messages<'a> {
    batch: &'a Batch<'a>,
    /// The next one; `None` when there are no more.
    at: Option<Address<'a>>,
    left: usize,
    shape: &'a Shape,
    /// Bytes of a struct; `None` if addresses of structs lie here.
    size: Option<u32>,
}

/// The numbers of a list.
#[derive(Clone, Debug)]
pub(crate) struct Numbers<'a> {
    /// The next one.
    at: Option<Address<'a>>,
    left: usize,
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
        let (first, left) = self.list(at, size.unwrap_or(8));
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
            Some((slot, at)) if matches!(slot.lies, Lies::Numbers(_)) => self.list(at, 8),
            _ => (None, 0),
        };
        Numbers { at, left }
    }

    /// Where the first element of the list is that lies at `at`, and how many there are.
    #[inline]
    fn list(self, at: Address<'a>, size: u32) -> (Option<Address<'a>>, usize) {
        let len = at.plus(size_of::<u64>()).u64();
        if len == 0 {
            return (None, 0);
        }
        // Of structs below 4,096 bytes: their bytes can be counted.
        let fits = len <= LONGEST_DATA;
        match (at.pointer(), usize::try_from(len)) {
            (Some(first), Ok(left)) if fits && first.holds(len * u64::from(size)) => {
                (Some(first), left)
            }
            _ => {
                self.batch.cannot_read();
                (None, 0)
            }
        }
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

/// Where in the list in a field of the struct at `at` the first `key` is.
///
/// Most of a walk through a batch is this loop. Apart from its callers, which are inlined into the
/// loop of a component: as part of them half of its variables lay in memory. What it takes and
/// gives fits into registers.
#[inline(never)]
fn position<'a>(
    batch: &'a Batch<'a>,
    at: Address<'a>,
    shape: &'a Shape,
    number: u32,
    key: &[u8],
) -> Option<usize> {
    let at = Some(at);
    let mut entries = Message { batch, at, shape }.messages(number);
    // A copy: what lies behind a reference would be loaded for each entry again.
    let (Some(pairs), Some(step)) = (batch.layout.pairs, entries.size) else {
        return entries.position(|entry| entry.key_value().0 == key);
    };
    let mut at = entries.at?;
    for index in 0..entries.left {
        let here = at.plus(pairs.key);
        let len = here.plus(size_of::<u64>()).u64();
        // Of most keys only the length is looked at. What is not known can be the key of an entry
        // that has none; looking there for each of them took a third of the loop.
        if len == key.len() as u64 || len == 0 {
            if at.plus(pairs.others.0).u64() & pairs.others.1 != 0 {
                batch.cannot_read();
            }
            match here.slice() {
                Some(content) if is_equal(content, key) => return Some(index),
                Some(_) => {}
                None => batch.cannot_read(),
            }
        }
        at = at.plus(step as usize);
    }
    None
}

/// Whether a key is this one. Keys of one length are common, and a quarter of an upsert was calls
/// of the library's function that compares bytes: most keys differ in their last eight.
#[inline]
fn is_equal(found: &[u8], key: &[u8]) -> bool {
    match (found.last_chunk::<8>(), key.last_chunk::<8>()) {
        (Some(last), Some(of_key)) if last != of_key => false,
        (Some(_), Some(_)) if found.len() <= 16 => found.first_chunk::<8>() == key.first_chunk(),
        _ => found == key,
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

/// So many messages are fetched at a time.
const AT_ONCE: usize = 8;

/// Of a list of attributes so much is fetched, by lines of the cache; the rest follows by itself.
const LINES: [usize; 4] = [0, 64, 128, 192];

impl Messages<'_> {
    /// Has the processor fetch the attributes of messages that come soon, now and then.
    ///
    /// A batch that was just received lies all over memory, in no cache. Who only looks at records
    /// lets the processor run ahead by itself, and this would cost a tenth; who does something with
    /// each waits for a record, then for its attributes, and this saves a sixth.
    #[inline]
    pub(crate) fn fetch_ahead(&self) {
        if let (Some(at), None, true) = (self.at, self.size, self.left.is_multiple_of(AT_ONCE))
            && let Some(attributes) = self.shape.attributes
        {
            fetch_ahead(at, self.left, attributes as usize);
        }
    }
}

/// Fetches lists of attributes, and further on what tells where these lie.
#[inline(never)]
fn fetch_ahead(at: Address<'_>, left: usize, attributes: usize) {
    let list = |index: usize| {
        let message = (index < left).then(|| at.plus(index * size_of::<u64>()))?;
        Some(message.pointer()?.plus(attributes))
    };
    for index in AT_ONCE..2 * AT_ONCE {
        if let Some(further) = list(AT_ONCE + index) {
            further.fetch();
        }
        if let Some(first) = list(index).and_then(Address::pointer) {
            for line in LINES {
                first.plus(line).fetch();
            }
        }
    }
}

impl<'a> Iterator for Messages<'a> {
    type Item = Message<'a>;

    #[inline]
    fn next(&mut self) -> Option<Message<'a>> {
        self.left = self.left.checked_sub(1)?;
        let here = self.at?;
        let step = self.size.map_or(size_of::<u64>(), |size| size as usize);
        self.at = Some(here.plus(step));
        let at = match self.size {
            Some(_) => Some(here),
            None => here.pointer(),
        };
        if at.is_none() {
            self.batch.cannot_read();
        }
        Some(Message {
            batch: self.batch,
            at,
            shape: self.shape,
        })
    }

    fn nth(&mut self, skip: usize) -> Option<Message<'a>> {
        let step = self.size.map_or(size_of::<u64>(), |size| size as usize);
        self.at = match self.left.checked_sub(skip) {
            Some(left) if left > 0 => {
                self.left = left;
                Some(self.at?.plus(step * skip))
            }
            _ => None,
        };
        self.next()
    }

    fn count(self) -> usize {
        self.left
    }
}

impl Iterator for Numbers<'_> {
    type Item = u64;

    #[inline]
    fn next(&mut self) -> Option<u64> {
        self.left = self.left.checked_sub(1)?;
        let here = self.at?;
        self.at = Some(here.plus(size_of::<u64>()));
        Some(here.u64())
    }
}
