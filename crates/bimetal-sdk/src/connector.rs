//! Connectors: what an author writes, and how the table drives it.
//!
//! In: an implementation of [`Connector`]. Out: a component as `runtime` knows it. Invariant: a
//! connector delivers nothing itself; its answer goes on when the call is over.

use std::time::SystemTime;

use bimetal_abi::{FEATURE_EDITS, FEATURE_MUTATES, FEATURE_VIEW, Kind, Signal};
use bimetal_pdata::{
    Logs, Metrics, NewLogs, NewMetrics, NewTelemetry, NewTraces, Signal as Of, Telemetry, Traces,
};

use crate::config::Section;
use crate::context::Context;
use crate::error::Error;
use crate::runtime::batch::{Consumed, Given, Outcome, Wanted, read};
use crate::runtime::change::{change, made};
use crate::runtime::instance::Answer;
use crate::runtime::table::{Consume, Life};
use crate::settings::Settings;

/// A connector, as an author writes it: it ends one pipeline and begins others.
///
/// Lifecycle: `new`, `start`, then any number of the other methods from many threads at once,
/// `shutdown`, drop. `new` has no side effects (no thread, no socket, no file): the Collector also
/// makes instances only to validate a configuration. An instance may be dropped without having been
/// started. After a panic it is never called again.
///
/// There is one instance for each pair of signals; [`Settings::signal`] and [`Settings::output`]
/// say which. Of two signals that differ the first is read and the second is made: what the method
/// puts into the new telemetry goes on, and if that is nothing, nothing does. Within a signal a
/// connector does what a processor does.
///
/// ```
/// use bimetal_sdk::pdata::{NewData, NewMetric, NewMetrics, NewNumberPoint, Number};
/// use bimetal_sdk::{
///     Component, Connector, Context, Error, Logs, Settings, Signal, Stability,
/// };
///
/// struct Count;
///
/// impl Connector for Count {
///     type Config = bimetal_sdk::config::Empty;
///
///     fn new(_: &Settings, _: Self::Config) -> Result<Self, Error> {
///         Ok(Self)
///     }
///
///     fn logs_to_metrics(
///         &self,
///         _: &Context<'_>,
///         logs: &Logs<'_>,
///         metrics: &mut NewMetrics,
///     ) -> Result<(), Error> {
///         let point = NewNumberPoint {
///             start_time_unix_nano: 0,
///             time_unix_nano: 0,
///             value: Number::Int(i64::try_from(logs.record_count())?),
///             attributes: &[],
///             flags: 0,
///         };
///         metrics.resource(&[], |resource| {
///             resource.scope("count", "", |scope| {
///                 scope.metric(&NewMetric {
///                     name: "log.count",
///                     description: "",
///                     unit: "{record}",
///                     data: NewData::Gauge(&[point]),
///                 });
///             });
///         });
///         Ok(())
///     }
/// }
///
/// fn component() -> &'static Component {
///     static COMPONENT: Component = Component::connector::<Count>(
///         "count",
///         &[(Signal::Logs, Signal::Metrics, Stability::Alpha)],
///     );
///     &COMPONENT
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no connector: it does not implement `bimetal_sdk::Connector`",
    label = "not a connector",
    note = "write `impl bimetal_sdk::Connector for {Self}`"
)]
pub trait Connector: Send + Sync + Sized + 'static {
    /// The section of the Collector's configuration. `Default` holds the defaults.
    type Config: Section;

    /// Makes an instance for one pair of signals from a validated configuration.
    fn new(settings: &Settings, config: Self::Config) -> Result<Self, Error>;

    /// Acquires what the instance needs. Called at most once.
    fn start(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Lets logs go on as logs: changed, dropped, or as they came.
    fn logs_to_logs(&self, context: &Context<'_>, logs: &mut Logs<'_>) -> Result<Outcome, Error> {
        let _ = (context, logs);
        Err(unsupported(Signal::Logs, Signal::Logs))
    }

    /// Makes traces of logs.
    fn logs_to_traces(
        &self,
        context: &Context<'_>,
        logs: &Logs<'_>,
        traces: &mut NewTraces,
    ) -> Result<(), Error> {
        let _ = (context, logs, traces);
        Err(unsupported(Signal::Logs, Signal::Traces))
    }

    /// Makes metrics of logs.
    fn logs_to_metrics(
        &self,
        context: &Context<'_>,
        logs: &Logs<'_>,
        metrics: &mut NewMetrics,
    ) -> Result<(), Error> {
        let _ = (context, logs, metrics);
        Err(unsupported(Signal::Logs, Signal::Metrics))
    }

    /// Makes logs of traces.
    fn traces_to_logs(
        &self,
        context: &Context<'_>,
        traces: &Traces<'_>,
        logs: &mut NewLogs,
    ) -> Result<(), Error> {
        let _ = (context, traces, logs);
        Err(unsupported(Signal::Traces, Signal::Logs))
    }

    /// Lets traces go on as traces: changed, dropped, or as they came.
    fn traces_to_traces(
        &self,
        context: &Context<'_>,
        traces: &mut Traces<'_>,
    ) -> Result<Outcome, Error> {
        let _ = (context, traces);
        Err(unsupported(Signal::Traces, Signal::Traces))
    }

    /// Makes metrics of traces.
    fn traces_to_metrics(
        &self,
        context: &Context<'_>,
        traces: &Traces<'_>,
        metrics: &mut NewMetrics,
    ) -> Result<(), Error> {
        let _ = (context, traces, metrics);
        Err(unsupported(Signal::Traces, Signal::Metrics))
    }

    /// Makes logs of metrics.
    fn metrics_to_logs(
        &self,
        context: &Context<'_>,
        metrics: &Metrics<'_>,
        logs: &mut NewLogs,
    ) -> Result<(), Error> {
        let _ = (context, metrics, logs);
        Err(unsupported(Signal::Metrics, Signal::Logs))
    }

    /// Makes traces of metrics.
    fn metrics_to_traces(
        &self,
        context: &Context<'_>,
        metrics: &Metrics<'_>,
        traces: &mut NewTraces,
    ) -> Result<(), Error> {
        let _ = (context, metrics, traces);
        Err(unsupported(Signal::Metrics, Signal::Traces))
    }

    /// Lets metrics go on as metrics: changed, dropped, or as they came.
    fn metrics_to_metrics(
        &self,
        context: &Context<'_>,
        metrics: &mut Metrics<'_>,
    ) -> Result<Outcome, Error> {
        let _ = (context, metrics);
        Err(unsupported(Signal::Metrics, Signal::Metrics))
    }

    /// Releases what `start` acquired. Called at most once, only after `start` succeeded, and when
    /// every other call has returned.
    fn shutdown(&self, deadline: Option<SystemTime>) -> Result<(), Error> {
        let _ = deadline;
        Ok(())
    }
}

/// A connector, as its table drives it.
#[derive(Debug)]
pub(crate) struct Connecting<C> {
    connector: C,
    output: Signal,
}

impl<C: Connector> Life for Connecting<C> {
    const KIND: Kind = Kind::Connector;
    const FEATURES: u64 = FEATURE_MUTATES | FEATURE_EDITS | FEATURE_VIEW;

    type Config = C::Config;

    fn new(settings: &Settings, config: C::Config) -> Result<Self, Error> {
        let none = || Error::new("the host does not say what the connector is to make");
        let output = settings.output.ok_or_else(none)?;
        let connector = C::new(settings, config)?;
        Ok(Self { connector, output })
    }

    fn start(&self) -> Result<(), Error> {
        self.connector.start()
    }

    fn shutdown(&self, deadline: Option<SystemTime>) -> Result<(), Error> {
        self.connector.shutdown(deadline)
    }
}

impl<C: Connector> Consume for Connecting<C> {
    fn consume(
        &self,
        signal: Signal,
        context: &Context<'_>,
        given: Given<'_>,
        wanted: Wanted<'_>,
    ) -> Result<Consumed, Error> {
        let connector = &self.connector;
        match (signal, self.output) {
            (Signal::Logs, Signal::Logs) => {
                change(given, wanted, |data| connector.logs_to_logs(context, data))
            }
            (Signal::Logs, Signal::Traces) => make(given, wanted.answer, |data, new| {
                connector.logs_to_traces(context, data, new)
            }),
            (Signal::Logs, Signal::Metrics) => make(given, wanted.answer, |data, new| {
                connector.logs_to_metrics(context, data, new)
            }),
            (Signal::Traces, Signal::Logs) => make(given, wanted.answer, |data, new| {
                connector.traces_to_logs(context, data, new)
            }),
            (Signal::Traces, Signal::Traces) => change(given, wanted, |data| {
                connector.traces_to_traces(context, data)
            }),
            (Signal::Traces, Signal::Metrics) => make(given, wanted.answer, |data, new| {
                connector.traces_to_metrics(context, data, new)
            }),
            (Signal::Metrics, Signal::Logs) => make(given, wanted.answer, |data, new| {
                connector.metrics_to_logs(context, data, new)
            }),
            (Signal::Metrics, Signal::Traces) => make(given, wanted.answer, |data, new| {
                connector.metrics_to_traces(context, data, new)
            }),
            (Signal::Metrics, Signal::Metrics) => change(given, wanted, |data| {
                connector.metrics_to_metrics(context, data)
            }),
            (Signal::Profiles, to) => Err(unsupported(signal, to)),
            (from, Signal::Profiles) => Err(unsupported(from, Signal::Profiles)),
        }
    }
}

/// What is made of a batch, which is read to its end first: a connector may count.
fn make<S: Of, M: Of>(
    given: Given<'_>,
    answer: Answer,
    work: impl FnOnce(&Telemetry<'_, S>, &mut NewTelemetry<M>) -> Result<(), Error>,
) -> Result<Consumed, Error> {
    let mut new = NewTelemetry::new();
    match read(given, |data| work(data, &mut new))? {
        None => Ok(Consumed::Unread),
        Some(()) if new.is_empty() => Ok(Consumed::Dropped),
        Some(()) => made::<M>(new.into_table(), answer),
    }
}

fn unsupported(from: Signal, to: Signal) -> Error {
    let pair = Kind::pair(from, to);
    Error::permanent(format_args!(
        "the component declares {pair} but does not implement `{pair}`"
    ))
}
