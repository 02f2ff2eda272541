//! One batch through a processor.
//!
//! In: OTLP bytes. Out: what becomes of them. Invariant: an unchanged batch is never encoded again;
//! an error leaves nothing behind.

use bimetal_pdata::{Logs, Metrics, Traces};

use super::{Outcome, Processor};
use crate::component::Signal;
use crate::context::Context;
use crate::error::Error;

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

/// Decodes, processes, and encodes again if something changed.
pub(crate) fn consume<P: Processor>(
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
