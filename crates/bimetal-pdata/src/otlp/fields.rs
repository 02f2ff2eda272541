//! The fields of messages that were checked before.
//!
//! In: bytes. Out: [`Field`]s, and what `KeyValue`s hold. Invariant: nothing here fails; what is
//! not as it should be ends early, or is left to a slower reader that knows every way to write it.

use super::wire::{Field, Reader, WIRE_LEN};
use crate::schema::number::{KEY, STRING, VALUE};

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

    /// The content of the next field, see [`Reader::content_of`].
    #[inline]
    pub(crate) fn content_of(&mut self, tag: u32) -> Option<&'a [u8]> {
        self.0.content_of(tag)
    }
}

/// The key and the value of a `KeyValue` that is written as almost all are: each once, and nothing
/// else.
#[inline]
pub(crate) fn plain_pair(entry: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut reader = Reader::new(entry);
    let key = reader.content_of(tag_of(KEY))?;
    let value = reader.content_of(tag_of(VALUE))?;
    reader.is_at_end().then_some((key, value))
}

/// The text in an `AnyValue` that is one and is written as almost all are: once, and nothing else.
#[inline]
pub(crate) fn plain_text(value: &[u8]) -> Option<&[u8]> {
    let mut reader = Reader::new(value);
    let text = reader.content_of(tag_of(STRING))?;
    reader.is_at_end().then_some(text)
}

/// The tag of a field of bytes.
#[inline]
pub(crate) const fn tag_of(number: u32) -> u32 {
    number << 3 | WIRE_LEN as u32
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    #[inline]
    fn next(&mut self) -> Option<Field<'a>> {
        self.0.next_field().ok().flatten()
    }
}
