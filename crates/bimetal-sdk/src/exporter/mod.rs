//! Exporters: what an author writes, and how the table drives it.
//!
//! In: an implementation of [`Exporter`]. Out: a component as `runtime` knows it. Invariant: an
//! exporter never changes telemetry; it is given what can all be read.

mod sending;

use std::time::SystemTime;

use bimetal_abi::{FEATURE_VIEW, Kind, Signal};
use bimetal_pdata::{Logs, Metrics, Signal as Of, Telemetry, Traces};

use crate::config::{HostKey, Section};
use crate::context::Context;
use crate::error::Error;
use crate::runtime::batch::{Consumed, Given, Wanted, read};
use crate::runtime::table::{Consume, Life};
use crate::settings::Settings;

pub use sending::{Batching, Partition, Queue, Retry, Sending, Sizer};

/// An exporter, as an author writes it.
///
/// Lifecycle: `new`, `start`, then any number of `export_…` from many threads at once, `shutdown`,
/// drop. `new` has no side effects (no thread, no socket, no file): the Collector also makes
/// instances only to validate a configuration. An instance may be dropped without having been
/// started. After a panic it is never called again.
///
/// The Collector calls it inside of its `exporterhelper`: [`Sending`] is what that does. What
/// waits in the queue stays the Collector's; the exporter is given it for the call only. The class
/// of an [`Error`] decides what comes next: permanent ones are given up, others are tried again,
/// not before [`Error::with_retry_after`], and no more of it than [`Error::with_retry_data`] says.
///
/// ```
/// use bimetal_sdk::{Component, Context, Error, Exporter, Logs, Settings, Signal, Stability};
///
/// struct Counter {
///     settings: Settings,
/// }
///
/// impl Exporter for Counter {
///     type Config = bimetal_sdk::config::Empty;
///
///     fn new(settings: &Settings, _: Self::Config) -> Result<Self, Error> {
///         Ok(Self { settings: settings.clone() })
///     }
///
///     fn export_logs(&self, _: &Context<'_>, logs: &Logs<'_>) -> Result<(), Error> {
///         let entry = self.settings.logger.at(bimetal_sdk::Level::Info);
///         entry.field("records", logs.record_count()).write("exported");
///         Ok(())
///     }
/// }
///
/// fn component() -> &'static Component {
///     static COMPONENT: Component =
///         Component::exporter::<Counter>("counter", &[(Signal::Logs, Stability::Alpha)]);
///     &COMPONENT
/// }
/// # use bimetal_sdk::testing::{Consumed, TestHost};
/// # let host = TestHost::new(component());
/// # let exporter = host.started(Signal::Logs, &serde_json::json!({"timeout": "1s"}))?;
/// # let one = [0x0a, 0x06, 0x12, 0x04, 0x12, 0x02, 0x1a, 0x00];
/// # assert_eq!(exporter.consume(&one)?, Consumed::Taken);
/// # assert_eq!(host.logs()[0].fields["records"], 1);
/// # Ok::<(), bimetal_sdk::testing::Failure>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is declared as an exporter but does not implement `bimetal_sdk::Exporter`",
    label = "not an exporter",
    note = "write `impl bimetal_sdk::Exporter for {Self}`"
)]
pub trait Exporter: Send + Sync + Sized + 'static {
    /// The section of the Collector's configuration without the keys of [`Sending`]. `Default`
    /// holds the defaults.
    type Config: Section;

    /// Makes an instance for one signal from a validated configuration.
    fn new(settings: &Settings, config: Self::Config) -> Result<Self, Error>;

    /// What the Collector does around the exporter, with the defaults of these keys.
    fn sending() -> Sending {
        Sending::default()
    }

    /// Acquires what the instance needs. Called at most once.
    fn start(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Exports logs.
    fn export_logs(&self, context: &Context<'_>, logs: &Logs<'_>) -> Result<(), Error> {
        let _ = (context, logs);
        Err(unsupported(Signal::Logs))
    }

    /// Exports traces.
    fn export_traces(&self, context: &Context<'_>, traces: &Traces<'_>) -> Result<(), Error> {
        let _ = (context, traces);
        Err(unsupported(Signal::Traces))
    }

    /// Exports metrics.
    fn export_metrics(&self, context: &Context<'_>, metrics: &Metrics<'_>) -> Result<(), Error> {
        let _ = (context, metrics);
        Err(unsupported(Signal::Metrics))
    }

    /// Releases what `start` acquired. Called at most once, only after `start` succeeded, and when
    /// every `export_…` has returned; the queue was emptied before.
    fn shutdown(&self, deadline: Option<SystemTime>) -> Result<(), Error> {
        let _ = deadline;
        Ok(())
    }
}

/// An exporter, as its table drives it.
#[derive(Debug)]
pub(crate) struct Exporting<E>(E);

impl<E: Exporter> Life for Exporting<E> {
    const KIND: Kind = Kind::Exporter;
    const FEATURES: u64 = FEATURE_VIEW;

    type Config = E::Config;

    fn new(settings: &Settings, config: E::Config) -> Result<Self, Error> {
        E::new(settings, config).map(Self)
    }

    fn start(&self) -> Result<(), Error> {
        self.0.start()
    }

    fn shutdown(&self, deadline: Option<SystemTime>) -> Result<(), Error> {
        self.0.shutdown(deadline)
    }

    fn host_keys() -> Result<Vec<HostKey>, Error> {
        E::sending().host_keys()
    }
}

impl<E: Exporter> Consume for Exporting<E> {
    fn consume(
        &self,
        signal: Signal,
        context: &Context<'_>,
        given: Given<'_>,
        _: Wanted<'_>,
    ) -> Result<Consumed, Error> {
        let exporter = &self.0;
        match signal {
            Signal::Logs => export(given, |logs| exporter.export_logs(context, logs)),
            Signal::Traces => export(given, |traces| exporter.export_traces(context, traces)),
            Signal::Metrics => export(given, |metrics| exporter.export_metrics(context, metrics)),
            Signal::Profiles => Err(unsupported(signal)),
        }
    }
}

fn export<S: Of>(
    given: Given<'_>,
    export: impl FnOnce(&Telemetry<'_, S>) -> Result<(), Error>,
) -> Result<Consumed, Error> {
    Ok(read(given, export)?.map_or(Consumed::Unread, |()| Consumed::Taken))
}

fn unsupported(signal: Signal) -> Error {
    Error::permanent(format_args!(
        "the component declares {0} but does not implement `export_{0}`",
        signal.as_str()
    ))
}
