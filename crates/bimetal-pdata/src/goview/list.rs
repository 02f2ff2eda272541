//! Lists in Go's memory: walked, and searched for a key.
//!
//! In: where a list lies, and how its elements do. Out: messages and numbers. Invariant: nothing
//! beyond the list is read; nothing is allocated.

use bimetal_abi::LONGEST_DATA;

use super::Message;
use super::layout::Shape;
use super::memory::{Address, Batch};
use crate::text::is_equal;

/// The messages of a list.
#[derive(Clone, Debug)]
pub(crate) struct Messages<'a> {
    pub(super) batch: &'a Batch<'a>,
    /// The next one; `None` when there are no more.
    pub(super) at: Option<Address<'a>>,
    pub(super) left: usize,
    pub(super) shape: &'a Shape,
    /// Bytes of a struct; `None` if addresses of structs lie here.
    pub(super) size: Option<u32>,
}

/// The numbers of a list.
#[derive(Clone, Debug)]
pub(crate) struct Numbers<'a> {
    /// The next one.
    pub(super) at: Option<Address<'a>>,
    pub(super) left: usize,
}

/// Where in the list in a field of the struct at `at` the first `key` is.
///
/// Most of a walk through a batch is this loop. Apart from its callers, which are inlined into the
/// loop of a component: as part of them half of its variables lay in memory. What it takes and
/// gives fits into registers.
#[inline(never)]
pub(super) fn position<'a>(
    batch: &'a Batch<'a>,
    at: Address<'a>,
    shape: &'a Shape,
    number: u32,
    key: &[u8],
) -> Option<usize> {
    // A copy: what lies behind a reference would be loaded for each entry again.
    let (Some(pairs), Some(list)) = (batch.layout.pairs, shape.list(number)) else {
        return position_of_others(batch, at, shape, number, key);
    };
    let (first, left) = list_at(batch, at.plus(list.offset), list.step);
    let mut here = first?.plus(pairs.key);
    for index in 0..left {
        let len = here.plus(size_of::<u64>()).u64();
        // Of most keys only the length is looked at. What is not known can be the key of an entry
        // that has none; looking there for each of them took a good part of the loop.
        if len == key.len() as u64 || len == 0 {
            // Both are offsets in the struct that this key lies in.
            let others = pairs.others.0.wrapping_sub(pairs.key);
            if here.plus(others).u64() & pairs.others.1 != 0 {
                batch.cannot_read();
            }
            match here.slice() {
                Some(content) if content.len() == key.len() && is_equal(content, key) => {
                    return Some(index);
                }
                Some(_) => {}
                None => batch.cannot_read(),
            }
        }
        here = here.plus(list.step);
    }
    None
}

/// The same, for entries that lie in another way.
#[cold]
fn position_of_others<'a>(
    batch: &'a Batch<'a>,
    at: Address<'a>,
    shape: &'a Shape,
    number: u32,
    key: &[u8],
) -> Option<usize> {
    let at = Some(at);
    let mut entries = Message { batch, at, shape }.messages(number);
    entries.position(|entry| entry.key_value().0 == key)
}

/// Where the first element of the list is that lies at `at`, and how many there are.
#[inline]
pub(super) fn list_at<'a>(
    batch: &'a Batch<'a>,
    at: Address<'a>,
    step: usize,
) -> (Option<Address<'a>>, usize) {
    let len = at.plus(size_of::<u64>()).u64();
    if len == 0 {
        return (None, 0);
    }
    // Of structs below 4,096 bytes: their bytes can be counted.
    let fits = len <= LONGEST_DATA;
    match (at.pointer(), usize::try_from(len)) {
        (Some(first), Ok(left)) if fits && first.holds(len * step as u64) => (Some(first), left),
        _ => {
            batch.cannot_read();
            (None, 0)
        }
    }
}

/// So many messages are fetched at a time.
const AT_ONCE: usize = 8;

/// Of a list of attributes so much is fetched, by lines of the cache; the rest follows by itself.
const LINES: [usize; 6] = [0, 64, 128, 192, 256, 320];

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
            fetch_ahead(at, self.left, attributes.offset);
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
            _ => {
                self.left = 0;
                None
            }
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
