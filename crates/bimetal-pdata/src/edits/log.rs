//! Edits as rows, in the order in which they were made.
//!
//! In: places and what is to become of them. Out: the rows of a place, and an edit list for the
//! host. Invariant: nothing is allocated before the first edit. While places rise, as they do
//! where a batch is walked once, the rows are the edit list already; where they do not, an index
//! finds the rows of a place.

use std::ops::Range;

use bimetal_abi as abi;
use bimetal_abi::Edit;

use super::EditList;
use super::index::Index;
use super::list::{Slot, came, replay};
use super::place::Place;
use super::text::Text;

/// Room that the first edit makes. A thread keeps it for the next batch, since most batches that
/// are edited are small.
const FIRST_ROWS: usize = 64;

/// What a component changed so far.
#[derive(Debug, Default)]
pub(crate) struct Log {
    /// Metrics have a level more: their points.
    metrics: bool,
    rows: Vec<Edit>,
    text: Text,
    /// What the last row is about, and the first row of the last ones that are.
    last: Place,
    start: usize,
    /// A place did not rise: the rows are no edit list.
    disordered: bool,
    drops: usize,
    indexed: Indexed,
    opened: Opened,
}

/// The rows of each place; of the first `rows` of them.
#[derive(Debug, Default)]
struct Indexed {
    index: Index,
    rows: usize,
    /// What the next row is about, as far as it is named.
    place: Place,
}

/// The list that was read last after it was edited, and how many of its rows it has seen.
#[derive(Debug, Default)]
struct Opened {
    place: Place,
    seen: usize,
    slots: Vec<Slot>,
}

impl Log {
    pub(super) fn new(metrics: bool) -> Self {
        Self {
            metrics,
            ..Self::default()
        }
    }

    /// A cleared one, for another batch.
    pub(super) fn again(&mut self, metrics: bool) {
        self.metrics = metrics;
    }

    /// A list that is known to be in order.
    pub(super) fn given(metrics: bool, list: EditList) -> Self {
        let drops = list.rows.iter().filter(|row| row.kind == abi::EDIT_DROP);
        let mut log = Self {
            drops: drops.count(),
            // No row is the last one of a place that is being edited.
            disordered: true,
            text: Text::of(list.text),
            rows: list.rows,
            ..Self::new(metrics)
        };
        log.index();
        log
    }

    pub(super) fn text(&mut self) -> &mut Text {
        &mut self.text
    }

    pub(crate) fn row(&self, number: u32) -> &Edit {
        &self.rows[number as usize]
    }

    pub(crate) fn text_of(&self, range: Range<usize>) -> &[u8] {
        self.text.get(range)
    }

    /// Adds a row about a place; its level and ordinal are filled in here.
    #[inline]
    pub(super) fn push(&mut self, place: Place, row: Edit) {
        // Most edits are about the record after the last one. What all others ask took half of an
        // edit.
        if place.follows(self.last, self.metrics) {
            (self.last, self.start) = (place, self.rows.len());
        } else if place != self.last || self.rows.is_empty() {
            self.go_to(place);
        }
        let (level, item) = match place.depth() {
            0 | 1 => (abi::LEVEL_RESOURCE, 0),
            2 => (abi::LEVEL_SCOPE, 0),
            3 if self.metrics => (abi::LEVEL_METRIC, 0),
            3 => (abi::LEVEL_RECORD, place.ordinal(3)),
            _ => (abi::LEVEL_POINT, place.ordinal(4)),
        };
        self.rows.push(Edit { level, item, ..row });
    }

    /// Drops a message. What was to become of it and of what lies in it is of no interest any more.
    pub(super) fn drop_message(&mut self, place: Place) {
        if place == self.last && !self.rows.is_empty() {
            self.rows.truncate(self.start);
            self.forget();
        }
        self.push(place, row(abi::EDIT_DROP));
        self.drops += 1;
    }

    /// What was read of rows that there are no more.
    fn forget(&mut self) {
        if self.indexed.rows > self.start {
            self.indexed = Indexed::default();
        }
        self.opened = Opened::default();
    }

    /// Names the place, as far as the last one was another.
    #[inline(never)]
    fn go_to(&mut self, place: Place) {
        let first = self.rows.is_empty();
        if first {
            self.rows.reserve(FIRST_ROWS);
        }
        if !first && (place < self.last || self.drops > 0 && self.is_dropped_above(place)) {
            self.disordered = true;
        }
        let named = |place: Place| place.depth().min(if self.metrics { 3 } else { 2 });
        let (to, from) = (named(place), if first { 0 } else { named(self.last) });
        let equal = |depth: &usize| place.up_to(*depth) == self.last.up_to(*depth);
        let common = (1..=to.min(from)).take_while(equal).count();
        // A place above is named again, so that what follows is about it.
        let common = if common == to && to < from {
            to - 1
        } else {
            common
        };
        for depth in common + 1..=to {
            let kind = [abi::EDIT_RESOURCE, abi::EDIT_SCOPE, abi::EDIT_METRIC][depth - 1];
            let item = place.ordinal(depth);
            self.rows.push(Edit { item, ..row(kind) });
        }
        (self.last, self.start) = (place, self.rows.len());
    }

    fn is_dropped_above(&self, place: Place) -> bool {
        let is_drop = |row: &Edit| row.kind == abi::EDIT_DROP;
        place.is_within(self.last) && self.rows.last().is_some_and(is_drop)
    }

    /// The last place that may have rows: the one that was edited last, where a batch is walked in
    /// order.
    pub(super) fn last(&self) -> Place {
        if self.disordered {
            Place::LAST
        } else {
            self.last
        }
    }

    pub(crate) fn is_dropped(&self, place: Place) -> bool {
        let is_drop = |row: usize| self.rows[row].kind == abi::EDIT_DROP;
        self.drops > 0 && self.rows_of(place).any(is_drop)
    }

    /// Whether there are rows about a place or something in it.
    pub(crate) fn touches(&self, place: Place) -> bool {
        self.indexed.index.touches(place)
    }

    /// The numbers of the rows about a place, in order. The index is up to date.
    pub(super) fn rows_of(&self, place: Place) -> impl Iterator<Item = usize> + '_ {
        let last = if self.is_last(place) {
            self.start..self.rows.len()
        } else {
            0..0
        };
        let index = (!self.is_last(place)).then_some(&self.indexed.index);
        let indexed = index
            .into_iter()
            .flat_map(move |index| index.rows_of(place));
        indexed.chain(last)
    }

    /// All rows about it are the last ones.
    fn is_last(&self, place: Place) -> bool {
        !self.disordered && place == self.last
    }

    /// Takes up the rows that the index does not have, if it is needed for the place.
    pub(super) fn look_up(&mut self, place: Place) {
        if !self.is_last(place) {
            self.index();
        }
    }

    /// Takes up the rows that the index does not have.
    pub(super) fn index(&mut self) {
        let Indexed { index, rows, place } = &mut self.indexed;
        for (number, row) in self.rows.iter().enumerate().skip(*rows) {
            match row.kind {
                abi::EDIT_RESOURCE => *place = Place::default().below(row.item),
                abi::EDIT_SCOPE => *place = place.up_to(1).below(row.item),
                abi::EDIT_METRIC => *place = place.up_to(2).below(row.item),
                _ => {
                    let about = match row.level {
                        abi::LEVEL_RECORD => place.up_to(2).below(row.item),
                        abi::LEVEL_POINT => place.up_to(3).below(row.item),
                        _ => *place,
                    };
                    index.push(about, number);
                }
            }
        }
        *rows = self.rows.len();
    }

    /// Brings [`opened`](Self::opened) to a place, of which `count` attributes came. `false` where
    /// it has no rows.
    pub(super) fn open(&mut self, place: Place, count: impl FnOnce() -> usize) -> bool {
        self.look_up(place);
        if self.rows_of(place).next().is_none() {
            return false;
        }
        let mut opened = std::mem::take(&mut self.opened);
        if opened.place != place || opened.seen == 0 {
            opened.place = place;
            opened.seen = 0;
            opened.slots.clear();
            opened.slots.extend(came(count()));
        }
        for number in self.rows_of(place).skip(opened.seen) {
            replay(
                &mut opened.slots,
                number,
                &self.rows[number],
                self.text.all(),
            );
            opened.seen += 1;
        }
        self.opened = opened;
        true
    }

    /// The attribute list that was opened last, as its rows leave it.
    pub(super) fn opened(&self) -> &[Slot] {
        &self.opened.slots
    }

    /// The list of a place, when everything is indexed; `None` where it has no rows.
    pub(crate) fn list(&self, place: Place, count: impl FnOnce() -> usize) -> Option<Vec<Slot>> {
        self.rows_of(place).next()?;
        let mut slots: Vec<_> = came(count()).collect();
        for number in self.rows_of(place) {
            replay(&mut slots, number, &self.rows[number], self.text.all());
        }
        Some(slots)
    }

    /// The rows as the host wants them: places rise, and nothing is said of what is dropped.
    pub(super) fn into_list(mut self) -> EditList {
        if !self.disordered {
            let (rows, text) = (self.rows, self.text.into_bytes());
            return EditList { rows, text };
        }
        self.index();
        let mut sorted = Self::new(self.metrics);
        let mut dropped = None;
        let runs = std::mem::take(&mut self.indexed).index.into_runs();
        for runs in runs.chunk_by(|one, other| one.place == other.place) {
            let place = runs[0].place;
            if dropped.is_some_and(|above| place.is_within(above)) {
                continue;
            }
            let rows = || runs.iter().flat_map(|run| &self.rows[run.rows()]);
            if let Some(drop) = rows().find(|row| row.kind == abi::EDIT_DROP) {
                sorted.push(place, *drop);
                dropped = Some(place);
            } else {
                rows().for_each(|row| sorted.push(place, *row));
            }
        }
        let (rows, text) = (sorted.rows, self.text.into_bytes());
        EditList { rows, text }
    }

    /// Writes the rows and then the text, if they fit and are in order. Gives the bytes of both.
    pub(super) fn write_to(&self, room: &mut [u64]) -> Option<(usize, usize)> {
        let text = self.text.all();
        let (into, rest) = room.split_at_mut_checked(self.rows.len() * ROW)?;
        let rest = rest.get_mut(..text.len().div_ceil(size_of::<u64>()))?;
        if self.disordered {
            return None;
        }
        for (into, row) in into.as_chunks_mut::<ROW>().0.iter_mut().zip(&self.rows) {
            *into = words(row);
        }
        let (words, last) = text.as_chunks();
        for (into, word) in rest.iter_mut().zip(words) {
            *into = u64::from_ne_bytes(*word);
        }
        if let Some(into) = rest.get_mut(words.len()) {
            let mut word = [0; size_of::<u64>()];
            word[..last.len()].copy_from_slice(last);
            *into = u64::from_ne_bytes(word);
        }
        Some((size_of_val(self.rows.as_slice()), text.len()))
    }

    /// As it was made, with its memory; `None` if that is more than `limit` bytes.
    pub(super) fn cleared(&mut self, limit: usize) -> Option<()> {
        let indexed = self.indexed.rows > 0 || !self.opened.slots.is_empty();
        if indexed || size_of::<Edit>() * self.rows.capacity() > limit {
            return None;
        }
        self.rows.clear();
        self.text.clear(limit)?;
        (self.last, self.start) = (Place::default(), 0);
        (self.disordered, self.drops) = (false, 0);
        (self.opened.place, self.opened.seen) = (Place::default(), 0);
        Some(())
    }
}

/// Words of a row.
const ROW: usize = size_of::<Edit>() / size_of::<u64>();

/// A row as it lies in memory.
fn words(row: &Edit) -> [u64; ROW] {
    let Edit {
        kind,
        level,
        value,
        reserved,
        item,
        index,
        key,
        key_len,
        value_len,
        bits,
    } = *row;
    let halves = |one: u32, other: u32| {
        let (one, other) = (u64::from(one), u64::from(other));
        if cfg!(target_endian = "little") {
            one | other << 32
        } else {
            one << 32 | other
        }
    };
    let first = u32::from_ne_bytes([kind, level, value, reserved]);
    [
        halves(first, item),
        halves(index, key),
        halves(key_len, value_len),
        bits,
    ]
}

/// A row of a kind, and nothing else in it.
pub(super) fn row(kind: u8) -> Edit {
    Edit {
        kind,
        ..Edit::default()
    }
}
