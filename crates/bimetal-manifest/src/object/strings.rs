//! A string table, read in blocks.
//!
//! In: the range of the table. Out: single strings. Invariant: memory is bounded however large the
//! table is, and a string is cut at a limit. A large table is one pass for strings that are asked
//! for in the order of their places, and many for others; one that is held whole has no order.

use super::bytes::Bytes;
use super::error::ReadError;

/// Most bytes of a string that are looked at.
pub(super) const NAME_LIMIT: usize = 4096;

const BLOCK: u64 = 64 << 10;
const SLOTS: usize = 8;
/// A table of so many bytes is one block. That of a Go plugin of 31 MB has 4 MB.
const WHOLE: u64 = 8 << 20;

/// Blocks of the table, each in the slot that its number leads to.
pub(super) struct Strings<'b> {
    bytes: &'b Bytes<'b>,
    start: u64,
    length: u64,
    block: u64,
    slots: Vec<Option<Block>>,
    name: Vec<u8>,
}

struct Block {
    number: u64,
    bytes: Vec<u8>,
}

impl<'b> Strings<'b> {
    pub(super) fn new(bytes: &'b Bytes<'b>, start: u64, length: u64) -> Result<Self, ReadError> {
        let block = if length <= WHOLE {
            length.max(1)
        } else {
            BLOCK
        };
        Self::in_blocks(bytes, start, length, block)
    }

    /// For a table that is not held whole, or a test.
    pub(super) fn in_blocks(
        bytes: &'b Bytes<'b>,
        start: u64,
        length: u64,
        block: u64,
    ) -> Result<Self, ReadError> {
        bytes.check(start, length, "the string table")?;
        let blocks = usize::try_from(length.div_ceil(block))
            .unwrap_or(SLOTS)
            .clamp(1, SLOTS);
        let slots = std::iter::repeat_with(|| None).take(blocks).collect();
        Ok(Self {
            bytes,
            start,
            length,
            block,
            slots,
            name: Vec::new(),
        })
    }

    /// Strings may be asked for in any order.
    pub(super) fn is_whole(&self) -> bool {
        self.length <= self.block
    }

    /// The string at `offset`, without its NUL. One of more than [`NAME_LIMIT`] bytes is cut there.
    pub(super) fn get(&mut self, offset: u64) -> Result<&[u8], ReadError> {
        self.name.clear();
        let mut at = offset;
        loop {
            if at >= self.length {
                return Err(ReadError::Malformed {
                    what: "a name outside of the string table",
                });
            }
            let number = at / self.block;
            let skip = usize::try_from(at % self.block).unwrap_or(0);
            let slot = self.load(number)?;
            let part = self.slots[slot]
                .as_ref()
                .map_or(&[][..], |block| &block.bytes[skip.min(block.bytes.len())..]);
            // Looking for the end byte by byte was two thirds of all instructions of a
            // verification: Go plugins export long names.
            let near = &part[..part.len().min(NAME_LIMIT + 1)];
            if let Some(end) = memchr::memchr(0, near) {
                if self.name.is_empty() {
                    let block = self.slots[slot]
                        .as_ref()
                        .map_or(&[][..], |block| &block.bytes[..]);
                    return Ok(&block[skip..skip + end]);
                }
                self.name.extend_from_slice(&part[..end]);
                break;
            }
            self.name
                .extend_from_slice(&part[..part.len().min(NAME_LIMIT)]);
            if self.name.len() >= NAME_LIMIT {
                break;
            }
            at = (number + 1) * self.block;
        }
        self.name.truncate(NAME_LIMIT);
        Ok(&self.name)
    }

    fn load(&mut self, number: u64) -> Result<usize, ReadError> {
        let slot = usize::try_from(number % self.slots.len() as u64).unwrap_or(0);
        if self.slots[slot]
            .as_ref()
            .is_none_or(|block| block.number != number)
        {
            let offset = number * self.block;
            let length = self.block.min(self.length - offset);
            let length = usize::try_from(length).unwrap_or_default();
            // Memory of the block that was there, which needs no zeros any more.
            let mut bytes = self.slots[slot].take().map_or(Vec::new(), |old| old.bytes);
            bytes.resize(length, 0);
            (self.bytes).fill(self.start + offset, &mut bytes, "the string table")?;
            self.slots[slot] = Some(Block { number, bytes });
        }
        Ok(slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn letter(length: usize) -> u8 {
        b'a' + u8::try_from(length % 26).unwrap()
    }

    #[test]
    fn strings_are_whole_across_blocks_and_cut_at_the_limit() {
        let mut table = Vec::new();
        let mut places = Vec::new();
        for length in [0, 1, 5000, 4096, 4095, 16_000, 3, 100_000, 7] {
            places.push((table.len() as u64, length));
            table.extend(std::iter::repeat_n(letter(length), length));
            table.push(0);
        }
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&table).unwrap();
        let bytes = Bytes::new(&file).unwrap();
        let length = table.len() as u64;
        let whole = Strings::new(&bytes, 0, length).unwrap();
        let blocks = Strings::in_blocks(&bytes, 0, length, BLOCK).unwrap();
        assert!(whole.is_whole() && !blocks.is_whole());
        for mut strings in [whole, blocks] {
            for (offset, length) in &places {
                let expected = vec![letter(*length); (*length).min(NAME_LIMIT)];
                assert_eq!(strings.get(*offset).unwrap(), expected, "{length}");
            }
            assert!(strings.get(length).is_err());
            assert!(strings.get(u64::MAX).is_err());
        }
    }

    #[test]
    fn a_string_without_an_end_is_damage() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"abc").unwrap();
        let bytes = Bytes::new(&file).unwrap();
        assert!(Strings::new(&bytes, 0, 3).unwrap().get(1).is_err());
        assert!(Strings::new(&bytes, 1, 3).is_err());
    }
}
