//! What is to change in a batch, as data beside it: a log of what was done.
//!
//! In: changes to attribute lists, and messages to leave out. Out: the same, for the reader that
//! looks at the batch as it now is, for the host that carries it out, and for the backend that
//! writes OTLP. Invariant: knows nothing of where the telemetry lies; what came with the batch is
//! named by its ordinal. Nothing is allocated before the first change, and nothing per record.

mod given;
mod index;
mod list;
mod log;
mod place;
mod spare;
mod text;

use std::cell::{Cell, OnceCell, Ref, RefCell};
use std::fmt;

use bimetal_abi as abi;
use bimetal_abi::Edit;
use bumpalo::Bump;

use log::row;

pub use given::EditError;
pub(crate) use given::{Came, check};
pub(crate) use list::Slot;
pub(crate) use log::Log;
pub(crate) use place::{Below, Place};

/// The edits of a batch. Handles of several records may be alive at a time and edit, each its own
/// record: that is why the log lies in a cell.
pub(crate) struct Edits {
    /// Apart, and made by the first edit: a batch that is only looked at was moved about with it.
    log: OnceCell<Box<RefCell<Log>>>,
    /// Metrics have a level more: their points.
    metrics: bool,
    /// The last place that may have edits; `None` before the first one. A reader asks for it with
    /// each record and each list, so that the log is not borrowed.
    last: Cell<Option<Place>>,
    /// Whether a field of a message was set.
    fields: Cell<bool>,
    /// What was written and then read again. The log's own bytes move when it grows.
    read: Bump,
}

/// What is different from what came, as the host wants it (`FORMAT_EDITS`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EditList {
    /// The rows, as the C ABI has them.
    pub rows: Vec<Edit>,
    /// The keys and values of the rows.
    pub text: Vec<u8>,
}

/// Where an edit list is.
#[derive(Debug)]
pub enum EditAnswer {
    /// In the memory that was given: first so many bytes of rows, then so many of text.
    InRoom {
        /// Bytes of rows.
        rows: usize,
        /// Bytes of text.
        text: usize,
    },
    /// It was too long for that.
    List(EditList),
}

/// A value that is written, in the form that a row has it in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Written<'v> {
    Empty,
    Str(&'v [u8]),
    Bool(bool),
    Int(i64),
    Double(f64),
    Bytes(&'v [u8]),
    /// An `AnyValue`, encoded.
    Otlp(&'v [u8]),
}

impl Edits {
    pub(crate) fn new(metrics: bool) -> Self {
        Self {
            log: OnceCell::new(),
            metrics,
            last: Cell::new(None),
            fields: Cell::new(false),
            read: Bump::new(),
        }
    }

    pub(crate) fn changed(&self) -> bool {
        self.last.get().is_some()
    }

    pub(crate) fn into_list(self) -> EditList {
        let log = self.log.into_inner();
        log.map(|log| log.into_inner().into_list())
            .unwrap_or_default()
    }

    /// Writes the list into memory that is there already, if it fits, and keeps this one's for the
    /// next batch.
    pub(crate) fn into_room(self, room: &mut [u64]) -> EditAnswer {
        let Some(mut log) = self.log.into_inner() else {
            return EditAnswer::InRoom { rows: 0, text: 0 };
        };
        match log.get_mut().write_to(room) {
            Some((rows, text)) => {
                spare::keep(log);
                EditAnswer::InRoom { rows, text }
            }
            None => EditAnswer::List(log.into_inner().into_list()),
        }
    }

    #[inline]
    fn log(&self) -> &RefCell<Log> {
        self.log.get_or_init(|| spare::take(self.metrics))
    }

    /// Everything so far, to be looked up.
    pub(crate) fn indexed(&self) -> Ref<'_, Log> {
        self.log().borrow_mut().index();
        self.log().borrow()
    }

    #[inline]
    pub(crate) fn is_dropped(&self, place: Place) -> bool {
        self.may_have(place) && {
            let mut log = self.log().borrow_mut();
            log.look_up(place);
            log.is_dropped(place)
        }
    }

    #[inline]
    pub(crate) fn may_have(&self, place: Place) -> bool {
        self.last.get().is_some_and(|last| place <= last)
    }

    /// Lets `read` see the attribute list of a place that was edited; `count` attributes came.
    pub(crate) fn list<T>(
        &self,
        place: Place,
        count: impl FnOnce() -> usize,
        read: impl FnOnce(&[Slot]) -> T,
    ) -> Option<T> {
        if !self.may_have(place) {
            return None;
        }
        let opened = self.log().borrow_mut().open(place, count);
        // Shared again, since `read` asks for keys and values of rows.
        opened.then(|| read(self.log().borrow().opened()))
    }

    /// Lets `read` see the key that a row has.
    pub(crate) fn with_key<T>(&self, row: u32, read: impl FnOnce(&[u8]) -> T) -> T {
        read(self.log().borrow().key(row))
    }

    /// The key that a row has.
    pub(crate) fn key(&self, row: u32) -> &[u8] {
        self.read.alloc_slice_copy(self.log().borrow().key(row))
    }

    /// Lets `read` see the value that a row has.
    pub(crate) fn with_value<T>(&self, row: u32, read: impl FnOnce(Written<'_>) -> T) -> T {
        read(self.log().borrow().value(row))
    }

    /// Keeps what was read as long as the edits.
    pub(crate) fn keep<T: Copy>(&self, read: &[T]) -> &[T] {
        self.read.alloc_slice_copy(read)
    }

    #[inline]
    pub(crate) fn has_fields(&self) -> bool {
        self.fields.get()
    }

    /// Of the fields of a message with these numbers the one that was set last, and its value.
    pub(crate) fn field(&self, place: Place, numbers: &[u32]) -> Option<(u32, Written<'_>)> {
        if !self.may_have(place) {
            return None;
        }
        let mut log = self.log().borrow_mut();
        log.look_up(place);
        let set = log.fields(place).filter(|(of, _)| numbers.contains(of));
        let (number, value) = set.last()?;
        Some((number, value.kept_in(&self.read)))
    }

    /// All values that a field was given, in that order.
    pub(crate) fn values(&self, place: Place, number: u32) -> Vec<Written<'_>> {
        if !self.may_have(place) {
            return Vec::new();
        }
        let mut log = self.log().borrow_mut();
        log.look_up(place);
        let set = log.fields(place).filter(|(of, _)| *of == number);
        set.map(|(_, value)| value.kept_in(&self.read)).collect()
    }

    pub(crate) fn set_field(&self, place: Place, number: u32, value: Written<'_>) {
        self.fields.set(true);
        self.push(
            place,
            number as usize,
            row(abi::EDIT_FIELD),
            None,
            Some(value),
        );
    }

    /// Adds the items of a scope, encoded, to the scope at `place`.
    pub(crate) fn append(&self, place: Place, scope: &[u8]) {
        let value = Some(Written::Otlp(scope));
        self.push(place, 0, row(abi::EDIT_APPEND), None, value);
    }

    /// Whether the scope at `place` gets further items.
    pub(crate) fn has_appended(&self, place: Place) -> bool {
        self.may_have(place) && {
            let mut log = self.log().borrow_mut();
            log.look_up(place);
            log.appended(place).next().is_some()
        }
    }

    pub(crate) fn drop_message(&self, place: Place) {
        let mut log = self.log().borrow_mut();
        log.drop_message(place);
        self.last.set(Some(log.last()));
    }

    #[inline]
    pub(crate) fn set(&self, place: Place, index: usize, value: Written<'_>) {
        self.push(place, index, row(abi::EDIT_SET), None, Some(value));
    }

    #[inline]
    pub(crate) fn insert(&self, place: Place, key: &[u8], value: Written<'_>) {
        self.push(place, 0, row(abi::EDIT_PUT), Some(key), Some(value));
    }

    #[inline]
    pub(crate) fn rename(&self, place: Place, index: usize, key: &[u8]) {
        self.push(place, index, row(abi::EDIT_RENAME), Some(key), None);
    }

    /// The last entry takes the place.
    #[inline]
    pub(crate) fn delete(&self, place: Place, index: usize) {
        self.push(place, index, row(abi::EDIT_DELETE), None, None);
    }

    /// Leaves those for which `kept` says so, in order.
    pub(crate) fn retain(&self, place: Place, kept: &[bool]) {
        let bit = |(at, kept): (usize, &bool)| u8::from(*kept) << at;
        let bits: Vec<u8> = kept
            .chunks(8)
            .map(|eight| eight.iter().enumerate().map(bit).sum())
            .collect();
        let mut row = row(abi::EDIT_KEEP);
        let mut log = self.log().borrow_mut();
        let range = log.text().put(&bits);
        (row.bits, row.value_len) = (range.start as u64, number(range.len()));
        log.push(place, row);
        self.last.set(Some(log.last()));
    }

    #[inline]
    fn push(
        &self,
        place: Place,
        index: usize,
        mut row: Edit,
        key: Option<&[u8]>,
        value: Option<Written<'_>>,
    ) {
        let mut log = self.log().borrow_mut();
        row.index = number(index);
        if let Some(key) = key {
            let range = log.text().put(key);
            (row.key, row.key_len) = (number(range.start), number(range.len()));
        }
        if let Some(value) = value {
            let mut in_text = |bytes: &[u8]| {
                let range = log.text().put(bytes);
                row.value_len = number(range.len());
                range.start as u64
            };
            (row.value, row.bits) = match value {
                Written::Empty => (abi::VALUE_EMPTY, 0),
                Written::Str(text) => (abi::VALUE_STRING, in_text(text)),
                Written::Bool(truth) => (abi::VALUE_BOOL, truth.into()),
                Written::Int(int) => (abi::VALUE_INT, int.cast_unsigned()),
                Written::Double(double) => (abi::VALUE_DOUBLE, double.to_bits()),
                Written::Bytes(bytes) => (abi::VALUE_BYTES, in_text(bytes)),
                Written::Otlp(encoded) => (abi::VALUE_OTLP, in_text(encoded)),
            };
        }
        log.push(place, row);
        self.last.set(Some(log.last()));
    }
}

impl Written<'_> {
    /// The same, living as long as `bump`.
    fn kept_in(self, bump: &Bump) -> Written<'_> {
        match self {
            Self::Empty => Written::Empty,
            Self::Str(text) => Written::Str(bump.alloc_slice_copy(text)),
            Self::Bool(truth) => Written::Bool(truth),
            Self::Int(int) => Written::Int(int),
            Self::Double(double) => Written::Double(double),
            Self::Bytes(bytes) => Written::Bytes(bump.alloc_slice_copy(bytes)),
            Self::Otlp(encoded) => Written::Otlp(bump.alloc_slice_copy(encoded)),
        }
    }
}

impl Log {
    /// The fields of a message that were set, in that order.
    pub(crate) fn fields(&self, place: Place) -> impl Iterator<Item = (u32, Written<'_>)> {
        self.rows_of(place).filter_map(|number| {
            let row = self.row(u32::try_from(number).ok()?);
            let is_field = row.kind == abi::EDIT_FIELD;
            is_field.then(|| (row.index, self.value_of(row)))
        })
    }

    /// What a scope gets, each as an encoded scope.
    pub(crate) fn appended(&self, place: Place) -> impl Iterator<Item = &[u8]> {
        self.rows_of(place).filter_map(|number| {
            let row = self.row(u32::try_from(number).ok()?);
            match self.value_of(row) {
                Written::Otlp(scope) if row.kind == abi::EDIT_APPEND => Some(scope),
                _ => None,
            }
        })
    }

    /// The key that a row has.
    pub(crate) fn key(&self, number: u32) -> &[u8] {
        let row = self.row(number);
        let start = row.key as usize;
        self.text_of(start..start + row.key_len as usize)
    }

    /// The value that a row has.
    pub(crate) fn value(&self, number: u32) -> Written<'_> {
        self.value_of(self.row(number))
    }

    fn value_of(&self, row: &Edit) -> Written<'_> {
        let text = || {
            let start = offset(row.bits);
            self.text_of(start..start + row.value_len as usize)
        };
        match row.value {
            abi::VALUE_STRING => Written::Str(text()),
            abi::VALUE_BOOL => Written::Bool(row.bits != 0),
            abi::VALUE_INT => Written::Int(row.bits.cast_signed()),
            abi::VALUE_DOUBLE => Written::Double(f64::from_bits(row.bits)),
            abi::VALUE_BYTES => Written::Bytes(text()),
            abi::VALUE_OTLP => Written::Otlp(text()),
            _ => Written::Empty,
        }
    }
}

/// A number of a row. No batch has so many attributes or so much text that it does not fit: it has
/// at most `LONGEST_DATA` bytes, and so has what is written into it, or the host refuses it.
fn number(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Where in the text a value begins.
fn offset(bits: u64) -> usize {
    usize::try_from(bits).unwrap_or(usize::MAX)
}

impl fmt::Debug for Edits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.log().borrow().fmt(f)
    }
}
