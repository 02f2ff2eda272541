//! Protocol buffers, written to the wire.
//!
//! In: anything that is [`Encode`]. Out: bytes, or whether they are the bytes expected, as the
//! [`Sink`] likes. Invariant: a length and its content always agree.

use crate::otlp::wire::WIRE_LEN;

/// Takes an encoding: a buffer or a comparison.
pub(crate) trait Sink {
    fn bytes(&mut self, bytes: &[u8]);

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

/// Writes a message whose length is known only when it is written.
pub(crate) fn message(out: &mut Vec<u8>, number: u32, content: impl FnOnce(&mut Vec<u8>)) {
    out.tag(number, WIRE_LEN);
    let start = out.len();
    content(out);
    let end = out.len();
    out.varint((end - start) as u64);
    // Moving the content once costs far less than encoding it twice to learn its length.
    let len = out.len() - end;
    out[start..].rotate_right(len);
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
}

struct Compare<'a> {
    rest: Option<&'a [u8]>,
}

impl Sink for Compare<'_> {
    fn bytes(&mut self, bytes: &[u8]) {
        self.rest = self.rest.and_then(|rest| rest.strip_prefix(bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::otlp::fields::Fields;
    use crate::otlp::wire::{Payload, WIRE_VARINT};

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
    fn a_length_stands_before_content_of_any_size() {
        for len in [0, 1, 127, 128, 200, 20_000] {
            let mut bytes = vec![9];
            let content: Vec<u8> = (0..=250).cycle().take(len).collect();
            message(&mut bytes, 3, |out| out.bytes(&content));
            let mut expected = vec![9];
            expected.len_delimited(3, &content);
            assert_eq!(bytes, expected);
        }
    }

    #[test]
    fn compares_what_it_would_write() {
        struct Two;
        impl Encode for Two {
            fn encode(&self, out: &mut impl Sink) {
                out.len_delimited(1, &[7; 200]);
                out.len_delimited(2, &[]);
            }
        }
        let mut bytes = Vec::new();
        Two.encode(&mut bytes);
        assert!(encodes_as(&Two, &bytes));
        assert!(!encodes_as(&Two, &bytes[1..]));
        bytes.push(0);
        assert!(!encodes_as(&Two, &bytes));
    }
}
