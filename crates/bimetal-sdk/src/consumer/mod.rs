//! What a receiver gives its telemetry to.
//!
//! In: new telemetry, or OTLP. Out: what the pipelines said to it. Invariant: what is given in one
//! call is taken as a whole or not at all.

mod shim;

use std::time::SystemTime;

use bimetal_abi::Signal;
use bimetal_pdata::{NewLogs, NewMetrics, NewTelemetry, NewTraces, Signal as Of};

use crate::context::SpanContext;
use crate::error::Error;

pub(crate) use shim::Next;

/// The pipelines that a receiver is in. It may be copied, kept, and called from any thread, from
/// the beginning of `start` to the end of `shutdown`; afterwards it takes nothing any more.
///
/// A call returns when every pipeline has taken the telemetry, or one has not: its [`Error`] says
/// whether to send it again.
#[derive(Clone, Copy, Debug)]
pub struct Consumer {
    next: Next,
    signal: Signal,
}

/// What travels beside telemetry that a receiver gives.
#[derive(Clone, Copy, Debug, Default)]
pub struct Delivery {
    /// Until when the receiver waits for an answer.
    pub deadline: Option<SystemTime>,
    /// The span that the telemetry came in.
    pub span: Option<SpanContext>,
}

impl Consumer {
    pub(crate) fn new(next: Next, signal: Signal) -> Self {
        Self { next, signal }
    }

    /// What it takes.
    pub fn signal(&self) -> Signal {
        self.signal
    }

    /// Gives logs to the pipelines.
    pub fn send_logs(&self, delivery: &Delivery, logs: NewLogs) -> Result<(), Error> {
        self.send(delivery, logs)
    }

    /// Gives traces to the pipelines.
    pub fn send_traces(&self, delivery: &Delivery, traces: NewTraces) -> Result<(), Error> {
        self.send(delivery, traces)
    }

    /// Gives metrics to the pipelines.
    pub fn send_metrics(&self, delivery: &Delivery, metrics: NewMetrics) -> Result<(), Error> {
        self.send(delivery, metrics)
    }

    /// Gives one `Export…ServiceRequest` of the signal to the pipelines. What is not one is a
    /// permanent error.
    pub fn send_otlp(&self, delivery: &Delivery, otlp: &[u8]) -> Result<(), Error> {
        self.next.otlp(self.signal, delivery, otlp)
    }

    fn send<S: Of>(&self, delivery: &Delivery, new: NewTelemetry<S>) -> Result<(), Error> {
        if S::SIGNAL != self.signal.number() {
            return Err(Error::permanent(format_args!(
                "the receiver was made for {}",
                self.signal.as_str()
            )));
        }
        self.next.table(self.signal, delivery, &new.into_table())
    }
}
