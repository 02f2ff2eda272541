//! What lies in Go's memory, as OTLP: for a batch that was changed, and for values that are copied.
//!
//! In: a message. Out: its encoding, or whether it has one. Invariant: nothing is left out. What
//! holds a field that is not known, or values in each other so deeply that no reader is sure to
//! take them, cannot be read.

use super::Message;
use super::layout::Lies;
use crate::otlp::sink::{Sink, message};
use crate::otlp::wire::{Payload, WIRE_FIXED32, WIRE_FIXED64, WIRE_LEN, WIRE_VARINT};

/// Messages in each other: so many that the stack surely has room. A batch has seven beside its
/// values, which have two or three for each level.
const DEPTH: usize = 400;

/// No telemetry is longer. A fuzzer's images are small, and it does not wait.
const LONGEST: u64 = if cfg!(feature = "bounded") {
    1 << 20
} else {
    bimetal_abi::LONGEST_DATA
};

/// What an encoding goes into.
trait Target: Sink {
    fn written(&self) -> u64;

    fn message(&mut self, number: u32, content: impl FnOnce(&mut Self));
}

impl Target for Vec<u8> {
    fn written(&self) -> u64 {
        self.len() as u64
    }

    fn message(&mut self, number: u32, content: impl FnOnce(&mut Self)) {
        message(self, number, content);
    }
}

/// Keeps nothing of an encoding, which is made to see whether there is one.
#[derive(Default)]
struct Nowhere {
    written: u64,
}

impl Sink for Nowhere {
    fn bytes(&mut self, bytes: &[u8]) {
        self.written += bytes.len() as u64;
    }

    fn varint(&mut self, _: u64) {
        self.written += 1;
    }
}

impl Target for Nowhere {
    fn written(&self) -> u64 {
        self.written
    }

    fn message(&mut self, number: u32, content: impl FnOnce(&mut Self)) {
        self.tag(number, WIRE_LEN);
        content(self);
    }
}

impl Message<'_> {
    /// Whether all of it can be read.
    pub(crate) fn is_readable(self) -> bool {
        self.encode(&mut Nowhere::default(), DEPTH);
        !self.batch.unread()
    }

    /// Its encoding. What cannot be read has none: edits of a part would not fit the rest.
    pub(crate) fn encoded(self) -> Vec<u8> {
        let mut out = Vec::new();
        self.encode(&mut out, DEPTH);
        if self.batch.unread() {
            out.clear();
        }
        out
    }

    fn encode(self, out: &mut impl Target, depth: usize) {
        // A list that is shared by many, or by itself, would never end.
        if self.batch.unread() || out.written() > LONGEST {
            return self.batch.cannot_read();
        }
        let Some(depth) = depth.checked_sub(1) else {
            return self.batch.cannot_read();
        };
        self.require_others_zero();
        let shape = self.shape;
        if shape.oneof.is_some() {
            match self.variant() {
                Some((number, Payload::Len(_), below)) if below.at.is_some() => {
                    out.message(number, |out| below.encode(out, depth));
                }
                // A variant is written even if it is zero: it is set.
                Some((number, payload, _)) => write(out, number, payload),
                None => {}
            }
        }
        for &(number, _, kind) in shape.schema.fields {
            let Some((slot, _)) = self.slot(number) else {
                continue;
            };
            if shape.schema.is_variant(kind) {
                continue;
            }
            match slot.lies {
                Lies::Struct(_) | Lies::Pointer(_) => {
                    let below = self.message(number);
                    if below.at.is_some() {
                        out.message(number, |out| below.encode(out, depth));
                    }
                }
                Lies::Structs(..) | Lies::Pointers(_) => {
                    for below in self.messages(number) {
                        out.message(number, |out| below.encode(out, depth));
                    }
                }
                Lies::Numbers(wire_type) => {
                    let mut numbers = self.numbers(number).peekable();
                    if numbers.peek().is_some() {
                        out.message(number, |out| {
                            for number in numbers {
                                match wire_type {
                                    WIRE_VARINT => out.varint(number),
                                    _ => out.bytes(&number.to_le_bytes()),
                                }
                            }
                        });
                    }
                }
                // What may be set and yet be zero is written if it is set.
                Lies::Optional64(..) => {
                    if let Some(payload) = self.payload(number) {
                        write(out, number, payload);
                    }
                }
                _ => match self.payload(number) {
                    Some(Payload::Len(bytes)) if bytes.iter().all(|byte| *byte == 0) => {
                        // An id of zeros is not set; a text of zeros is.
                        if !matches!(slot.lies, Lies::Id(_)) && !bytes.is_empty() {
                            out.len_delimited(number, bytes);
                        }
                    }
                    Some(Payload::Varint(0) | Payload::Fixed64(0) | Payload::Fixed32(0)) | None => {
                    }
                    Some(payload) => write(out, number, payload),
                },
            }
        }
    }
}

fn write(out: &mut impl Sink, number: u32, payload: Payload<'_>) {
    match payload {
        Payload::Varint(content) => {
            out.tag(number, WIRE_VARINT);
            out.varint(content);
        }
        Payload::Fixed64(content) => {
            out.tag(number, WIRE_FIXED64);
            out.bytes(&content.to_le_bytes());
        }
        Payload::Fixed32(content) => {
            out.tag(number, WIRE_FIXED32);
            out.bytes(&content.to_le_bytes());
        }
        Payload::Len(bytes) => out.len_delimited(number, bytes),
        Payload::Group => {}
    }
}
