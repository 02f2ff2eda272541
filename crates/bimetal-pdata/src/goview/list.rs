//! Lists in Go's memory: walked, and searched for a key.
//!
//! In: where a list lies, and how its elements do. Out: messages and numbers. Invariant: nothing
//! beyond the list is read; nothing is allocated.

use super::Message;
use super::layout::Shape;
use super::memory::{Address, Batch};

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
        // that has none; looking there for each of them took a good part of the loop.
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
