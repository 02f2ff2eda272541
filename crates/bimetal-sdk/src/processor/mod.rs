//! Processors: what an author writes, and the table made from it.
//!
//! In: an implementation of [`Processor`]. Out: `bimetal_abi::Factory`. Invariant: authors write
//! safe code only.

mod consume;
mod shim;

use std::time::SystemTime;

use bimetal_abi::Signal;
use bimetal_pdata::{Logs, Metrics, Traces};

use crate::config::Section;
use crate::context::Context;
use crate::error::Error;
use crate::settings::Settings;

pub(crate) use shim::factory;

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

fn unsupported(signal: Signal) -> Error {
    Error::permanent(format_args!(
        "the component declares {0} but does not implement `process_{0}`",
        signal.as_str()
    ))
}
