//! The entries of an attribute list: as they came, or as they were written.
//!
//! In: `KeyValue` messages. Out: their content, one by one. Invariant: an entry that stays is never
//! decoded and encoded again; a value that is replaced leaves the rest of its entry alone.

use std::ops::Range;
use std::slice;

use crate::encode::{Encode, Sink, encodes_as};
use crate::message::{Parts, messages};
use crate::text::Text;
use crate::value::Value;
use crate::wire::Fields;

const KEY: u32 = 1;
const VALUE: u32 = 2;

/// An attribute list that was changed: what stayed, and what was written.
#[derive(Debug, Default)]
pub(crate) struct Edited<'a> {
    entries: Vec<Entry<'a>>,
    written: Vec<u8>,
}

/// The content of one `KeyValue`.
#[derive(Debug, Clone)]
pub(crate) enum Entry<'a> {
    Kept(&'a [u8]),
    Written(Range<usize>),
}

/// The content of each `KeyValue`.
#[derive(Clone, Debug)]
pub(crate) enum Contents<'r> {
    Raw {
        parts: slice::Iter<'r, &'r [u8]>,
        fields: Fields<'r>,
        field: u32,
    },
    Edited(&'r Edited<'r>, slice::Iter<'r, Entry<'r>>),
}

impl<'r> Contents<'r> {
    pub(crate) fn raw(parts: Parts<'r, 'r>, field: u32) -> Self {
        Self::Raw {
            parts: parts.iter(),
            fields: Fields::of(&[]),
            field,
        }
    }
}

impl<'r> Iterator for Contents<'r> {
    type Item = &'r [u8];

    fn next(&mut self) -> Option<&'r [u8]> {
        match self {
            Self::Raw {
                parts,
                fields,
                field,
            } => loop {
                let found = fields
                    .filter(|found| found.number == *field)
                    .find_map(|found| found.payload.content());
                if found.is_some() {
                    return found;
                }
                *fields = Fields::of(parts.next()?);
            },
            Self::Edited(edited, entries) => entries.next().map(|entry| edited.content(entry)),
        }
    }
}

impl<'a> Edited<'a> {
    pub(crate) fn open(parts: Parts<'_, 'a>, field: u32) -> Self {
        Self {
            entries: messages(parts, field).map(Entry::Kept).collect(),
            written: Vec::new(),
        }
    }

    pub(crate) fn swap_remove(&mut self, index: usize) {
        self.entries.swap_remove(index);
    }

    /// Asks `keep` once for every entry, in order.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut() -> bool) {
        self.entries.retain(|_| keep());
    }

    pub(crate) fn encode(&self, field: u32, out: &mut impl Sink) {
        for content in self.contents() {
            out.len_delimited(field, content);
        }
    }

    pub(crate) fn contents(&self) -> Contents<'_> {
        Contents::Edited(self, self.entries.iter())
    }

    fn content<'r>(&'r self, entry: &'r Entry<'_>) -> &'r [u8] {
        match entry {
            Entry::Kept(content) => content,
            Entry::Written(range) => &self.written[range.clone()],
        }
    }

    pub(crate) fn push(&mut self, key: &str, value: &impl Encode) {
        let start = self.written.len();
        write_entry(key.as_bytes(), value, &mut self.written);
        self.entries.push(Entry::Written(start..self.written.len()));
    }

    /// Keeps what else the entry holds: its key, and fields of `KeyValue` that this crate does not
    /// know.
    pub(crate) fn replace(&mut self, index: usize, value: &impl Encode) {
        let mut content = Vec::new();
        for field in Fields::of(self.content(&self.entries[index])) {
            if field.number != VALUE {
                content.bytes(field.raw);
            }
        }
        content.message(VALUE, value);
        let start = self.written.len();
        self.written.extend_from_slice(&content);
        self.entries[index] = Entry::Written(start..self.written.len());
    }
}

/// Writes the content of a `KeyValue`.
pub(crate) fn write_entry(key: &[u8], value: &impl Encode, out: &mut Vec<u8>) {
    out.len_delimited(KEY, key);
    out.message(VALUE, value);
}

pub(crate) fn key_of(entry: &[u8]) -> Text<'_> {
    Text::from_bytes(messages(&[entry], KEY).last().unwrap_or_default())
}

pub(crate) fn value_of(entry: &[u8]) -> Value<'_> {
    Value::of(messages(&[entry], VALUE))
}

pub(crate) fn has_key(entry: &[u8], key: &str) -> bool {
    key_of(entry) == key
}

pub(crate) fn has_value(entry: &[u8], value: &impl Encode) -> bool {
    let parts = [entry];
    let mut values = messages(&parts, VALUE);
    let first = values.next().unwrap_or_default();
    values.next().is_none() && encodes_as(value, first)
}

/// The value as it came; one of a kind that this crate does not know as well.
pub(crate) fn raw_value_of(entry: &[u8]) -> Vec<u8> {
    messages(&[entry], VALUE).flatten().copied().collect()
}
