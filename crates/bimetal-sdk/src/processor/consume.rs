//! One batch through a processor.
//!
//! In: telemetry and its format. Out: what becomes of it, in the same format. Invariant: an
//! unchanged batch is never encoded again; an error leaves nothing behind.

use bimetal_abi::Format;
use bimetal_abi::Signal;
use bimetal_pdata::{Logs, Metrics, Traces};

use super::{Outcome, Processor};
use crate::context::Context;
use crate::error::Error;
use crate::runtime::instance::Failure;

/// What became of a batch.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Consumed {
    PassThrough,
    Replaced(Vec<u8>),
    Dropped,
}

macro_rules! run {
    ($type:ident, $processor:ident.$method:ident, $context:ident, $otlp:ident) => {{
        let mut data = $type::parse($otlp).map_err(|error| {
            Error::permanent(format_args!(
                "malformed {}: {}",
                stringify!($type).to_lowercase(),
                Error::from(error)
            ))
        })?;
        Ok(match $processor.$method($context, &mut data)? {
            Outcome::Drop => Consumed::Dropped,
            Outcome::Continue if !data.changed() => Consumed::PassThrough,
            Outcome::Continue => Consumed::Replaced(data.encode()),
        })
    }};
}

/// The format of a call, if this SDK reads it. With [`consume`], the one place on this side that
/// knows which formats there are.
pub(crate) fn format_of(number: u32) -> Result<Format, Failure> {
    match Format::from_number(number) {
        Some(Format::Otlp) => Ok(Format::Otlp),
        _ => Err(Failure::Unsupported(format!(
            "telemetry in format {number}"
        ))),
    }
}

/// Decodes, processes, and encodes again if something changed.
pub(crate) fn consume<P: Processor>(
    processor: &P,
    signal: Signal,
    context: &Context<'_>,
    format: Format,
    bytes: &[u8],
) -> Result<Consumed, Error> {
    match format {
        Format::Otlp => otlp(processor, signal, context, bytes),
        Format::Edits | Format::View => Err(Error::permanent(format_args!(
            "the SDK does not read telemetry as {}",
            format.as_str()
        ))),
    }
}

fn otlp<P: Processor>(
    processor: &P,
    signal: Signal,
    context: &Context<'_>,
    otlp: &[u8],
) -> Result<Consumed, Error> {
    match signal {
        Signal::Logs => run!(Logs, processor.process_logs, context, otlp),
        Signal::Traces => run!(Traces, processor.process_traces, context, otlp),
        Signal::Metrics => run!(Metrics, processor.process_metrics, context, otlp),
        Signal::Profiles => Err(super::unsupported(signal)),
    }
}
