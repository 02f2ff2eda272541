//! The Collector's log, as a component sees it.
//!
//! In: messages and fields. Out: calls of the host. Invariant: logging never fails and never
//! panics; a disabled level costs a comparison.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::runtime::host::HostCalls;

/// Level of a log record; the Collector's logger knows these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i32)]
pub enum Level {
    /// For those who look for a fault.
    Debug = bimetal_abi::LOG_DEBUG,
    /// What happened.
    Info = bimetal_abi::LOG_INFO,
    /// Something that a person should look at.
    Warn = bimetal_abi::LOG_WARN,
    /// Something that failed.
    Error = bimetal_abi::LOG_ERROR,
}

/// Writes into the Collector's log, under the component's name.
///
/// ```
/// # fn example(logger: &bimetal_sdk::Logger) {
/// use bimetal_sdk::Level;
///
/// logger.info("rules loaded");
/// logger.at(Level::Warn).field("dropped", 3).field("reason", "too old").write("records dropped");
/// # }
/// ```
#[derive(Clone)]
pub struct Logger {
    host: HostCalls,
}

/// One record that is being put together; [`Entry::write`] ends it.
#[must_use = "an entry is written by `write`"]
pub struct Entry<'a> {
    logger: Option<&'a Logger>,
    level: Level,
    fields: Map<String, Value>,
}

impl Logger {
    pub(crate) fn new(host: HostCalls) -> Self {
        Self { host }
    }

    pub(crate) fn host(&self) -> HostCalls {
        self.host
    }

    /// Runs `work` with what it gives to `tracing` in this log. The SDK does so around every call
    /// of an instance; this is for threads that the component has started itself, which write
    /// nothing else.
    #[cfg(feature = "tracing")]
    pub fn in_scope<R>(&self, work: impl FnOnce() -> R) -> R {
        let _scope = crate::runtime::scope::Scope::enter(self.host);
        work()
    }

    /// Whether a record of this level would be written: a comparison, and no call.
    #[inline]
    pub fn enabled(&self, level: Level) -> bool {
        self.host.enabled(level as i32)
    }

    /// Begins a record with fields.
    pub fn at(&self, level: Level) -> Entry<'_> {
        Entry {
            logger: self.enabled(level).then_some(self),
            level,
            fields: Map::new(),
        }
    }

    /// Writes a debug record.
    pub fn debug(&self, message: &str) {
        self.plain(Level::Debug, message);
    }

    /// Writes an info record.
    pub fn info(&self, message: &str) {
        self.plain(Level::Info, message);
    }

    /// Writes a warning.
    pub fn warn(&self, message: &str) {
        self.plain(Level::Warn, message);
    }

    /// Writes an error record.
    pub fn error(&self, message: &str) {
        self.plain(Level::Error, message);
    }

    #[inline]
    fn plain(&self, level: Level, message: &str) {
        if self.enabled(level) {
            self.host.write(level as i32, message, "");
        }
    }
}

impl Entry<'_> {
    /// Adds a field. A value that is not JSON (a map with keys that are no text) is shown as the
    /// reason why.
    pub fn field(mut self, key: &str, value: impl Serialize) -> Self {
        if self.logger.is_some() {
            let value = serde_json::to_value(value)
                .unwrap_or_else(|error| Value::String(format!("not shown: {error}")));
            self.fields.insert(key.to_owned(), value);
        }
        self
    }

    /// Hands the record to the Collector.
    pub fn write(self, message: &str) {
        let Some(logger) = self.logger else { return };
        let fields = if self.fields.is_empty() {
            String::new()
        } else {
            Value::Object(self.fields).to_string()
        };
        logger.host.write(self.level as i32, message, &fields);
    }
}

impl fmt::Debug for Logger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logger").finish_non_exhaustive()
    }
}

impl fmt::Debug for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("level", &self.level)
            .field("fields", &self.fields)
            .finish()
    }
}
