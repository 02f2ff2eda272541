//! Attribute lists: to read, and to edit.
//!
//! In: the parts of the message that holds the list. Out: [`Attributes`], [`AttributesMut`].
//! Invariant: a list is copied only when an edit really changes it; entries that stay are never
//! decoded and encoded again. Where keys repeat, everything acts on the first one, as in the
//! Collector's `pcommon.Map`.

use std::fmt;

use crate::encode::{Encode, Encoded};
use crate::entries::{Contents, Edited, has_key, has_value, key_of, raw_value_of, value_of};
use crate::message::Parts;
use crate::text::Text;
use crate::value::Value;

/// When a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// Only if there is no such key yet.
    Insert,
    /// Only if there is such a key.
    Update,
    /// In any case.
    Upsert,
}

/// A list of attributes, to read.
#[derive(Clone, Copy)]
pub struct Attributes<'r> {
    source: Source<'r>,
}

// Go's own telemetry will be a third source.
#[derive(Clone, Copy)]
enum Source<'r> {
    Raw(Parts<'r, 'r>, u32),
    Edited(&'r Edited<'r>),
}

/// A list of attributes, to edit.
///
/// Every edit tells whether it changed anything. Values are copied in, so that they need not
/// outlive the call.
pub struct AttributesMut<'r, 'a> {
    parts: Parts<'r, 'a>,
    field: u32,
    edited: &'r mut Option<Box<Edited<'a>>>,
}

impl<'r> Attributes<'r> {
    pub(crate) fn new(parts: Parts<'r, 'r>, field: u32, edited: Option<&'r Edited<'r>>) -> Self {
        let source = match edited {
            Some(edited) => Source::Edited(edited),
            None => Source::Raw(parts, field),
        };
        Self { source }
    }

    /// The first value of `key`.
    pub fn get(&self, key: &str) -> Option<Value<'r>> {
        self.contents()
            .find(|entry| has_key(entry, key))
            .map(value_of)
    }

    /// Whether there is such a key.
    pub fn contains(&self, key: &str) -> bool {
        self.contents().any(|entry| has_key(entry, key))
    }

    /// The keys and values, in order.
    pub fn iter(&self) -> AttributesIter<'r> {
        AttributesIter {
            entries: self.contents(),
        }
    }

    /// How many there are; a key that occurs twice counts twice.
    pub fn len(&self) -> usize {
        self.contents().count()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.contents().next().is_none()
    }

    fn contents(&self) -> Contents<'r> {
        match self.source {
            Source::Raw(parts, field) => Contents::raw(parts, field),
            Source::Edited(edited) => edited.contents(),
        }
    }
}

/// The entries of an [`Attributes`].
#[derive(Clone)]
pub struct AttributesIter<'r> {
    entries: Contents<'r>,
}

impl<'r> Iterator for AttributesIter<'r> {
    type Item = (Text<'r>, Value<'r>);

    fn next(&mut self) -> Option<(Text<'r>, Value<'r>)> {
        self.entries
            .next()
            .map(|entry| (key_of(entry), value_of(entry)))
    }
}

impl<'r> IntoIterator for Attributes<'r> {
    type Item = (Text<'r>, Value<'r>);
    type IntoIter = AttributesIter<'r>;

    fn into_iter(self) -> AttributesIter<'r> {
        self.iter()
    }
}

impl<'r> IntoIterator for &Attributes<'r> {
    type Item = (Text<'r>, Value<'r>);
    type IntoIter = AttributesIter<'r>;

    fn into_iter(self) -> AttributesIter<'r> {
        self.iter()
    }
}

impl<'r> IntoIterator for &'r AttributesMut<'_, '_> {
    type Item = (Text<'r>, Value<'r>);
    type IntoIter = AttributesIter<'r>;

    fn into_iter(self) -> AttributesIter<'r> {
        self.iter()
    }
}

impl fmt::Debug for Attributes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl fmt::Debug for AttributesIter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttributesIter").finish_non_exhaustive()
    }
}

impl fmt::Debug for AttributesMut<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_read().fmt(f)
    }
}

impl<'r, 'a> AttributesMut<'r, 'a> {
    pub(crate) fn new(
        parts: Parts<'r, 'a>,
        field: u32,
        edited: &'r mut Option<Box<Edited<'a>>>,
    ) -> Self {
        Self {
            parts,
            field,
            edited,
        }
    }

    /// The list as it now is.
    pub fn as_read(&self) -> Attributes<'_> {
        Attributes::new(self.parts, self.field, self.edited.as_deref())
    }

    /// The first value of `key`.
    pub fn get(&self, key: &str) -> Option<Value<'_>> {
        self.as_read().get(key)
    }

    /// Whether there is such a key.
    pub fn contains(&self, key: &str) -> bool {
        self.as_read().contains(key)
    }

    /// The keys and values, in order.
    pub fn iter(&self) -> AttributesIter<'_> {
        self.as_read().iter()
    }

    /// How many there are; a key that occurs twice counts twice.
    pub fn len(&self) -> usize {
        self.as_read().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.as_read().is_empty()
    }

    /// Adds `key`, unless there is one already.
    pub fn insert<'v>(&mut self, key: &str, value: impl Into<Value<'v>>) -> bool {
        self.write(Write::Insert, key, value)
    }

    /// Gives `key` another value, if there is one.
    pub fn update<'v>(&mut self, key: &str, value: impl Into<Value<'v>>) -> bool {
        self.write(Write::Update, key, value)
    }

    /// Gives `key` this value, whether there is one or not.
    pub fn upsert<'v>(&mut self, key: &str, value: impl Into<Value<'v>>) -> bool {
        self.write(Write::Upsert, key, value)
    }

    /// [`insert`](Self::insert), [`update`](Self::update) or [`upsert`](Self::upsert), as `when`
    /// says.
    pub fn write<'v>(&mut self, when: Write, key: &str, value: impl Into<Value<'v>>) -> bool {
        self.put(when, key, &value.into())
    }

    /// Writes the value of `from` to `key`; does nothing if there is no `from`.
    pub fn copy(&mut self, when: Write, key: &str, from: &str) -> bool {
        let Some(content) = self.as_read().contents().find(|entry| has_key(entry, from)) else {
            return false;
        };
        // Values of kinds that this crate does not know are copied as well.
        let value = raw_value_of(content);
        self.put(when, key, &Encoded(&value))
    }

    /// Removes the first `key`.
    ///
    /// The last attribute takes its place, as in the Collector.
    pub fn delete(&mut self, key: &str) -> bool {
        let mut contents = self.as_read().contents();
        let Some(index) = contents.position(|entry| has_key(entry, key)) else {
            return false;
        };
        self.open().swap_remove(index);
        true
    }

    /// Keeps the attributes for which `keep` says so.
    pub fn retain(&mut self, mut keep: impl FnMut(Text<'_>, Value<'_>) -> bool) -> bool {
        let kept: Vec<bool> = self.iter().map(|(key, value)| keep(key, value)).collect();
        if kept.iter().all(|kept| *kept) {
            return false;
        }
        let mut kept = kept.into_iter();
        self.open().retain(|| kept.next().unwrap_or(true));
        true
    }

    fn put(&mut self, when: Write, key: &str, value: &impl Encode) -> bool {
        let mut contents = self.as_read().contents().enumerate();
        let found = contents.find(|(_, entry)| has_key(entry, key));
        match (when, found) {
            (Write::Insert, Some(_)) | (Write::Update, None) => false,
            (_, Some((_, entry))) if has_value(entry, value) => false,
            (_, Some((index, _))) => {
                self.open().replace(index, value);
                true
            }
            (_, None) => {
                self.open().push(key, value);
                true
            }
        }
    }

    /// The list as entries; taken apart at the first change.
    fn open(&mut self) -> &mut Edited<'a> {
        let (parts, field) = (self.parts, self.field);
        self.edited
            .get_or_insert_with(|| Box::new(Edited::open(parts, field)))
    }
}
