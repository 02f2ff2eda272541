//! A batch that a component may change.
//!
//! In: telemetry, encoded or in place. Out: what becomes of it: its edits, or its new encoding.
//! Invariant: an unchanged batch is never encoded; an error leaves nothing behind; a batch that
//! cannot be read in place gets no other answer.

use bimetal_pdata::{Signal as Of, Table, Telemetry};

use crate::error::Error;
use crate::runtime::batch::{Consumed, Given, Outcome, Wanted, parse};
use crate::runtime::instance::Answer;

/// Reads, lets `work` change it, and encodes if something changed.
#[inline]
pub(crate) fn change<S: Of>(
    given: Given<'_>,
    wanted: Wanted<'_>,
    work: impl FnOnce(&mut Telemetry<'_, S>) -> Result<Outcome, Error>,
) -> Result<Consumed, Error> {
    match given {
        Given::Otlp(bytes) => run(parse(bytes)?, wanted, work),
        Given::InPlace(batch) => {
            let consumed = run(Telemetry::in_place(batch), wanted, work);
            // Whatever became of it, an error too: it was not read as it is.
            if batch.unread() {
                Ok(Consumed::Unread)
            } else {
                consumed
            }
        }
    }
}

#[inline]
fn run<S: Of>(
    mut data: Telemetry<'_, S>,
    wanted: Wanted<'_>,
    work: impl FnOnce(&mut Telemetry<'_, S>) -> Result<Outcome, Error>,
) -> Result<Consumed, Error> {
    Ok(match work(&mut data)? {
        Outcome::Drop => Consumed::Dropped,
        Outcome::Continue => match data.take_replaced() {
            Some(table) => made::<S>(table, wanted.answer)?,
            None if !data.changed() => Consumed::PassThrough,
            None => changed(data, wanted),
        },
    })
}

fn changed<S: Of>(data: Telemetry<'_, S>, wanted: Wanted<'_>) -> Consumed {
    let Wanted { answer, room } = wanted;
    match answer {
        Answer::Edits | Answer::Tables => Consumed::Edited(data.edits_into(room)),
        Answer::Otlp => Consumed::Replaced(data.encode()),
    }
}

/// New telemetry of the signal.
pub(crate) fn made<S: Of>(table: Table, answer: Answer) -> Result<Consumed, Error> {
    Ok(match answer {
        Answer::Tables => Consumed::Made(table),
        Answer::Edits | Answer::Otlp => {
            let encoded = table.encode::<S>().map_err(Error::permanent)?;
            Consumed::Replaced(encoded)
        }
    })
}
