//! The messages of OTLP that this crate reads: their fields and how the fields are encoded.
//!
//! In: rows of the field table. Out: [`Schema`], which checks, accessors and encoding share.
//! Invariant: a field number is written in one row only. The shape of a batch is part of it:
//! [`Kind::Items`] are the messages below, [`Kind::Attributes`] a list that can be edited.

use crate::otlp::wire::{WIRE_FIXED32, WIRE_FIXED64, WIRE_LEN, WIRE_VARINT};

/// One message: its name and the fields that are read.
#[derive(Debug)]
pub struct Schema {
    pub(crate) message: &'static str,
    pub(crate) fields: &'static [Row],
    /// For each tag of one byte which row it is, provided that its wire type fits.
    rows: [u8; 128],
}

/// Number and name of a field, and what it holds.
type Row = (u32, &'static str, Kind);

/// No row has this number.
const NO_ROW: u8 = u8::MAX;

/// What a field holds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Varint,
    /// The lowest bit is the sign.
    Zigzag,
    Fixed64,
    /// One that may be set and yet be zero.
    Optional64,
    /// One of several that exclude each other; the last one that is set counts.
    Number,
    Fixed32,
    /// Repeated, each of this wire type unless they are packed.
    Numbers(u8),
    Bytes,
    /// Empty or exactly so many bytes.
    Id(usize),
    Message(&'static Schema),
    /// Repeated messages without edits of their own.
    List(&'static Schema),
    /// Repeated `KeyValue`.
    Attributes,
    /// The message that holds the attributes: the resource or the scope.
    Header(&'static Schema),
    /// Repeated messages below this one, each with edits of its own.
    Items(&'static Schema),
    /// One of several messages that hold the items; the last one that is set counts.
    Data(&'static Schema),
}

impl Kind {
    /// How its fields are written; packed numbers as one of bytes, too.
    pub(crate) const fn wire_type(self) -> u8 {
        match self {
            Self::Varint | Self::Zigzag => WIRE_VARINT,
            Self::Fixed64 | Self::Optional64 | Self::Number => WIRE_FIXED64,
            Self::Numbers(one) => one,
            Self::Fixed32 => WIRE_FIXED32,
            _ => WIRE_LEN,
        }
    }
}

impl Schema {
    pub(crate) const fn new(message: &'static str, fields: &'static [Row]) -> Self {
        let mut rows = [NO_ROW; 128];
        let mut row = 0;
        while (row as usize) < fields.len() {
            let (number, _, kind) = fields[row as usize];
            let wire_type = match kind {
                Kind::Numbers(_) => WIRE_LEN,
                _ => kind.wire_type(),
            };
            let tag = (number << 3 | wire_type as u32) as usize;
            if tag < rows.len() {
                rows[tag] = row;
            }
            row += 1;
        }
        Self {
            message,
            fields,
            rows,
        }
    }

    /// What the field holds that has this tag of one byte; `None` also where numbers are not
    /// packed, and where it is no tag of one byte.
    #[inline]
    pub(crate) fn of_tag(&self, tag: u8) -> Option<Kind> {
        let row = *self.rows.get(usize::from(tag))?;
        Some(self.fields.get(usize::from(row))?.2)
    }

    pub(crate) fn kind(&self, number: u32) -> Option<(&'static str, Kind)> {
        let row = self.fields.iter().find(|row| row.0 == number)?;
        Some((row.1, row.2))
    }

    /// Where the first field is for which `wanted` says so.
    pub(crate) fn find<T>(&self, wanted: impl Fn(Kind) -> Option<T>) -> Option<(u32, T)> {
        self.fields
            .iter()
            .find_map(|row| Some((row.0, wanted(row.2)?)))
    }

    pub(crate) fn has_attributes(&self) -> bool {
        self.find(|kind| matches!(kind, Kind::Attributes).then_some(()))
            .is_some()
    }

    /// Whether a field of this kind is one of several that exclude each other.
    pub(crate) fn is_variant(&self, kind: Kind) -> bool {
        matches!(kind, Kind::Data(_) | Kind::Number) || self.is_any_value()
    }

    pub(crate) fn is_any_value(&self) -> bool {
        std::ptr::eq(self, &raw const ANY_VALUE)
    }

    /// The number of the field with the attributes.
    pub(crate) fn attributes(&self) -> u32 {
        self.find(|kind| matches!(kind, Kind::Attributes).then_some(()))
            .expect("only messages with attributes are asked for them")
            .0
    }
}

/// How many values are looked at that lie in each other: an attribute's value is the first, an
/// entry of it that is a list the second. What lies deeper stays as it came.
pub(crate) const VALUE_LEVELS: u8 = 64;

/// Numbers of fields that more than one place needs.
pub(crate) mod number {
    pub(crate) const RESOURCES: u32 = 1;
    pub(crate) const HEADER: u32 = 1;
    pub(crate) const ITEMS: u32 = 2;
    pub(crate) const SCHEMA_URL: u32 = 3;
    pub(crate) const KEY: u32 = 1;
    pub(crate) const VALUE: u32 = 2;
    /// The entries of `ArrayValue` and of `KeyValueList`.
    pub(crate) const ENTRIES: u32 = 1;
    pub(crate) const STRING: u32 = 1;
    pub(crate) const BOOL: u32 = 2;
    pub(crate) const INT: u32 = 3;
    pub(crate) const DOUBLE: u32 = 4;
    pub(crate) const ARRAY: u32 = 5;
    pub(crate) const MAP: u32 = 6;
    pub(crate) const BYTES: u32 = 7;
    pub(crate) const STRING_INDEX: u32 = 8;
}

pub(crate) static ANY_VALUE: Schema = Schema::new(
    "AnyValue",
    &[
        (number::STRING, "string_value", Kind::Bytes),
        (number::BOOL, "bool_value", Kind::Varint),
        (number::INT, "int_value", Kind::Varint),
        (number::DOUBLE, "double_value", Kind::Fixed64),
        (number::ARRAY, "array_value", Kind::Message(&ARRAY_VALUE)),
        (number::MAP, "kvlist_value", Kind::Message(&KEY_VALUE_LIST)),
        (number::BYTES, "bytes_value", Kind::Bytes),
        (number::STRING_INDEX, "string_value_strindex", Kind::Varint),
    ],
);

pub(crate) static ARRAY_VALUE: Schema = Schema::new(
    "ArrayValue",
    &[(number::ENTRIES, "values", Kind::Message(&ANY_VALUE))],
);

pub(crate) static KEY_VALUE_LIST: Schema = Schema::new(
    "KeyValueList",
    &[(number::ENTRIES, "values", Kind::Attributes)],
);

pub(crate) static KEY_VALUE: Schema = Schema::new(
    "KeyValue",
    &[
        (number::KEY, "key", Kind::Bytes),
        (number::VALUE, "value", Kind::Message(&ANY_VALUE)),
    ],
);
