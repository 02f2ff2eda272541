//! Attribute lists: to read, and to edit.
//!
//! In: the message that holds the list, and its edits. Out: [`Attributes`], [`AttributesMut`].
//! Invariant: reading allocates nothing; a list is taken apart only when an edit really changes it.
//! Where keys repeat, everything acts on the first one, as in the Collector's `pcommon.Map`.

use std::fmt;

use crate::edits::{Edits, Entries, List, Ordinals, Own, Written};
use crate::message::{At, Message, Messages};
use crate::otlp::sink::{Encode, Encoded, encodes_as};
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
    edited: Option<&'r List>,
}

/// A list of attributes, to edit.
///
/// Every edit tells whether it changed anything. Values are copied in, so that they need not
/// outlive the call.
pub struct AttributesMut<'r> {
    came: Came<'r>,
    own: &'r mut Own,
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

    fn edited(came: Option<Message<'r>>, written: Written<'r>) -> Self {
        let came = came.map(Self::of);
        Self {
            key: match (written.key, came) {
                (Some(key), _) => Text::from_bytes(key),
                (None, came) => came.map(|came| came.key).unwrap_or_default(),
            },
            value: match (written.value, came) {
                (None, Some(came)) => came.value,
                (value, _) => Message::of_otlp(value.unwrap_or_default()),
            },
        }
    }
}

impl<'r> Attributes<'r> {
    /// The list in a field of `holder`; `at` has the edits.
    pub(crate) fn new(at: At<'r>, holder: Message<'r>, field: u32) -> Self {
        Self {
            came: Came { holder, field },
            edited: at.edits.and_then(Edits::list),
        }
    }

    /// The first value of `key`.
    pub fn get(&self, key: &str) -> Option<Value<'r>> {
        self.find(key).map(|(_, pair)| Value::of(pair.value))
    }

    /// Whether there is such a key.
    pub fn contains(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    /// The keys and values, in order.
    pub fn iter(&self) -> AttributesIter<'r> {
        AttributesIter {
            pairs: self.pairs(),
        }
    }

    /// How many there are; a key that occurs twice counts twice.
    pub fn len(&self) -> usize {
        self.edited
            .map_or_else(|| self.came.pairs().count(), List::len)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.pairs().next().is_none()
    }

    /// Where the first `key` is, and what.
    #[inline]
    fn find(&self, key: &str) -> Option<(usize, Pair<'r>)> {
        if self.edited.is_some() {
            return self.pairs().enumerate().find(|(_, pair)| pair.key == key);
        }
        let (index, entry) = self.came.holder.find(self.came.field, key)?;
        Some((index, Pair::of(entry)))
    }

    fn pairs(&self) -> Pairs<'r> {
        match self.edited {
            None => Pairs::Came(self.came.pairs()),
            Some(list) => Pairs::Edited(list.entries(), Ordinals::new(self.came.pairs())),
        }
    }
}

#[derive(Clone)]
enum Pairs<'r> {
    Came(Messages<'r>),
    Edited(Entries<'r>, Ordinals<Messages<'r>>),
}

impl<'r> Iterator for Pairs<'r> {
    type Item = Pair<'r>;

    #[inline]
    fn next(&mut self) -> Option<Pair<'r>> {
        match self {
            Self::Came(entries) => entries.next().map(Pair::of),
            Self::Edited(entries, came) => {
                let written = entries.next()?;
                let came = written.of.and_then(|of| came.get(of));
                Some(Pair::edited(came, written))
            }
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
    pub(crate) fn new(edits: &'r mut Edits, holder: Message<'r>, field: u32) -> Self {
        Self {
            came: Came { holder, field },
            own: edits.own_mut(),
        }
    }

    /// The list as it now is.
    pub fn as_read(&self) -> Attributes<'_> {
        Attributes {
            came: self.came,
            edited: self.own.list(),
        }
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
        let Some((_, pair)) = self.as_read().find(from) else {
            return false;
        };
        // As it came: values of kinds that this crate does not know are copied as well.
        let value = pair.value.encoded().into_owned();
        self.put(when, key, &Encoded(&value))
    }

    /// Gives the first `from` another key, which may be one that exists.
    pub fn rename(&mut self, from: &str, key: &str) -> bool {
        match self.position(from) {
            Some(index) if from != key => {
                self.open().rename(index, key.as_bytes());
                true
            }
            _ => false,
        }
    }

    /// Removes the first `key`.
    ///
    /// The last attribute takes its place, as in the Collector.
    pub fn delete(&mut self, key: &str) -> bool {
        let Some(index) = self.position(key) else {
            return false;
        };
        self.open().delete(index);
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

    fn position(&self, key: &str) -> Option<usize> {
        self.as_read().find(key).map(|(index, _)| index)
    }

    fn put(&mut self, when: Write, key: &str, value: &impl Encode) -> bool {
        let found = self.as_read().find(key);
        match (when, found) {
            (Write::Insert, Some(_)) | (Write::Update, None) => false,
            (_, Some((_, pair))) if encodes_as(value, &pair.value.encoded()) => false,
            (_, Some((index, _))) => {
                self.open().set(index, |out| value.encode(out));
                true
            }
            (_, None) => {
                self.open().insert(key.as_bytes(), |out| value.encode(out));
                true
            }
        }
    }

    /// The list as entries; taken apart at the first change.
    fn open(&mut self) -> &mut List {
        let came = self.came;
        self.own.open(|| came.pairs().count())
    }
}
