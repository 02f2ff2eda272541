//! One batch through a processor.
//!
//! In: telemetry, encoded or in place. Out: what becomes of it: its edits, or its new encoding.
//! Invariant: an unchanged batch is never encoded; an error leaves nothing behind; a batch that
//! cannot be read in place gets no other answer.

use bimetal_abi::Signal;
use bimetal_pdata::{Batch, Logs, Metrics, Signal as Of, Table, Telemetry, Traces};

use super::{Outcome, Processor};
use crate::context::Context;
use crate::error::Error;
use crate::runtime::batch::{Consumed, Given, Wanted, parse};
use crate::runtime::instance::Answer;

macro_rules! run {
    ($type:ident, $processor:ident.$method:ident, $context:ident, $otlp:ident, $wanted:ident) => {{
        let data: $type<'_> = parse($otlp)?;
        run!(data, $processor.$method, $context, $wanted)
    }};
    ($data:expr, $processor:ident.$method:ident, $context:ident, $wanted:ident) => {{
        let mut data = $data;
        Ok(match $processor.$method($context, &mut data)? {
            Outcome::Drop => Consumed::Dropped,
            Outcome::Continue => match data.take_replaced() {
                Some(table) => replaced(&data, table, $wanted.answer)?,
                None if !data.changed() => Consumed::PassThrough,
                None => changed(data, $wanted),
            },
        })
    }};
}

fn changed<S: Of>(data: Telemetry<'_, S>, wanted: Wanted<'_>) -> Consumed {
    let Wanted { answer, room } = wanted;
    match answer {
        Answer::Edits | Answer::Tables => Consumed::Edited(data.edits_into(room)),
        Answer::Otlp => Consumed::Replaced(data.encode()),
    }
}

fn replaced<S: Of>(_: &Telemetry<'_, S>, table: Table, answer: Answer) -> Result<Consumed, Error> {
    Ok(match answer {
        Answer::Tables => Consumed::Made(table),
        Answer::Edits | Answer::Otlp => {
            let encoded = table.encode::<S>().map_err(Error::permanent)?;
            Consumed::Replaced(encoded)
        }
    })
}

/// Reads, processes, and encodes if something changed.
#[inline]
pub(crate) fn consume<P: Processor>(
    processor: &P,
    signal: Signal,
    context: &Context<'_>,
    given: Given<'_>,
    wanted: Wanted<'_>,
) -> Result<Consumed, Error> {
    match given {
        Given::Otlp(bytes) => otlp(processor, signal, context, bytes, wanted),
        Given::InPlace(batch) => {
            let consumed = in_place(processor, signal, context, batch, wanted);
            // Whatever became of it, an error too: it was not read as it is.
            if batch.unread() {
                Ok(Consumed::Unread)
            } else {
                consumed
            }
        }
    }
}

fn in_place<P: Processor>(
    processor: &P,
    signal: Signal,
    context: &Context<'_>,
    batch: &Batch<'_>,
    wanted: Wanted<'_>,
) -> Result<Consumed, Error> {
    match signal {
        Signal::Logs => {
            run!(
                Logs::in_place(batch),
                processor.process_logs,
                context,
                wanted
            )
        }
        Signal::Traces => {
            run!(
                Traces::in_place(batch),
                processor.process_traces,
                context,
                wanted
            )
        }
        Signal::Metrics => {
            run!(
                Metrics::in_place(batch),
                processor.process_metrics,
                context,
                wanted
            )
        }
        Signal::Profiles => Err(super::unsupported(signal)),
    }
}

fn otlp<P: Processor>(
    processor: &P,
    signal: Signal,
    context: &Context<'_>,
    otlp: &[u8],
    wanted: Wanted<'_>,
) -> Result<Consumed, Error> {
    match signal {
        Signal::Logs => run!(Logs, processor.process_logs, context, otlp, wanted),
        Signal::Traces => run!(Traces, processor.process_traces, context, otlp, wanted),
        Signal::Metrics => run!(Metrics, processor.process_metrics, context, otlp, wanted),
        Signal::Profiles => Err(super::unsupported(signal)),
    }
}
