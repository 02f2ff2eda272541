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

/// Reads the fields of `bytes[at..]`, one after the other; positions in errors count from the start
/// of `bytes`.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// Reads the `len` bytes before the current position as a message of its own.
    pub(crate) fn inside(&self, len: usize) -> Self {
        Self {
            bytes: &self.bytes[..self.at],
            at: self.at - len,
        }
    }

    #[inline]
    pub(crate) fn next_field(&mut self) -> Result<Option<Field<'a>>, ParseError> {
        if self.at == self.bytes.len() {
            return Ok(None);
        }
        let start = self.at;
        let (number, wire_type) = self.tag()?;
        let payload = self.payload(start, number, wire_type, 0)?;
        Ok(Some(Field {
            number,
            payload,
            raw: &self.bytes[start..self.at],
        }))
    }

    #[expect(
        clippy::inline_always,
        reason = "measured: a check of a batch takes a third of the time"
    )]
    #[inline(always)]
    fn payload(
        &mut self,
        start: usize,
        number: u32,
        wire_type: u8,
        depth: usize,
    ) -> Result<Payload<'a>, ParseError> {
        Ok(match wire_type {
            WIRE_VARINT => Payload::Varint(self.varint()?),
            WIRE_FIXED64 => Payload::Fixed64(u64::from_le_bytes(self.fixed(start)?)),
            WIRE_LEN => Payload::Len(self.len_delimited(start)?),
            WIRE_GROUP => {
                self.skip_group(number, depth + 1)?;
                Payload::Group
            }
            WIRE_GROUP_END => return Err(ParseError::GroupEnd { at: start }),
            WIRE_FIXED32 => Payload::Fixed32(u32::from_le_bytes(self.fixed(start)?)),
            _ => {
                return Err(ParseError::WireType {
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
            _ => self.fixed(self.at).ok().map(u64::from_le_bytes),
        }
    }

    #[inline]
    fn tag(&mut self) -> Result<(u32, u8), ParseError> {
        let start = self.at;
        let tag = self.varint()?;
        match u32::try_from(tag) {
            Ok(tag) if tag >> 3 != 0 => Ok((tag >> 3, (tag & 7) as u8)),
            _ => Err(ParseError::FieldNumber { at: start }),
        }
    }

    #[inline]
    fn varint(&mut self) -> Result<u64, ParseError> {
        let start = self.at;
        // Most numbers have one byte: tags, and lengths below 128.
        if let Some(&byte) = self.bytes.get(start)
            && byte < 0x80
        {
            self.at += 1;
            return Ok(u64::from(byte));
        }
        let mut number = 0_u64;
        for shift in (0..70).step_by(7) {
            let Some(&byte) = self.bytes.get(self.at) else {
                return Err(ParseError::Truncated { at: start });
            };
            self.at += 1;
            // The tenth byte has room for one bit only.
            if shift == 63 && byte > 1 {
                break;
            }
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(ParseError::NumberTooLong { at: start })
    }

    #[inline]
    fn fixed<const N: usize>(&mut self, start: usize) -> Result<[u8; N], ParseError> {
        let rest = &self.bytes[self.at..];
        let Some((taken, _)) = rest.split_first_chunk::<N>() else {
            return Err(ParseError::Truncated { at: start });
        };
        self.at += N;
        Ok(*taken)
    }

    #[inline]
    fn len_delimited(&mut self, start: usize) -> Result<&'a [u8], ParseError> {
        let len = self.varint()?;
        let rest = &self.bytes[self.at..];
        match usize::try_from(len).ok().and_then(|len| rest.get(..len)) {
            Some(taken) => {
                self.at += taken.len();
                Ok(taken)
            }
            None => Err(ParseError::Truncated { at: start }),
        }
    }

    // Apart, so that the rest of the reader is inlined: OTLP has no groups.
    #[cold]
    #[inline(never)]
    fn skip_group(&mut self, number: u32, depth: usize) -> Result<(), ParseError> {
        if depth >= NESTING_LIMIT {
            return Err(ParseError::TooDeep {
                at: self.at,
                limit: NESTING_LIMIT,
            });
        }
        loop {
            let start = self.at;
            let (inner, wire_type) = self.tag()?;
            if wire_type == WIRE_GROUP_END && inner == number {
                return Ok(());
            }
            self.payload(start, inner, wire_type, depth)?;
        }
    }
}

/// The fields of a message that was checked before; ends early instead of failing.
#[derive(Debug, Clone)]
pub(crate) struct Fields<'a>(Reader<'a>);

impl<'a> Fields<'a> {
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        Self(Reader::new(bytes))
    }

    /// Where the next field starts.
    pub(crate) fn position(&self) -> usize {
        self.0.position()
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    #[inline]
    fn next(&mut self) -> Option<Field<'a>> {
        self.0.next_field().ok().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(bytes: &[u8]) -> Result<Vec<(u32, Payload<'_>)>, ParseError> {
        let mut reader = Reader::new(bytes);
        let mut found = Vec::new();
        while let Some(field) = reader.next_field()? {
            found.push((field.number, field.payload));
        }
        Ok(found)
    }

    #[test]
    fn reads_every_wire_type() {
        let bytes = [
            0x08, 0x96, 0x01, // 1: varint 150
            0x11, 1, 0, 0, 0, 0, 0, 0, 0, // 2: fixed64
            0x1a, 2, b'h', b'i', // 3: bytes
            0x23, 0x08, 0x01, 0x24, // 4: group
            0x2d, 7, 0, 0, 0, // 5: fixed32
        ];
        assert_eq!(
            fields(&bytes).unwrap(),
            [
                (1, Payload::Varint(150)),
                (2, Payload::Fixed64(1)),
                (3, Payload::Len(b"hi")),
                (4, Payload::Group),
                (5, Payload::Fixed32(7)),
            ]
        );
    }

    #[test]
    fn keeps_the_raw_range_of_a_group() {
        let bytes = [0x23, 0x2b, 0x08, 0x01, 0x2c, 0x24, 0x08, 0x05];
        let mut reader = Reader::new(&bytes);
        assert_eq!(reader.next_field().unwrap().unwrap().raw, &bytes[..6]);
    }

    #[test]
    fn names_what_is_wrong_and_where() {
        let too_long = [0x08, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2];
        let cases: [(&[u8], ParseError); 10] = [
            (&[0x08], ParseError::Truncated { at: 1 }),
            (&[0x08, 0x80], ParseError::Truncated { at: 1 }),
            (&[0x08, 1, 0x0a, 5, 1], ParseError::Truncated { at: 2 }),
            (&[0x09, 1, 2, 3], ParseError::Truncated { at: 0 }),
            (&[0x0d, 1, 2, 3], ParseError::Truncated { at: 0 }),
            (&too_long, ParseError::NumberTooLong { at: 1 }),
            (&[0x00, 1], ParseError::FieldNumber { at: 0 }),
            (&[0x0c], ParseError::GroupEnd { at: 0 }),
            (&[0x0b, 0x14], ParseError::GroupEnd { at: 1 }),
            (
                &[0x0f],
                ParseError::WireType {
                    at: 0,
                    wire_type: 7,
                },
            ),
        ];
        for (bytes, error) in cases {
            assert_eq!(fields(bytes).unwrap_err(), error, "{bytes:?}");
        }
    }

    #[test]
    fn refuses_lengths_beyond_the_address_space() {
        let bytes = [0x0a, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1];
        assert_eq!(fields(&bytes).unwrap_err(), ParseError::Truncated { at: 0 });
    }

    #[test]
    fn refuses_groups_that_are_nested_too_deep() {
        let bytes = vec![0x0b; 100_000];
        assert_eq!(
            fields(&bytes).unwrap_err(),
            ParseError::TooDeep {
                at: 100,
                limit: 100
            }
        );
    }
}
