//! Protocol buffers, written to the wire.
//!
//! In: anything that is [`Encode`]. Out: bytes, their number, or whether they are the bytes
//! expected, as the [`Sink`] likes. Invariant: a length is written before its content, so content
//! is counted first and then written; the two always agree.

use crate::wire::WIRE_LEN;

/// Takes an encoding: a buffer, a counter, a comparison.
pub(crate) trait Sink {
    fn bytes(&mut self, bytes: &[u8]);

    fn message(&mut self, number: u32, content: &impl Encode);

    fn varint(&mut self, mut number: u64) {
        let mut bytes = [0; 10];
        let mut len = 0;
        loop {
            let low = (number & 0x7f) as u8;
            number >>= 7;
            bytes[len] = if number == 0 { low } else { low | 0x80 };
            len += 1;
            if number == 0 {
                break;
            }
        }
        self.bytes(&bytes[..len]);
    }

    fn tag(&mut self, number: u32, wire_type: u8) {
        self.varint(u64::from(number) << 3 | u64::from(wire_type));
    }

    fn len_delimited(&mut self, number: u32, content: &[u8]) {
        self.tag(number, WIRE_LEN);
        self.varint(content.len() as u64);
        self.bytes(content);
    }
}

/// Something that has an encoding; the content only, without tag and length.
pub(crate) trait Encode {
    fn encode(&self, out: &mut impl Sink);
}

/// Bytes that are an encoding already.
#[derive(Debug)]
pub(crate) struct Encoded<'a>(pub(crate) &'a [u8]);

impl Encode for Encoded<'_> {
    fn encode(&self, out: &mut impl Sink) {
        out.bytes(self.0);
    }
}

pub(crate) fn encoded_len(content: &impl Encode) -> usize {
    let mut count = Count(0);
    content.encode(&mut count);
    count.0
}

/// Whether `content` is encoded as exactly `bytes`.
pub(crate) fn encodes_as(content: &impl Encode, bytes: &[u8]) -> bool {
    let mut compare = Compare { rest: Some(bytes) };
    content.encode(&mut compare);
    compare.rest.is_some_and(<[u8]>::is_empty)
}

impl Sink for Vec<u8> {
    fn bytes(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }

    fn message(&mut self, number: u32, content: &impl Encode) {
        self.tag(number, WIRE_LEN);
        self.varint(encoded_len(content) as u64);
        content.encode(self);
    }
}

struct Count(usize);

impl Sink for Count {
    fn bytes(&mut self, bytes: &[u8]) {
        self.0 += bytes.len();
    }

    // Counts the content once: counting it first and encoding it then would double the work at
    // every level.
    fn message(&mut self, number: u32, content: &impl Encode) {
        self.tag(number, WIRE_LEN);
        let len = encoded_len(content);
        self.varint(len as u64);
        self.0 += len;
    }
}

struct Compare<'a> {
    rest: Option<&'a [u8]>,
}

impl Sink for Compare<'_> {
    fn bytes(&mut self, bytes: &[u8]) {
        self.rest = self.rest.and_then(|rest| rest.strip_prefix(bytes));
    }

    fn message(&mut self, number: u32, content: &impl Encode) {
        self.tag(number, WIRE_LEN);
        self.varint(encoded_len(content) as u64);
        content.encode(self);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Fields, Payload, WIRE_VARINT};

    #[test]
    fn writes_numbers_that_the_reader_reads() {
        for number in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            let mut bytes = Vec::new();
            bytes.tag(7, WIRE_VARINT);
            bytes.varint(number);
            let fields: Vec<_> = Fields::of(&bytes).collect();
            assert_eq!(fields.len(), 1);
            assert_eq!(fields[0].payload, Payload::Varint(number));
        }
    }

    #[test]
    fn counts_and_compares_what_it_would_write() {
        struct Nested;
        impl Encode for Nested {
            fn encode(&self, out: &mut impl Sink) {
                out.message(1, &Encoded(&[7; 200]));
                out.message(2, &Encoded(&[]));
            }
        }
        let mut bytes = Vec::new();
        Nested.encode(&mut bytes);
        assert_eq!(encoded_len(&Nested), bytes.len());
        assert!(encodes_as(&Nested, &bytes));
        assert!(!encodes_as(&Nested, &bytes[1..]));
        bytes.push(0);
        assert!(!encodes_as(&Nested, &bytes));
    }
}
