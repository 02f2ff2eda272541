//! The rows and the text of a table, written.
//!
//! In: fields, in the order in which they come. Out: a [`Table`]. Invariant: what was begun is
//! ended; a key that stands at the same place of a list as in the list before is not written again.

use std::ops::Range;

use bimetal_abi as abi;
use bimetal_abi::Row;

use crate::edits::Written;

/// New telemetry as rows and one text (`FORMAT_TABLE`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The rows, as the C ABI has them.
    pub rows: Vec<Row>,
    /// The keys and values of the rows.
    pub text: Vec<u8>,
}

/// Writes a table.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    table: Table,
    /// Where the keys of the lists before are, by the place in the list.
    keys: Vec<Range<usize>>,
}

/// A list that is being written: where its row is, and how many there are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct List {
    row: usize,
    len: u32,
}

impl List {
    pub(crate) fn is_empty(self) -> bool {
        self.len == 0
    }
}

impl Writer {
    pub(crate) fn into_table(self) -> Table {
        self.table
    }

    pub(crate) fn number(&mut self, number: u32, bits: u64) {
        self.push(Row {
            bits,
            ..row(abi::ROW_NUMBER, number)
        });
    }

    pub(crate) fn bytes(&mut self, number: u32, bytes: &[u8]) {
        let (bits, len) = self.text(bytes);
        self.push(Row {
            bits,
            len,
            ..row(abi::ROW_BYTES, number)
        });
    }

    pub(crate) fn numbers(&mut self, number: u32, numbers: impl Iterator<Item = u64>) {
        let start = self.table.text.len();
        let mut len = 0;
        for number in numbers {
            self.table.text.extend_from_slice(&number.to_ne_bytes());
            len += 1;
        }
        if len > 0 {
            self.push(Row {
                bits: start as u64,
                len,
                ..row(abi::ROW_NUMBERS, number)
            });
        }
    }

    pub(crate) fn value(&mut self, number: u32, value: Written<'_>) {
        let row = row(abi::ROW_VALUE, number);
        self.push_value(row, value);
    }

    pub(crate) fn attributes(&mut self, number: u32) -> List {
        self.begin(abi::ROW_ATTRIBUTES, number)
    }

    pub(crate) fn attribute(&mut self, list: &mut List, key: &[u8], value: Written<'_>) {
        let place = list.len as usize;
        list.len += 1;
        let known = self
            .keys
            .get(place)
            .filter(|range| self.table.text.get((*range).clone()) == Some(key));
        let range = known.cloned().unwrap_or_else(|| {
            let start = self.table.text.len();
            self.table.text.extend_from_slice(key);
            let range = start..self.table.text.len();
            if place < self.keys.len() {
                self.keys[place] = range.clone();
            } else if place < REMEMBERED {
                self.keys.push(range.clone());
            }
            range
        });
        let row = Row {
            key: short(range.start),
            key_len: short(range.len()),
            ..row(abi::ROW_ATTRIBUTE, 0)
        };
        self.push_value(row, value);
    }

    pub(crate) fn list(&mut self, number: u32) -> List {
        self.begin(abi::ROW_LIST, number)
    }

    pub(crate) fn item(&mut self, list: &mut List) {
        list.len += 1;
        self.push(row(abi::ROW_ITEM, 0));
    }

    pub(crate) fn message(&mut self, number: u32) {
        self.push(row(abi::ROW_MESSAGE, number));
    }

    /// Of an item or a message.
    pub(crate) fn end(&mut self) {
        self.push(row(abi::ROW_END, 0));
    }

    /// Of a list or of attributes.
    pub(crate) fn close(&mut self, list: List) {
        if let Some(row) = self.table.rows.get_mut(list.row) {
            row.len = list.len;
        }
    }

    fn begin(&mut self, kind: u8, number: u32) -> List {
        let list = List {
            row: self.table.rows.len(),
            len: 0,
        };
        self.push(row(kind, number));
        list
    }

    fn push_value(&mut self, mut row: Row, value: Written<'_>) {
        (row.value, (row.bits, row.len)) = match value {
            Written::Empty => (abi::VALUE_EMPTY, (0, 0)),
            Written::Str(text) => (abi::VALUE_STRING, self.text(text)),
            Written::Bool(truth) => (abi::VALUE_BOOL, (truth.into(), 0)),
            Written::Int(int) => (abi::VALUE_INT, (int.cast_unsigned(), 0)),
            Written::Double(double) => (abi::VALUE_DOUBLE, (double.to_bits(), 0)),
            Written::Bytes(bytes) => (abi::VALUE_BYTES, self.text(bytes)),
            Written::Otlp(encoded) => (abi::VALUE_OTLP, self.text(encoded)),
        };
        self.push(row);
    }

    fn text(&mut self, bytes: &[u8]) -> (u64, u32) {
        let start = self.table.text.len();
        self.table.text.extend_from_slice(bytes);
        (start as u64, short(bytes.len()))
    }

    fn push(&mut self, row: Row) {
        self.table.rows.push(row);
    }
}

/// So many keys of a list are remembered.
const REMEMBERED: usize = 128;

fn row(kind: u8, number: u32) -> Row {
    Row {
        kind,
        number: u16::try_from(number).unwrap_or_default(),
        ..Row::default()
    }
}

/// A number of a row. What does not fit lies in a text that is longer than the host takes.
fn short(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
