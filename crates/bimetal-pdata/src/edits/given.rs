//! An edit list that another side made, to be carried out on OTLP: what a host does that holds
//! encoded telemetry, such as the test host of the SDK.
//!
//! In: rows, their text, and the encoded batch. Out: a [`Log`] that can be carried out, or an
//! [`EditError`]. Invariant: after [`check`] has accepted a list, carrying it out cannot fail; a
//! list that is refused is refused whole.

use bimetal_abi as abi;
use bimetal_abi::Edit;

use super::EditList;
use super::list::{came, replay};
use super::log::Log;
use super::place::Place;

/// Why an edit list is none for a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("row {row} {reason}")]
pub struct EditError {
    /// Which row, from 0 on.
    pub row: usize,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// What a list is checked against.
pub(crate) trait Came {
    /// How many messages lie in the one at a place, the batch at first.
    fn items(&self, place: Place) -> usize;
    /// How many attributes the message at a place has.
    fn attributes(&self, place: Place) -> usize;
    /// Whether these bytes are a scope with its items.
    fn is_scope(&self, bytes: &[u8]) -> bool;
    /// Whether they are an `AnyValue`.
    fn is_value(&self, bytes: &[u8]) -> bool;
    /// Whether a field of the message at a place can hold a value of this kind and length.
    fn takes(&self, place: Place, number: u32, value: u8, len: u32) -> bool;
}

/// The list as a log, if it is one for the batch.
pub(crate) fn check(list: EditList, metrics: bool, came: &impl Came) -> Result<Log, EditError> {
    let mut checker = Checker {
        text: &list.text,
        metrics,
        came,
        named: Place::default(),
        last: Place::default(),
        dropped: None,
        slots: Vec::new(),
    };
    for (row, edit) in list.rows.iter().enumerate() {
        checker
            .row(row, edit)
            .map_err(|reason| EditError { row, reason })?;
    }
    Ok(Log::given(metrics, list))
}

struct Checker<'a, C> {
    text: &'a [u8],
    metrics: bool,
    came: &'a C,
    /// The message that a row named last.
    named: Place,
    /// What the last row was about or named.
    last: Place,
    dropped: Option<Place>,
    /// The attributes of the last place.
    slots: Vec<super::Slot>,
}

impl<C: Came> Checker<'_, C> {
    fn row(&mut self, number: usize, row: &Edit) -> Result<(), &'static str> {
        let depth = match row.kind {
            abi::EDIT_RESOURCE => 0,
            abi::EDIT_SCOPE => 1,
            abi::EDIT_METRIC if self.metrics => 2,
            _ => return self.about(number, row),
        };
        if self.named.depth() < depth || row.level != 0 {
            return Err("names a place that is in none");
        }
        let above = self.named.up_to(depth);
        self.named = self.item(above, row.item)?;
        self.go_to(self.named)
    }

    fn item(&self, above: Place, ordinal: u32) -> Result<Place, &'static str> {
        if (ordinal as usize) < self.came.items(above) {
            Ok(above.below(ordinal))
        } else {
            Err("is about what there is not")
        }
    }

    fn go_to(&mut self, place: Place) -> Result<(), &'static str> {
        if place < self.last || self.dropped.is_some_and(|above| place.is_within(above)) {
            return Err("is about what rows before it have left or dropped");
        }
        if place != self.last {
            self.slots.clear();
            self.slots.extend(came(self.came.attributes(place)));
        }
        self.last = place;
        Ok(())
    }

    fn about(&mut self, number: usize, row: &Edit) -> Result<(), &'static str> {
        let (depth, is_item) = match (row.level, self.metrics) {
            (abi::LEVEL_RESOURCE, _) => (1, false),
            (abi::LEVEL_SCOPE, _) => (2, false),
            (abi::LEVEL_METRIC, true) => (3, false),
            (abi::LEVEL_RECORD, false) => (2, true),
            (abi::LEVEL_POINT, true) => (3, true),
            _ => return Err("has a level that there is not"),
        };
        if self.named.depth() != depth {
            return Err("is about another level than the last place");
        }
        let place = if is_item {
            self.item(self.named, row.item)?
        } else {
            self.named
        };
        self.go_to(place)?;
        let text = |start: u64, len: u32| {
            let end = start.checked_add(len.into());
            end.is_some_and(|end| end <= self.text.len() as u64)
        };
        let has_text = matches!(
            row.value,
            abi::VALUE_STRING | abi::VALUE_BYTES | abi::VALUE_OTLP
        );
        let is_keep = row.kind == abi::EDIT_KEEP;
        if !text(row.key.into(), row.key_len)
            || (has_text || is_keep) && !text(row.bits, row.value_len)
        {
            return Err("refers to what is not in the text");
        }
        let encoded = || {
            let start = super::offset(row.bits);
            &self.text[start..start + row.value_len as usize]
        };
        let is_append = row.kind == abi::EDIT_APPEND;
        if row.value == abi::VALUE_OTLP && !is_keep && !is_append && !self.came.is_value(encoded())
        {
            return Err("has a value that cannot be decoded");
        }
        match row.kind {
            abi::EDIT_DROP => self.dropped = Some(place),
            abi::EDIT_FIELD => {
                if !(self.came).takes(place, row.index, row.value, row.value_len) {
                    return Err("sets a field that cannot hold the value");
                }
            }
            abi::EDIT_APPEND if row.level == abi::LEVEL_SCOPE && row.value == abi::VALUE_OTLP => {
                if !self.came.is_scope(encoded()) {
                    return Err("appends what is no scope");
                }
            }
            abi::EDIT_KEEP if row.value_len as usize != self.slots.len().div_ceil(8) => {
                return Err("says of another number of attributes which stay");
            }
            abi::EDIT_PUT | abi::EDIT_KEEP => self.replay(number, row),
            abi::EDIT_SET | abi::EDIT_DELETE | abi::EDIT_RENAME => {
                if row.index as usize >= self.slots.len() {
                    return Err("is about an attribute that there is not");
                }
                self.replay(number, row);
            }
            _ => return Err("has a kind that there is not"),
        }
        Ok(())
    }

    fn replay(&mut self, number: usize, row: &Edit) {
        replay(&mut self.slots, number, row, self.text);
    }
}
