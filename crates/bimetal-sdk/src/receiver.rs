//! Receivers: what an author writes, and how the table drives it.
//!
//! In: an implementation of [`Receiver`]. Out: a component as `runtime` knows it. Invariant: a
//! receiver has its pipelines from `start` on, and not before.

use std::time::SystemTime;

use bimetal_abi::Kind;

use crate::config::Section;
use crate::consumer::Consumer;
use crate::error::Error;
use crate::runtime::table::Life;
use crate::settings::Settings;

/// A receiver, as an author writes it.
///
/// Lifecycle: `new`, `start`, `shutdown`, drop. `new` has no side effects (no thread, no socket, no
/// file): the Collector also makes instances only to validate a configuration. An instance may be
/// dropped without having been started. There is one for each signal.
///
/// `start` begins to receive and returns: what receives goes on in threads of the receiver, which
/// give what they have to the [`Consumer`]. `shutdown` ends them, and waits for that.
///
/// ```
/// use std::sync::Mutex;
/// use std::thread::{self, JoinHandle};
///
/// use bimetal_sdk::pdata::{NewLog, NewLogs};
/// use bimetal_sdk::{
///     Component, Consumer, Delivery, Error, Receiver, Settings, Signal, Stability,
/// };
///
/// struct Once {
///     thread: Mutex<Option<JoinHandle<()>>>,
/// }
///
/// impl Receiver for Once {
///     type Config = bimetal_sdk::config::Empty;
///
///     fn new(_: &Settings, _: Self::Config) -> Result<Self, Error> {
///         Ok(Self { thread: Mutex::new(None) })
///     }
///
///     fn start(&self, consumer: Consumer) -> Result<(), Error> {
///         let thread = thread::spawn(move || {
///             let mut logs = NewLogs::new();
///             logs.resource(&[], |resource| resource.scope("once", "", |scope| {
///                 scope.record(&NewLog { body: "hello".into(), ..NewLog::default() });
///             }));
///             // A receiver that can hold telemetry back tries again what may be sent again.
///             let _ = consumer.send_logs(&Delivery::default(), logs);
///         });
///         *self.thread.lock()? = Some(thread);
///         Ok(())
///     }
///
///     fn shutdown(&self, _: Option<std::time::SystemTime>) -> Result<(), Error> {
///         let thread = self.thread.lock()?.take();
///         thread.map_or(Ok(()), |thread| thread.join().map_err(|_| Error::new("it panicked")))
///     }
/// }
///
/// fn component() -> &'static Component {
///     static COMPONENT: Component =
///         Component::receiver::<Once>("once", &[(Signal::Logs, Stability::Alpha)]);
///     &COMPONENT
/// }
/// # let host = bimetal_sdk::testing::TestHost::new(component());
/// # let receiver = host.started(Signal::Logs, &serde_json::json!({}))?;
/// # receiver.shutdown()?;
/// # assert_eq!(host.sent().len(), 1);
/// # Ok::<(), bimetal_sdk::testing::Failure>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no receiver: it does not implement `bimetal_sdk::Receiver`",
    label = "not a receiver",
    note = "write `impl bimetal_sdk::Receiver for {Self}`"
)]
pub trait Receiver: Send + Sync + Sized + 'static {
    /// The section of the Collector's configuration. `Default` holds the defaults.
    type Config: Section;

    /// Makes an instance for one signal from a validated configuration.
    fn new(settings: &Settings, config: Self::Config) -> Result<Self, Error>;

    /// Begins to receive. Called at most once, when the pipelines run.
    fn start(&self, consumer: Consumer) -> Result<(), Error>;

    /// Ends what `start` began, and waits for that: `consumer` takes nothing afterwards. Called at
    /// most once, only after `start` succeeded.
    fn shutdown(&self, deadline: Option<SystemTime>) -> Result<(), Error>;
}

/// A receiver, as its table drives it.
#[derive(Debug)]
pub(crate) struct Receiving<R> {
    receiver: R,
    consumer: Consumer,
}

impl<R: Receiver> Life for Receiving<R> {
    const KIND: Kind = Kind::Receiver;
    const FEATURES: u64 = 0;

    type Config = R::Config;

    fn new(settings: &Settings, config: R::Config) -> Result<Self, Error> {
        let none = || Error::new("the host does not say where the receiver's telemetry goes");
        let (next, signal) = settings.next.zip(settings.signal).ok_or_else(none)?;
        let receiver = R::new(settings, config)?;
        let consumer = Consumer::new(next, signal);
        Ok(Self { receiver, consumer })
    }

    fn start(&self) -> Result<(), Error> {
        self.receiver.start(self.consumer)
    }

    fn shutdown(&self, deadline: Option<SystemTime>) -> Result<(), Error> {
        self.receiver.shutdown(deadline)
    }
}
