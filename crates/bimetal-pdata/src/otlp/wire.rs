//! Protocol buffers, read from the wire.
//!
//! In: bytes. Out: [`Field`]s with their raw range, or a [`ParseError`]. Invariant: every read is
//! inside the bounds of the message; groups are skipped as a whole; their nesting is limited.

use crate::error::ParseError;

/// How deep groups may be nested, the limit of other decoders; OTLP has no groups.
const NESTING_LIMIT: usize = 100;

pub(crate) const WIRE_VARINT: u8 = 0;
pub(crate) const WIRE_FIXED64: u8 = 1;
pub(crate) const WIRE_LEN: u8 = 2;
pub(crate) const WIRE_GROUP: u8 = 3;
pub(crate) const WIRE_GROUP_END: u8 = 4;
pub(crate) const WIRE_FIXED32: u8 = 5;

/// What a field carries.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Payload<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    Len(&'a [u8]),
    Group,
}

impl<'a> Payload<'a> {
    /// The bytes of a length-delimited field.
    pub(crate) fn content(&self) -> Option<&'a [u8]> {
        match self {
            Self::Len(content) => Some(content),
            _ => None,
        }
    }

    pub(crate) fn wire_type(&self) -> u8 {
        match self {
            Self::Varint(_) => WIRE_VARINT,
            Self::Fixed64(_) => WIRE_FIXED64,
            Self::Fixed32(_) => WIRE_FIXED32,
            Self::Len(_) => WIRE_LEN,
            Self::Group => WIRE_GROUP,
        }
    }
}

/// One field: its number, its content, and all its bytes with the tag.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field<'a> {
    pub(crate) number: u32,
    pub(crate) payload: Payload<'a>,
    pub(crate) raw: &'a [u8],
}

/// Why bytes are no fields: one word, so that what may fail is given back in registers.
pub(crate) type Fault = Box<ParseError>;

#[cold]
#[inline(never)]
fn fault<T>(error: ParseError) -> Result<T, Fault> {
    Err(Box::new(error))
}

/// Reads fields, one after the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    /// What is not read yet.
    rest: &'a [u8],
    /// Where that ends in the whole; positions in errors count from the start of the whole.
    end: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            end: bytes.len(),
        }
    }

    pub(crate) fn position(&self) -> usize {
        self.end - self.rest.len()
    }

    /// Reads the content of the field that was read last as a message of its own.
    #[inline]
    pub(crate) fn inside(&self, content: &'a [u8]) -> Self {
        Self {
            rest: content,
            end: self.position(),
        }
    }

    #[inline]
    pub(crate) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// The byte that is next.
    #[inline]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The content of the next field, if that has this tag and is written as almost all are.
    /// Otherwise nothing is read.
    #[inline]
    pub(crate) fn content_of(&mut self, tag: u32) -> Option<&'a [u8]> {
        match self.peek() {
            Some(byte) if byte < 0x80 && u32::from(byte) == tag => self.short_content(),
            _ => None,
        }
    }

    /// The content of the next field, which is one of bytes and has a tag of one byte, if its
    /// length has one or two. Otherwise nothing is read.
    #[expect(
        clippy::inline_always,
        reason = "counted: most of a walk through a batch is this"
    )]
    #[inline(always)]
    pub(crate) fn short_content(&mut self) -> Option<&'a [u8]> {
        let (start, len) = match *self.rest {
            [_, len, ..] if len < 0x80 => (2, usize::from(len)),
            [_, low, high, ..] if high < 0x80 => {
                (3, usize::from(low & 0x7f) | usize::from(high) << 7)
            }
            _ => return None,
        };
        let (field, rest) = self.rest.split_at_checked(start + len)?;
        self.rest = rest;
        field.get(start..)
    }

    /// Skips the next field, which has a tag of one byte and `len` bytes after it.
    #[inline]
    pub(crate) fn skip_short(&mut self, len: usize) -> bool {
        let rest = self.rest.get(1 + len..);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Skips the next field, which has a tag of one byte and is a number of variable length, if it
    /// is well-formed.
    #[inline]
    pub(crate) fn skip_varint(&mut self) -> bool {
        let mut after = *self;
        let is_sound = after.skip_short(0) && after.varint().is_ok();
        *self = if is_sound { after } else { *self };
        is_sound
    }

    #[inline]
    pub(crate) fn next_field(&mut self) -> Result<Option<Field<'a>>, Fault> {
        if let Some(field) = self.short_field() {
            return Ok(Some(field));
        }
        if self.is_at_end() {
            return Ok(None);
        }
        let (field, after) = self.any_field()?;
        *self = after;
        Ok(Some(field))
    }

    /// The next field, if it is written as almost all are. Otherwise nothing is read.
    #[expect(
        clippy::inline_always,
        reason = "counted: most of a walk through a batch is this"
    )]
    #[inline(always)]
    fn short_field(&mut self) -> Option<Field<'a>> {
        let from = self.rest;
        let tag = self.peek().filter(|tag| (8..0x80).contains(tag))?;
        let payload = match tag & 7 {
            WIRE_LEN => Payload::Len(self.short_content()?),
            WIRE_FIXED64 => {
                let (taken, rest) = from[1..].split_first_chunk()?;
                self.rest = rest;
                Payload::Fixed64(u64::from_le_bytes(*taken))
            }
            WIRE_VARINT => {
                let (&number, rest) = from[1..].split_first().filter(|(byte, _)| **byte < 0x80)?;
                self.rest = rest;
                Payload::Varint(number.into())
            }
            _ => return None,
        };
        Some(Field {
            number: u32::from(tag >> 3),
            payload,
            raw: from.get(..from.len() - self.rest.len()).unwrap_or_default(),
        })
    }

    /// Any field, and what comes after it.
    // Apart and by value, so that a loop over short ones keeps the reader in registers.
    #[inline(never)]
    fn any_field(mut self) -> Result<(Field<'a>, Self), Fault> {
        let (from, start) = (self.rest, self.position());
        let (number, wire_type) = self.tag()?;
        let payload = self.payload(start, number, wire_type, 0)?;
        let raw = &from[..from.len() - self.rest.len()];
        let field = Field {
            number,
            payload,
            raw,
        };
        Ok((field, self))
    }

    #[inline]
    fn payload(
        &mut self,
        start: usize,
        number: u32,
        wire_type: u8,
        depth: usize,
    ) -> Result<Payload<'a>, Fault> {
        Ok(match wire_type {
            WIRE_VARINT => Payload::Varint(self.varint()?),
            WIRE_FIXED64 => Payload::Fixed64(u64::from_le_bytes(self.fixed(start)?)),
            WIRE_LEN => Payload::Len(self.len_delimited(start)?),
            WIRE_GROUP => {
                self.skip_group(number, depth + 1)?;
                Payload::Group
            }
            WIRE_GROUP_END => return fault(ParseError::GroupEnd { at: start }),
            WIRE_FIXED32 => Payload::Fixed32(u32::from_le_bytes(self.fixed(start)?)),
            _ => {
                return fault(ParseError::WireType {
                    at: start,
                    wire_type,
                });
            }
        })
    }

    /// The next of the numbers that stand one after the other, without tags.
    pub(crate) fn next_packed(&mut self, wire_type: u8) -> Option<u64> {
        match wire_type {
            WIRE_VARINT => self.varint().ok(),
            _ => self.fixed(self.position()).ok().map(u64::from_le_bytes),
        }
    }

    #[inline]
    fn tag(&mut self) -> Result<(u32, u8), Fault> {
        let start = self.position();
        let tag = self.varint()?;
        match u32::try_from(tag) {
            Ok(tag) if tag >> 3 != 0 => Ok((tag >> 3, (tag & 7) as u8)),
            _ => fault(ParseError::FieldNumber { at: start }),
        }
    }

    #[inline]
    fn varint(&mut self) -> Result<u64, Fault> {
        let start = self.position();
        let mut number = 0_u64;
        for shift in (0..70).step_by(7) {
            let Some((&byte, rest)) = self.rest.split_first() else {
                return fault(ParseError::Truncated { at: start });
            };
            self.rest = rest;
            // The tenth byte has room for one bit only.
            if shift == 63 && byte > 1 {
                break;
            }
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        fault(ParseError::NumberTooLong { at: start })
    }

    #[inline]
    fn fixed<const N: usize>(&mut self, start: usize) -> Result<[u8; N], Fault> {
        let Some((taken, rest)) = self.rest.split_first_chunk::<N>() else {
            return fault(ParseError::Truncated { at: start });
        };
        self.rest = rest;
        Ok(*taken)
    }

    #[inline]
    fn len_delimited(&mut self, start: usize) -> Result<&'a [u8], Fault> {
        let len = usize::try_from(self.varint()?).ok();
        match len.and_then(|len| self.rest.split_at_checked(len)) {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(taken)
            }
            None => fault(ParseError::Truncated { at: start }),
        }
    }

    // Apart, so that the rest of the reader is inlined: OTLP has no groups.
    #[cold]
    #[inline(never)]
    fn skip_group(&mut self, number: u32, depth: usize) -> Result<(), Fault> {
        if depth >= NESTING_LIMIT {
            return fault(ParseError::TooDeep {
                at: self.position(),
                limit: NESTING_LIMIT,
            });
        }
        loop {
            let start = self.position();
            let (inner, wire_type) = self.tag()?;
            if wire_type == WIRE_GROUP_END && inner == number {
                return Ok(());
            }
            self.payload(start, inner, wire_type, depth)?;
        }
    }
}

#[cfg(test)]
mod tests;
