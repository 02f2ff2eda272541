//! Processors: what an author writes, and how the table drives it.
//!
//! In: an implementation of [`Processor`]. Out: a component as `runtime` knows it. Invariant:
//! authors write safe code only.

use std::time::SystemTime;

use bimetal_abi::{FEATURE_EDITS, FEATURE_MUTATES, FEATURE_VIEW, Kind, Signal};
use bimetal_pdata::{Logs, Metrics, Traces};

use crate::config::Section;
use crate::context::Context;
use crate::error::Error;
use crate::runtime::batch::{Consumed, Given, Outcome, Wanted};
use crate::runtime::change::change;
use crate::runtime::table::{Consume, Life};
use crate::settings::Settings;

/// A processor, as an author writes it.
///
/// Lifecycle: `new`, `start`, then any number of `process_…` from many threads at once, `shutdown`,
/// drop. `new` has no side effects (no thread, no socket, no file): the Collector also makes
/// instances only to validate a configuration. An instance may be dropped without having been
/// started. After a panic it is never called again.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is declared as a processor but does not implement `bimetal_sdk::Processor`",
    label = "not a processor",
    note = "write `impl bimetal_sdk::Processor for {Self}`"
)]
pub trait Processor: Send + Sync + Sized + 'static {
    /// The section of the Collector's configuration. `Default` holds the defaults.
    type Config: Section;

    /// Makes an instance for one signal from a validated configuration.
    fn new(settings: &Settings, config: Self::Config) -> Result<Self, Error>;

    /// Acquires what the instance needs. Called at most once.
    fn start(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Processes logs.
    fn process_logs(&self, context: &Context<'_>, logs: &mut Logs<'_>) -> Result<Outcome, Error> {
        let _ = (context, logs);
        Err(unsupported(Signal::Logs))
    }

    /// Processes traces.
    fn process_traces(
        &self,
        context: &Context<'_>,
        traces: &mut Traces<'_>,
    ) -> Result<Outcome, Error> {
        let _ = (context, traces);
        Err(unsupported(Signal::Traces))
    }

    /// Processes metrics.
    fn process_metrics(
        &self,
        context: &Context<'_>,
        metrics: &mut Metrics<'_>,
    ) -> Result<Outcome, Error> {
        let _ = (context, metrics);
        Err(unsupported(Signal::Metrics))
    }

    /// Releases what `start` acquired. Called at most once, only after `start` succeeded, and when
    /// every `process_…` has returned.
    fn shutdown(&self, deadline: Option<SystemTime>) -> Result<(), Error> {
        let _ = deadline;
        Ok(())
    }
}

/// A processor, as its table drives it.
#[derive(Debug)]
pub(crate) struct Processing<P>(P);

impl<P: Processor> Life for Processing<P> {
    const KIND: Kind = Kind::Processor;
    const FEATURES: u64 = FEATURE_MUTATES | FEATURE_EDITS | FEATURE_VIEW;

    type Config = P::Config;

    fn new(settings: &Settings, config: P::Config) -> Result<Self, Error> {
        P::new(settings, config).map(Self)
    }

    fn start(&self) -> Result<(), Error> {
        self.0.start()
    }

    fn shutdown(&self, deadline: Option<SystemTime>) -> Result<(), Error> {
        self.0.shutdown(deadline)
    }
}

impl<P: Processor> Consume for Processing<P> {
    #[inline]
    fn consume(
        &self,
        signal: Signal,
        context: &Context<'_>,
        given: Given<'_>,
        wanted: Wanted<'_>,
    ) -> Result<Consumed, Error> {
        let processor = &self.0;
        match signal {
            Signal::Logs => change(given, wanted, |logs| processor.process_logs(context, logs)),
            Signal::Traces => change(given, wanted, |traces| {
                processor.process_traces(context, traces)
            }),
            Signal::Metrics => change(given, wanted, |metrics| {
                processor.process_metrics(context, metrics)
            }),
            Signal::Profiles => Err(unsupported(signal)),
        }
    }
}

fn unsupported(signal: Signal) -> Error {
    Error::permanent(format_args!(
        "the component declares {0} but does not implement `process_{0}`",
        signal.as_str()
    ))
}
