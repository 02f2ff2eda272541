//! Attribute lists: to read, and to edit.
//!
//! In: the message that holds the list, and its edits. Out: [`Attributes`], [`AttributesMut`].
//! Invariant: reading what came allocates nothing; an edit is noted only when it changes something.
//! Where keys repeat, everything acts on the first one, as in the Collector's `pcommon.Map`.

use std::{fmt, slice};

use crate::edits::{Edits, Place, Slot, Written};
use crate::message::{At, AtMut, Message, Messages};
use crate::otlp::sink::Encode as _;
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
    came: Came<'r>,
    edits: Option<&'r Edits>,
    place: Place,
}

/// A list of attributes, to edit.
///
/// Every edit tells whether it changed anything. Values are copied in, so that they need not
/// outlive the call.
pub struct AttributesMut<'r> {
    /// As it now is. Methods use it where it lies: a copy, read again at once in larger pieces than
    /// it was written in, took a third of a walk through a batch.
    now: Attributes<'r>,
    edits: &'r Edits,
}

/// The list as it came with the batch.
#[derive(Clone, Copy, Debug)]
struct Came<'r> {
    holder: Message<'r>,
    field: u32,
}

/// One attribute.
#[derive(Clone, Copy, Debug)]
struct Pair<'r> {
    key: Text<'r>,
    value: Message<'r>,
}

impl<'r> Came<'r> {
    fn pairs(self) -> Messages<'r> {
        self.holder.messages(self.field)
    }
}

impl<'r> Pair<'r> {
    fn of(entry: Message<'r>) -> Self {
        let (key, value) = entry.key_value();
        Self { key, value }
    }

    /// One of an edited list. Of `came` it is asked for the attribute that it was, in order.
    fn edited(slot: &Slot, edits: &'r Edits, came: &mut Ordinals<Messages<'r>>) -> Self {
        let came = slot.of.and_then(|of| came.get(of)).map(Self::of);
        Self {
            key: match (slot.key, came) {
                (Some(row), _) => Text::from_bytes(edits.key(row)),
                (None, came) => came.map(|came| came.key).unwrap_or_default(),
            },
            value: match (slot.value, came) {
                (None, Some(came)) => came.value,
                (row, _) => Message::of_otlp(row.map_or(&[][..], |row| value(edits, row))),
            },
        }
    }

    fn has_key(
        slot: &Slot,
        key: &str,
        edits: &'r Edits,
        came: &mut Ordinals<Messages<'r>>,
    ) -> bool {
        if let Some(row) = slot.key {
            return edits.with_key(row, |found| found == key.as_bytes());
        }
        let came = slot.of.and_then(|of| came.get(of)).map(Self::of);
        came.is_some_and(|came| came.key == key)
    }
}

impl<'r> Attributes<'r> {
    /// The list in a field of `holder`; `at` has the edits.
    #[inline]
    pub(crate) fn new(at: At<'r>, holder: Message<'r>, field: u32) -> Self {
        Self {
            came: Came { holder, field },
            edits: at.edits,
            place: at.place,
        }
    }

    /// The first value of `key`.
    #[inline]
    pub fn get(&self, key: &str) -> Option<Value<'r>> {
        self.find(key).map(|(_, value)| Value::of(value))
    }

    /// Whether there is such a key.
    #[inline]
    pub fn contains(&self, key: &str) -> bool {
        self.position(key).is_some()
    }

    /// The keys and values, in order.
    pub fn iter(&self) -> AttributesIter<'r> {
        AttributesIter {
            pairs: self.pairs(),
        }
    }

    /// How many there are; a key that occurs twice counts twice.
    pub fn len(&self) -> usize {
        let edited = self.edited(<[Slot]>::len);
        edited.unwrap_or_else(|| self.came.pairs().count())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.pairs().next().is_none()
    }

    /// Where the first `key` is.
    #[inline]
    fn position(&self, key: &str) -> Option<usize> {
        if self.edits.is_some_and(|edits| edits.may_have(self.place)) {
            return self.find_edited(key).map(|(index, _)| index);
        }
        self.came.holder.position(self.came.field, key)
    }

    /// The same, and its value.
    #[inline]
    fn find(&self, key: &str) -> Option<(usize, Message<'r>)> {
        if self.edits.is_some_and(|edits| edits.may_have(self.place)) {
            return self.find_edited(key);
        }
        self.find_came(key)
    }

    /// The same, and whether its value is this one.
    #[inline]
    fn find_beside(&self, key: &str, value: Written<'_>) -> Option<(usize, bool)> {
        if self.edits.is_some_and(|edits| edits.may_have(self.place)) {
            let (index, found) = self.find_edited(key)?;
            return Some((index, value.is_there(found)));
        }
        self.came.holder.find_beside(self.came.field, key, value)
    }

    #[inline]
    fn find_came(&self, key: &str) -> Option<(usize, Message<'r>)> {
        self.came.holder.find(self.came.field, key)
    }

    #[inline(never)]
    fn find_edited(&self, key: &str) -> Option<(usize, Message<'r>)> {
        let edits = self.edits?;
        let found = self.edited(|slots| {
            let mut came = Ordinals::new(self.came.pairs());
            let index = slots
                .iter()
                .position(|slot| Pair::has_key(slot, key, edits, &mut came))?;
            Some((index, Pair::edited(&slots[index], edits, &mut came).value))
        });
        found.unwrap_or_else(|| self.find_came(key))
    }

    /// What the list is now, if it was edited.
    fn edited<T>(&self, read: impl FnOnce(&[Slot]) -> T) -> Option<T> {
        let edits = self.edits?;
        edits.list(self.place, || self.came.pairs().count(), read)
    }

    fn pairs(&self) -> Pairs<'r> {
        let edited = self.edits.and_then(|edits| {
            self.edited(|slots| {
                let mut came = Ordinals::new(self.came.pairs());
                let edited = |slot| Pair::edited(slot, edits, &mut came);
                let pairs: Vec<_> = slots.iter().map(edited).collect();
                edits.keep(&pairs).iter()
            })
        });
        edited.map_or_else(|| Pairs::Came(self.came.pairs()), Pairs::Edited)
    }
}

#[derive(Clone)]
enum Pairs<'r> {
    Came(Messages<'r>),
    Edited(slice::Iter<'r, Pair<'r>>),
}

impl<'r> Iterator for Pairs<'r> {
    type Item = Pair<'r>;

    #[inline]
    fn next(&mut self) -> Option<Pair<'r>> {
        match self {
            Self::Came(entries) => entries.next().map(Pair::of),
            Self::Edited(pairs) => pairs.next().copied(),
        }
    }
}

/// The entries of an [`Attributes`].
#[derive(Clone)]
pub struct AttributesIter<'r> {
    pairs: Pairs<'r>,
}

impl<'r> Iterator for AttributesIter<'r> {
    type Item = (Text<'r>, Value<'r>);

    #[inline]
    fn next(&mut self) -> Option<(Text<'r>, Value<'r>)> {
        let pair = self.pairs.next()?;
        Some((pair.key, Value::of(pair.value)))
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

impl<'r> IntoIterator for &'r AttributesMut<'_> {
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

impl fmt::Debug for AttributesMut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_read().fmt(f)
    }
}

impl<'r> AttributesMut<'r> {
    #[inline]
    pub(crate) fn new(at: &AtMut<'r>, holder: Message<'r>, field: u32) -> Self {
        Self {
            now: Attributes {
                came: Came { holder, field },
                edits: Some(at.edits),
                place: at.place,
            },
            edits: at.edits,
        }
    }

    /// The list as it now is.
    #[inline]
    pub fn as_read(&self) -> Attributes<'_> {
        self.now
    }

    /// The first value of `key`.
    #[inline]
    pub fn get(&self, key: &str) -> Option<Value<'_>> {
        self.now.get(key)
    }

    /// Whether there is such a key.
    #[inline]
    pub fn contains(&self, key: &str) -> bool {
        self.now.contains(key)
    }

    /// The keys and values, in order.
    pub fn iter(&self) -> AttributesIter<'_> {
        self.now.iter()
    }

    /// How many there are; a key that occurs twice counts twice.
    pub fn len(&self) -> usize {
        self.now.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.now.is_empty()
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
    #[inline]
    pub fn write<'v>(&mut self, when: Write, key: &str, value: impl Into<Value<'v>>) -> bool {
        let value = value.into();
        value.with_written(|value| self.put(when, key, value))
    }

    /// Writes the value of `from` to `key`; does nothing if there is no `from`.
    pub fn copy(&mut self, when: Write, key: &str, from: &str) -> bool {
        let Some((_, found)) = self.now.find(from) else {
            return false;
        };
        match Value::of(found).scalar() {
            Some(value) => self.put(when, key, value),
            // As it came: values of kinds that this crate does not know are copied as well.
            None => self.put(when, key, Written::Otlp(&found.encoded())),
        }
    }

    /// Gives the first `from` another key, which may be one that exists.
    pub fn rename(&mut self, from: &str, key: &str) -> bool {
        match self.now.position(from) {
            Some(index) if from != key => {
                self.edits.rename(self.now.place, index, key.as_bytes());
                true
            }
            _ => false,
        }
    }

    /// Removes the first `key`.
    ///
    /// The last attribute takes its place, as in the Collector.
    #[inline]
    pub fn delete(&mut self, key: &str) -> bool {
        let Some(index) = self.now.position(key) else {
            return false;
        };
        self.edits.delete(self.now.place, index);
        true
    }

    /// Keeps the attributes for which `keep` says so.
    pub fn retain(&mut self, mut keep: impl FnMut(Text<'_>, Value<'_>) -> bool) -> bool {
        let kept: Vec<bool> = self.iter().map(|(key, value)| keep(key, value)).collect();
        if kept.iter().all(|kept| *kept) {
            return false;
        }
        self.edits.retain(self.now.place, &kept);
        true
    }

    #[inline]
    fn put(&self, when: Write, key: &str, value: Written<'_>) -> bool {
        match (when, self.now.find_beside(key, value)) {
            (Write::Insert, Some(_)) | (Write::Update, None) | (_, Some((_, true))) => false,
            (_, Some((index, false))) => {
                self.edits.set(self.now.place, index, value);
                true
            }
            (_, None) => {
                self.edits.insert(self.now.place, key.as_bytes(), value);
                true
            }
        }
    }
}

/// The value that a row has, as an `AnyValue` that lives as long as the edits.
fn value(edits: &Edits, row: u32) -> &[u8] {
    let mut encoded = Vec::new();
    edits.with_value(row, |value| value.encode(&mut encoded));
    edits.keep(&encoded)
}

/// Finds what came with the batch by ordinal: at once where ordinals rise, as they mostly do.
#[derive(Debug, Clone)]
struct Ordinals<I> {
    all: I,
    rest: I,
    at: usize,
}

impl<I: Iterator + Clone> Ordinals<I> {
    fn new(all: I) -> Self {
        Self {
            rest: all.clone(),
            all,
            at: 0,
        }
    }

    fn get(&mut self, ordinal: u32) -> Option<I::Item> {
        let ordinal = ordinal as usize;
        if ordinal < self.at {
            *self = Self::new(self.all.clone());
        }
        let skip = ordinal - self.at;
        self.at = ordinal + 1;
        self.rest.nth(skip)
    }
}
