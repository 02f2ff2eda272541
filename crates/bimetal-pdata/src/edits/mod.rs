//! What is to change in a batch, as data: a tree as deep as the edits.
//!
//! In: changes to attribute lists, and messages to leave out. Out: the same, for the reader that
//! looks at the batch as it now is and for the backend that carries it out. Invariant: knows
//! nothing of where the telemetry lies; what came with the batch is named by its ordinal.

use std::ops::Range;
use std::slice;

/// The edits of one message and of the messages below it.
#[derive(Debug, Default)]
pub(crate) struct Edits {
    own: Own,
    below: Vec<Self>,
}

/// Which message: the ordinal of the resource, in it of the scope, and so on downwards, all counted
/// from 0 in the batch as it came.
pub type Place = Vec<usize>;

/// What is to become of one message.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Edit<'r> {
    /// It is dropped, with everything below it.
    Drop,
    /// Its attributes are to be these, in this order. An attribute of the batch that is not among
    /// them is deleted.
    Attributes(Entries<'r>),
}

#[derive(Debug, Default)]
pub(crate) enum Own {
    #[default]
    Kept,
    Dropped,
    Attributes(Box<List>),
}

/// An attribute list as it now is.
#[derive(Debug, Default)]
pub(crate) struct List {
    entries: Vec<Entry>,
    written: Vec<u8>,
}

/// One attribute: the one that came as number `of`, with another key or value where there is one;
/// or a new one.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    of: Option<usize>,
    key: Option<Range<usize>>,
    value: Option<Range<usize>>,
}

/// One attribute of a list that was edited.
#[derive(Debug, Clone, Copy)]
pub struct Written<'r> {
    /// Its ordinal in the list as it came; `None` if it is new.
    pub of: Option<usize>,
    /// The key, if it is new or renamed.
    pub key: Option<&'r [u8]>,
    /// The value, if it is new or set: an OTLP `AnyValue`.
    pub value: Option<&'r [u8]>,
}

impl Edits {
    pub(crate) fn changed(&self) -> bool {
        !matches!(self.own, Own::Kept) || self.below.iter().any(Self::changed)
    }

    /// Visits everything that is to change, what is above before what is below.
    pub(crate) fn visit(&self, place: &mut Place, visit: &mut impl FnMut(&Place, Edit<'_>)) {
        match &self.own {
            Own::Kept => {}
            Own::Dropped => return visit(place, Edit::Drop),
            Own::Attributes(list) => visit(place, Edit::Attributes(list.entries())),
        }
        for (ordinal, edits) in self.below.iter().enumerate() {
            place.push(ordinal);
            edits.visit(place, visit);
            place.pop();
        }
    }

    pub(crate) fn dropped(&self) -> bool {
        matches!(self.own, Own::Dropped)
    }

    pub(crate) fn drop_message(&mut self) {
        self.own = Own::Dropped;
    }

    pub(crate) fn list(&self) -> Option<&List> {
        self.own.list()
    }

    pub(crate) fn own_mut(&mut self) -> &mut Own {
        &mut self.own
    }

    pub(crate) fn below(&self) -> &[Self] {
        &self.below
    }

    /// One for each message below, of which `count` says how many there are.
    pub(crate) fn below_mut(&mut self, count: impl FnOnce() -> usize) -> &mut [Self] {
        if self.below.is_empty() {
            self.below.resize_with(count(), Self::default);
        }
        &mut self.below
    }
}

impl Own {
    pub(crate) fn list(&self) -> Option<&List> {
        match self {
            Self::Attributes(list) => Some(list),
            Self::Kept | Self::Dropped => None,
        }
    }

    /// The list to edit; at the first change as it came, with `count` entries.
    pub(crate) fn open(&mut self, count: impl FnOnce() -> usize) -> &mut List {
        if !matches!(self, Self::Attributes(_)) {
            let count = count();
            let mut list = List::default();
            list.entries.reserve(count + 1);
            list.entries.extend((0..count).map(Entry::kept));
            *self = Self::Attributes(Box::new(list));
        }
        match self {
            Self::Attributes(list) => list,
            Self::Kept | Self::Dropped => unreachable!("the list was opened above"),
        }
    }
}

impl List {
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn entries(&self) -> Entries<'_> {
        Entries {
            entries: self.entries.iter(),
            written: &self.written,
        }
    }

    pub(crate) fn insert(&mut self, key: &[u8], value: impl FnOnce(&mut Vec<u8>)) {
        let entry = Entry {
            of: None,
            key: Some(self.append(|out| out.extend_from_slice(key))),
            value: Some(self.append(value)),
        };
        self.entries.push(entry);
    }

    pub(crate) fn set(&mut self, index: usize, value: impl FnOnce(&mut Vec<u8>)) {
        self.entries[index].value = Some(self.append(value));
    }

    pub(crate) fn rename(&mut self, index: usize, key: &[u8]) {
        self.entries[index].key = Some(self.append(|out| out.extend_from_slice(key)));
    }

    /// The last entry takes the place.
    pub(crate) fn delete(&mut self, index: usize) {
        self.entries.swap_remove(index);
    }

    /// Asks `keep` once for every entry, in order.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut() -> bool) {
        self.entries.retain(|_| keep());
    }

    fn append(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Range<usize> {
        let start = self.written.len();
        write(&mut self.written);
        start..self.written.len()
    }
}

/// The attributes of a list that was edited, in order.
#[derive(Debug, Clone)]
pub struct Entries<'r> {
    entries: slice::Iter<'r, Entry>,
    written: &'r [u8],
}

impl<'r> Iterator for Entries<'r> {
    type Item = Written<'r>;

    fn next(&mut self) -> Option<Written<'r>> {
        let entry = self.entries.next()?;
        Some(Written {
            of: entry.of,
            key: entry.key.clone().map(|range| &self.written[range]),
            value: entry.value.clone().map(|range| &self.written[range]),
        })
    }
}

impl Entry {
    fn kept(of: usize) -> Self {
        Self {
            of: Some(of),
            key: None,
            value: None,
        }
    }
}

/// Finds what came with the batch by ordinal: at once where ordinals rise, as they mostly do.
#[derive(Debug, Clone)]
pub(crate) struct Ordinals<I> {
    all: I,
    rest: I,
    at: usize,
}

impl<I: Iterator + Clone> Ordinals<I> {
    pub(crate) fn new(all: I) -> Self {
        Self {
            rest: all.clone(),
            all,
            at: 0,
        }
    }

    pub(crate) fn get(&mut self, ordinal: usize) -> Option<I::Item> {
        if ordinal < self.at {
            *self = Self::new(self.all.clone());
        }
        let skip = ordinal - self.at;
        self.at = ordinal + 1;
        self.rest.nth(skip)
    }
}
