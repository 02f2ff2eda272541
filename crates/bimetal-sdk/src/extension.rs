//! Extensions: what an author writes, and how the table drives it.
//!
//! In: an implementation of [`Extension`]. Out: a component as `runtime` knows it. Invariant: an
//! extension hears of what it was declared to watch, and of nothing else.

use std::time::SystemTime;

use bimetal_abi::Kind;
use serde_json::Value;

use crate::config::Section;
use crate::error::Error;
use crate::runtime::event::{Event, StatusEvent};
use crate::runtime::table::{Life, Watch};
use crate::settings::Settings;

/// An extension, as an author writes it: it stands beside the pipelines, and is started before them
/// and shut down after them.
///
/// Lifecycle: `new`, `start`, `shutdown`, drop; what it watches comes in between, from many threads
/// at once. `new` has no side effects (no thread, no socket, no file): the Collector also makes
/// instances only to validate a configuration. An instance may be dropped without having been
/// started. After a panic it is never called again.
///
/// What happens around it reaches an extension that is declared to watch that:
/// [`Component::watches_pipelines`](crate::Component::watches_pipelines),
/// [`Component::watches_status`](crate::Component::watches_status),
/// [`Component::watches_config`](crate::Component::watches_config).
///
/// ```
/// use bimetal_sdk::{Component, Error, Extension, Settings, Stability};
///
/// struct Beacon {
///     settings: Settings,
/// }
///
/// impl Extension for Beacon {
///     type Config = bimetal_sdk::config::Empty;
///
///     fn new(settings: &Settings, _: Self::Config) -> Result<Self, Error> {
///         Ok(Self { settings: settings.clone() })
///     }
///
///     fn ready(&self) -> Result<(), Error> {
///         self.settings.logger.info("telemetry may come");
///         Ok(())
///     }
/// }
///
/// fn component() -> &'static Component {
///     static COMPONENT: Component =
///         Component::extension::<Beacon>("beacon", Stability::Alpha).watches_pipelines();
///     &COMPONENT
/// }
/// # let host = bimetal_sdk::testing::TestHost::new(component());
/// # let extension = host.extension(&serde_json::json!({}))?;
/// # extension.start()?;
/// # extension.ready()?;
/// # assert_eq!(host.logs()[0].message, "telemetry may come");
/// # Ok::<(), bimetal_sdk::testing::Failure>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no extension: it does not implement `bimetal_sdk::Extension`",
    label = "not an extension",
    note = "write `impl bimetal_sdk::Extension for {Self}`"
)]
pub trait Extension: Send + Sync + Sized + 'static {
    /// The section of the Collector's configuration. `Default` holds the defaults.
    type Config: Section;

    /// Makes an instance from a validated configuration.
    fn new(settings: &Settings, config: Self::Config) -> Result<Self, Error>;

    /// Acquires what the instance needs. Called at most once, before any pipeline starts.
    fn start(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Every pipeline runs. An error keeps the Collector from starting.
    fn ready(&self) -> Result<(), Error> {
        Ok(())
    }

    /// The receivers are about to be stopped.
    fn not_ready(&self) -> Result<(), Error> {
        Ok(())
    }

    /// A component has another status. It comes from any thread, and must not wait: the component
    /// that it is about does.
    fn status_changed(&self, event: &StatusEvent) {
        let _ = event;
    }

    /// The configuration that the Collector runs with, with its secrets. An error keeps the
    /// Collector from starting.
    fn config_changed(&self, config: &Value) -> Result<(), Error> {
        let _ = config;
        Ok(())
    }

    /// Releases what `start` acquired. Called at most once, only after `start` succeeded, and when
    /// every other call has returned.
    fn shutdown(&self, deadline: Option<SystemTime>) -> Result<(), Error> {
        let _ = deadline;
        Ok(())
    }
}

/// An extension, as its table drives it.
#[derive(Debug)]
pub(crate) struct Extending<E>(E);

impl<E: Extension> Life for Extending<E> {
    const KIND: Kind = Kind::Extension;
    const FEATURES: u64 = 0;

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
}

impl<E: Extension> Watch for Extending<E> {
    fn notify(&self, event: Event) -> Result<(), Error> {
        match event {
            Event::Ready => self.0.ready(),
            Event::NotReady => self.0.not_ready(),
            Event::Status(event) => {
                self.0.status_changed(&event);
                Ok(())
            }
            Event::Config(config) => self.0.config_changed(&config),
        }
    }
}
