//! The keys and values that edits write.
//!
//! In: bytes. Out: where they are. Invariant: they only grow; what was written shortly before is
//! not written again, since a component mostly writes the same into every record.

use std::ops::Range;

use crate::text::is_equal;

/// So many of the last pieces are looked at.
const RECENT: usize = 4;

/// Bytes of all edits, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Text {
    bytes: Vec<u8>,
    recent: [(usize, usize); RECENT],
    next: usize,
}

impl Text {
    /// What was written elsewhere.
    pub(super) fn of(bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            ..Self::default()
        }
    }

    /// Empty, with its memory; `None` if that is more than `limit` bytes.
    pub(super) fn clear(&mut self, limit: usize) -> Option<()> {
        self.bytes.clear();
        self.recent = Default::default();
        self.next = 0;
        (self.bytes.capacity() <= limit).then_some(())
    }

    /// Where these bytes are: written now, or shortly before.
    #[inline]
    pub(super) fn put(&mut self, bytes: &[u8]) -> Range<usize> {
        for &(start, len) in &self.recent {
            if len != bytes.len() {
                continue;
            }
            let found = self.bytes.get(start..start + len);
            if found.is_some_and(|found| is_equal(found, bytes)) {
                return start..start + len;
            }
        }
        self.add(bytes)
    }

    #[inline(never)]
    fn add(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        self.recent[self.next % RECENT] = (start, bytes.len());
        self.next += 1;
        start..self.bytes.len()
    }

    pub(super) fn get(&self, range: Range<usize>) -> &[u8] {
        &self.bytes[range]
    }

    pub(super) fn all(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}
