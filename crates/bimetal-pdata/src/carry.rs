//! Carrying out an edit list that a component answered, on OTLP.
//!
//! In: an encoded batch and a list for it. Out: the batch as the list leaves it, encoded.
//! Invariant: a list that is none for the batch is an error, and never a panic.

use bimetal_abi as abi;

use crate::edits::{self, Came, EditError, EditList, Place};
use crate::error::ParseError;
use crate::message::Message;
use crate::otlp;
use crate::schema::{ANY_VALUE, Kind, Schema};
use crate::telemetry::{Signal, Telemetry};

/// Why a list cannot be carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CarryOutError {
    /// The batch is no telemetry of the signal.
    #[error(transparent)]
    Batch(#[from] ParseError),
    /// The list is none for the batch.
    #[error(transparent)]
    List(#[from] EditError),
}

impl<S: Signal> Telemetry<'_, S> {
    /// The batch as an edit list leaves it: what a host does that holds encoded telemetry.
    ///
    /// Made for tests: each row looks its place up from the start of the batch.
    pub fn carry_out(otlp: &[u8], list: EditList) -> Result<Vec<u8>, CarryOutError> {
        otlp::check(S::SCHEMA, otlp)?;
        let whole = Whole {
            message: Message::of_otlp(otlp),
            schema: S::SCHEMA,
        };
        let is_metrics = S::SIGNAL == abi::SIGNAL_METRICS;
        let log = edits::check(list, is_metrics, &whole)?;
        let mut out = Vec::with_capacity(otlp.len());
        otlp::encode(S::SCHEMA, otlp, &log, Place::default(), &mut out);
        Ok(out)
    }
}

struct Whole<'a> {
    message: Message<'a>,
    schema: &'static Schema,
}

impl<'a> Whole<'a> {
    /// The message at a place, and what it is.
    fn at(&self, place: Place) -> Option<(Message<'a>, &'static Schema)> {
        let mut found = (self.message, self.schema);
        for depth in 1..=place.depth() {
            let (message, number, below) = items(found)?;
            let ordinal = place.ordinal(depth) as usize;
            found = (message.messages(number).nth(ordinal)?, below);
        }
        Some(found)
    }
}

/// The message that holds the items of one, which for a metric is its data, their field, and what
/// they are.
fn items<'a>(
    (message, schema): (Message<'a>, &'static Schema),
) -> Option<(Message<'a>, u32, &'static Schema)> {
    if let Some((number, below)) = schema.find(below) {
        return Some((message, number, below));
    }
    let (data, schema) = message.one_of(|number, payload, data| match schema.kind(number)?.1 {
        Kind::Data(schema) => payload.content().map(|_| (data, schema)),
        _ => None,
    })?;
    schema
        .find(below)
        .map(|(number, below)| (data, number, below))
}

fn below(kind: Kind) -> Option<&'static Schema> {
    match kind {
        Kind::Items(below) => Some(below),
        _ => None,
    }
}

fn header(kind: Kind) -> Option<&'static Schema> {
    match kind {
        Kind::Header(header) => Some(header),
        _ => None,
    }
}

impl Came for Whole<'_> {
    fn items(&self, place: Place) -> usize {
        let found = self.at(place).and_then(items);
        found.map_or(0, |(message, number, _)| message.messages(number).count())
    }

    fn attributes(&self, place: Place) -> usize {
        let Some((message, schema)) = self.at(place) else {
            return 0;
        };
        match schema.find(header) {
            Some((number, header)) => {
                let holder = message.message(number);
                holder.messages(header.attributes()).count()
            }
            None if schema.has_attributes() => message.messages(schema.attributes()).count(),
            None => 0,
        }
    }

    fn is_scope(&self, bytes: &[u8]) -> bool {
        let scope = self
            .schema
            .find(below)
            .and_then(|(_, resource)| resource.find(below));
        scope.is_some_and(|(_, scope)| otlp::check(scope, bytes).is_ok())
    }

    fn is_value(&self, bytes: &[u8]) -> bool {
        otlp::check(&ANY_VALUE, bytes).is_ok()
    }

    fn takes(&self, place: Place, number: u32, value: u8, len: u32) -> bool {
        let Some((_, schema)) = self.at(place) else {
            return false;
        };
        let schema = schema.find(header).map_or(schema, |(_, header)| header);
        match schema.kind(number) {
            Some((_, Kind::Fixed64 | Kind::Fixed32 | Kind::Varint)) => value == abi::VALUE_INT,
            Some((_, Kind::Number)) => matches!(value, abi::VALUE_INT | abi::VALUE_DOUBLE),
            Some((_, Kind::Bytes)) => value == abi::VALUE_STRING,
            Some((_, Kind::Id(expected))) => {
                value == abi::VALUE_BYTES && (len == 0 || len as usize == expected)
            }
            Some((_, Kind::Message(below))) => {
                let is_half = matches!(value, abi::VALUE_INT | abi::VALUE_STRING);
                value <= abi::VALUE_OTLP && (below.is_any_value() || is_half)
            }
            _ => false,
        }
    }
}
