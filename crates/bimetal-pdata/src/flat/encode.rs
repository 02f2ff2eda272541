//! A table as OTLP, for a host that does not build from it.
//!
//! In: rows and text of any maker. Out: an export request, or a [`TableError`]. Invariant: nothing
//! of the rows is believed; a walk is never deeper than the messages of a batch lie in each other.

use bimetal_abi as abi;
use bimetal_abi::{Row, Signal};

use crate::edits::Written;
use crate::log::OfLogs;
use crate::metric::OfMetrics;
use crate::otlp::sink::{Encode, Sink, message};
use crate::otlp::wire::{WIRE_FIXED32, WIRE_FIXED64, WIRE_VARINT};
use crate::rows::Table;
use crate::schema::number::{KEY, VALUE};
use crate::schema::{ANY_VALUE, Kind, Schema};
use crate::span::OfTraces;
use crate::telemetry::{self, Signal as _};

/// Rows that are no table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("row {row} {problem}")]
pub struct TableError {
    /// The number of the row, from 0.
    pub row: usize,
    /// What is wrong with it.
    pub problem: &'static str,
}

type Done = Result<(), &'static str>;

/// A table that anyone made, as an `Export…ServiceRequest` of the signal. `rows` are those of the C
/// ABI, one after the other.
pub fn encode_table(signal: Signal, rows: &[u8], text: &[u8]) -> Result<Vec<u8>, TableError> {
    let schema = match signal {
        Signal::Logs => OfLogs::SCHEMA,
        Signal::Traces => OfTraces::SCHEMA,
        Signal::Metrics => OfMetrics::SCHEMA,
        Signal::Profiles => {
            return Err(TableError {
                row: 0,
                problem: "is of a signal that has no table",
            });
        }
    };
    let (rows, rest) = rows.as_chunks::<{ size_of::<Row>() }>();
    if !rest.is_empty() {
        return Err(TableError {
            row: rows.len(),
            problem: "is only a part of one",
        });
    }
    encode(schema, rows.iter().map(row), text)
}

impl Table {
    /// The table as an `Export…ServiceRequest`.
    pub fn encode<S: telemetry::Signal>(&self) -> Result<Vec<u8>, TableError> {
        encode(S::SCHEMA, self.rows.iter().copied(), &self.text)
    }
}

/// Encodes the content of a message that is a whole batch.
fn encode(
    schema: &Schema,
    rows: impl Iterator<Item = Row>,
    text: &[u8],
) -> Result<Vec<u8>, TableError> {
    let mut reader = Reader {
        rows,
        next: 0,
        text,
    };
    let mut out = Vec::with_capacity(text.len() * 2);
    let done = reader.content(schema, &mut out, true);
    done.map(|()| out).map_err(|problem| TableError {
        row: reader.next.saturating_sub(1),
        problem,
    })
}

struct Reader<'t, I> {
    rows: I,
    next: usize,
    text: &'t [u8],
}

impl<'t, I: Iterator<Item = Row>> Reader<'t, I> {
    fn row(&mut self) -> Option<Row> {
        self.next += 1;
        self.rows.next()
    }

    /// What lies in a message, up to its end.
    fn content(&mut self, schema: &Schema, out: &mut Vec<u8>, whole: bool) -> Done {
        let mut seen = 0_u32;
        loop {
            let Some(row) = self.row() else {
                return if whole { Ok(()) } else { Err("does not end") };
            };
            if row.kind == abi::ROW_END && !whole {
                return Ok(());
            }
            let number = u32::from(row.number);
            let Some((_, kind)) = schema.kind(number) else {
                return Err("is about a field that is not known there");
            };
            let bit = 1_u32.checked_shl(number).unwrap_or_default();
            if seen & bit != 0 {
                return Err("gives a field a second time");
            }
            seen |= bit;
            self.field(&row, number, kind, out)?;
        }
    }

    fn field(&mut self, row: &Row, number: u32, kind: Kind, out: &mut Vec<u8>) -> Done {
        match (row.kind, kind) {
            (abi::ROW_NUMBER, _) => return write_number(row.bits, number, kind, out),
            (abi::ROW_BYTES, Kind::Bytes) => out.len_delimited(number, self.string(row)?),
            (abi::ROW_BYTES, Kind::Id(size)) => {
                let id = self.text(row.bits, row.len)?;
                if !id.is_empty() && id.len() != size {
                    return Err("is an identifier of another length");
                }
                out.len_delimited(number, id);
            }
            (abi::ROW_NUMBERS, Kind::Numbers(wire_type)) => {
                let bytes = u64::from(row.len) * 8;
                let bytes = u32::try_from(bytes).map_err(|_| OUTSIDE)?;
                let (numbers, _) = self.text(row.bits, bytes)?.as_chunks::<8>();
                message(out, number, |out| {
                    for number in numbers.iter().map(|bytes| u64::from_ne_bytes(*bytes)) {
                        match wire_type {
                            WIRE_VARINT => out.varint(number),
                            _ => out.bytes(&number.to_le_bytes()),
                        }
                    }
                });
            }
            (abi::ROW_VALUE, Kind::Message(below)) if is_value(below) => {
                let value = self.value(row)?;
                message(out, number, |out| value.encode(out));
            }
            (abi::ROW_ATTRIBUTES, Kind::Attributes) => {
                for _ in 0..row.len {
                    match self.row() {
                        Some(row) if row.kind == abi::ROW_ATTRIBUTE => {
                            self.attribute(&row, number, out)?;
                        }
                        _ => return Err("is no attribute, or the last of too few"),
                    }
                }
            }
            (abi::ROW_LIST, Kind::Items(below) | Kind::List(below)) => {
                for _ in 0..row.len {
                    match self.row() {
                        Some(row) if row.kind == abi::ROW_ITEM => {
                            self.message(number, below, out)?;
                        }
                        _ => return Err("is no message of a list, or the last of too few"),
                    }
                }
            }
            (abi::ROW_MESSAGE, Kind::Message(below) | Kind::Header(below) | Kind::Data(below))
                if !is_value(below) =>
            {
                return self.message(number, below, out);
            }
            _ => return Err("gives a field what it cannot hold"),
        }
        Ok(())
    }

    fn message(&mut self, number: u32, schema: &Schema, out: &mut Vec<u8>) -> Done {
        let mut done = Ok(());
        message(out, number, |out| done = self.content(schema, out, false));
        done
    }

    fn attribute(&mut self, row: &Row, number: u32, out: &mut Vec<u8>) -> Done {
        let key = self.text(row.key.into(), row.key_len)?;
        let key = std::str::from_utf8(key).map_err(|_| NOT_TEXT)?;
        let value = self.value(row)?;
        message(out, number, |out| {
            out.len_delimited(KEY, key.as_bytes());
            message(out, VALUE, |out| value.encode(out));
        });
        Ok(())
    }

    fn value(&self, row: &Row) -> Result<Written<'t>, &'static str> {
        Ok(match row.value {
            abi::VALUE_EMPTY => Written::Empty,
            abi::VALUE_STRING => Written::Str(self.string(row)?),
            abi::VALUE_BOOL if row.bits > 1 => return Err("has a truth value that is none"),
            abi::VALUE_BOOL => Written::Bool(row.bits == 1),
            abi::VALUE_INT => Written::Int(row.bits.cast_signed()),
            abi::VALUE_DOUBLE => Written::Double(f64::from_bits(row.bits)),
            abi::VALUE_BYTES => Written::Bytes(self.text(row.bits, row.len)?),
            abi::VALUE_OTLP => Written::Otlp(self.text(row.bits, row.len)?),
            _ => return Err("has a value of no kind"),
        })
    }

    fn string(&self, row: &Row) -> Result<&'t [u8], &'static str> {
        let bytes = self.text(row.bits, row.len)?;
        match std::str::from_utf8(bytes) {
            Ok(_) => Ok(bytes),
            Err(_) => Err(NOT_TEXT),
        }
    }

    fn text(&self, start: u64, len: u32) -> Result<&'t [u8], &'static str> {
        let start = usize::try_from(start).map_err(|_| OUTSIDE)?;
        let rest = self.text.get(start..).ok_or(OUTSIDE)?;
        rest.get(..len as usize).ok_or(OUTSIDE)
    }
}

const OUTSIDE: &str = "refers to what is not in the text";
const NOT_TEXT: &str = "has a text that is not UTF-8";

fn is_value(schema: &Schema) -> bool {
    std::ptr::eq(schema, &raw const ANY_VALUE)
}

fn write_number(bits: u64, number: u32, kind: Kind, out: &mut Vec<u8>) -> Done {
    const TOO_LARGE: &str = "has a number of more bits than the field";
    let short = u32::try_from(bits);
    match kind {
        Kind::Varint => {
            out.tag(number, WIRE_VARINT);
            out.varint(short.map_err(|_| TOO_LARGE)?.into());
        }
        Kind::Zigzag => {
            let signed = short.map_err(|_| TOO_LARGE)?.cast_signed();
            out.tag(number, WIRE_VARINT);
            out.varint((signed << 1 ^ signed >> 31).cast_unsigned().into());
        }
        Kind::Fixed32 => {
            out.tag(number, WIRE_FIXED32);
            out.bytes(&short.map_err(|_| TOO_LARGE)?.to_le_bytes());
        }
        Kind::Fixed64 | Kind::Optional64 | Kind::Number => {
            out.tag(number, WIRE_FIXED64);
            out.bytes(&bits.to_le_bytes());
        }
        _ => return Err("gives a field what it cannot hold"),
    }
    Ok(())
}

fn row(bytes: &[u8; size_of::<Row>()]) -> Row {
    let half = |index: usize| u32::from_ne_bytes(bytes.as_chunks::<4>().0[index]);
    let [kind, value, low, high, ..] = *bytes;
    Row {
        kind,
        value,
        number: u16::from_ne_bytes([low, high]),
        key: half(1),
        key_len: half(2),
        len: half(3),
        bits: u64::from_ne_bytes(bytes.as_chunks::<8>().0[2]),
    }
}
