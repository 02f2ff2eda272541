//! A batch on its way into a component, and what became of it.
//!
//! In: the record of a call. Out: telemetry, encoded or in place. Invariant: knows no kind; a batch
//! is borrowed for the call.

use bimetal_abi::{Format, Signal};
use bimetal_pdata::{Batch, EditAnswer, ParseError, Signal as Of, Table, Telemetry};

use crate::error::Error;
use crate::runtime::instance::{Answer, Failure};

/// What becomes of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// It goes on as it now is. If nothing changed, the Collector passes on what it already holds,
    /// at no cost.
    Continue,
    /// It ends here, and that is no error.
    Drop,
}

/// What became of a batch.
#[derive(Debug)]
pub(crate) enum Consumed {
    PassThrough,
    Edited(EditAnswer),
    Replaced(Vec<u8>),
    Made(Table),
    Dropped,
    /// It left the Collector.
    Taken,
    /// It cannot be read where it lies.
    Unread,
}

/// A batch as the host gives it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Given<'a> {
    Otlp(&'a [u8]),
    InPlace(&'a Batch<'a>),
}

/// How the host wants the answer of a call.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) answer: Answer,
    /// Memory of the host's for an edit list.
    pub(crate) room: &'a mut [u64],
}

/// The format of a call, if this SDK reads it. With [`Given`], the one place on this side that
/// knows which formats there are.
#[inline]
pub(crate) fn format_of(number: u32) -> Result<Format, Failure> {
    match Format::from_number(number) {
        Some(format @ (Format::Otlp | Format::View)) => Ok(format),
        _ => Err(Failure::Unsupported(format!(
            "telemetry in format {number}"
        ))),
    }
}

/// Reads telemetry that came encoded.
#[inline]
pub(crate) fn parse<S: Of>(otlp: &[u8]) -> Result<Telemetry<'_, S>, Error> {
    Telemetry::parse(otlp).map_err(|error| malformed(S::SIGNAL, error))
}

#[cold]
fn malformed(signal: u32, error: ParseError) -> Error {
    let signal = Signal::from_number(signal).map_or("telemetry", Signal::as_str);
    Error::permanent(format_args!("malformed {signal}: {}", Error::from(error)))
}

/// Has `work` read telemetry from its beginning to its end; `None` where it cannot all be read.
/// What is in place is read through before `work` sees it: what that does cannot be taken back when
/// something turns out to be unreadable, and then the batch comes again.
pub(crate) fn read<S: Of, R>(
    given: Given<'_>,
    work: impl FnOnce(&Telemetry<'_, S>) -> Result<R, Error>,
) -> Result<Option<R>, Error> {
    match given {
        Given::Otlp(bytes) => work(&parse(bytes)?).map(Some),
        Given::InPlace(batch) => {
            let data = Telemetry::in_place(batch);
            data.is_readable().then(|| work(&data)).transpose()
        }
    }
}
