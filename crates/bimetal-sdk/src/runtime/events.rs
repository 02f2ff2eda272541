//! What is given to `tracing`, in the Collector's log.
//!
//! In: events of a thread that works for an instance. Out: records of that instance's logger.
//! Invariant: what is not written costs comparisons; a thread that works for no instance writes
//! nothing, so that nothing appears under a wrong name.

use std::error::Error;
use std::fmt;
use std::sync::Once;
use std::sync::atomic::{AtomicI32, Ordering};

use bimetal_abi::{LOG_DEBUG, LOG_ERROR, LOG_INFO, LOG_WARN};
use serde_json::{Map, Value};
use tracing_core::field::{Field, Visit};
use tracing_core::span::{Attributes, Id, Record};
use tracing_core::subscriber::Interest;
use tracing_core::{
    Dispatch, Event, Level, LevelFilter, Metadata, Subscriber, callsite, dispatcher,
};

use super::host::HostCalls;
use super::scope::current;

/// The least level of all instances: what is below it stops at the comparison of a number.
static LEAST: AtomicI32 = AtomicI32::new(LOG_ERROR + 1);

#[derive(Debug)]
struct Forward;

/// What an event says.
#[derive(Debug, Default)]
struct Said {
    message: String,
    fields: Map<String, Value>,
}

/// Lets events of an instance through. Every plugin has a copy of this crate, and of
/// `tracing-core`, of its own; what is linked into one main shares them, and the thread says whose
/// an event is.
pub(crate) fn forward(host: HostCalls) {
    static SET: Once = Once::new();
    SET.call_once(|| {
        if dispatcher::set_global_default(Dispatch::new(Forward)).is_err() {
            let text = "another subscriber of `tracing` is set, so that its events do not reach \
                        the Collector's log";
            host.write(LOG_WARN, text, "");
        }
    });
    if LEAST.fetch_min(host.log_level(), Ordering::Relaxed) > host.log_level() {
        callsite::rebuild_interest_cache();
    }
}

/// The Collector's levels end at debug; what is finer is left out.
fn level_of(level: Level) -> Option<i32> {
    match level {
        Level::ERROR => Some(LOG_ERROR),
        Level::WARN => Some(LOG_WARN),
        Level::INFO => Some(LOG_INFO),
        Level::DEBUG => Some(LOG_DEBUG),
        _ => None,
    }
}

impl Subscriber for Forward {
    fn register_callsite(&self, of: &'static Metadata<'static>) -> Interest {
        if of.is_event() && level_of(*of.level()).is_some() {
            // Instances have levels of their own.
            Interest::sometimes()
        } else {
            Interest::never()
        }
    }

    fn enabled(&self, of: &Metadata<'_>) -> bool {
        let level = level_of(*of.level()).filter(|_| of.is_event());
        level.is_some_and(|level| current().is_some_and(|host| host.enabled(level)))
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(match LEAST.load(Ordering::Relaxed) {
            ..=LOG_DEBUG => LevelFilter::DEBUG,
            LOG_INFO => LevelFilter::INFO,
            LOG_WARN => LevelFilter::WARN,
            LOG_ERROR => LevelFilter::ERROR,
            _ => LevelFilter::OFF,
        })
    }

    fn event(&self, event: &Event<'_>) {
        let (Some(host), Some(level)) = (current(), level_of(*event.metadata().level())) else {
            return;
        };
        let mut said = Said::default();
        event.record(&mut said);
        said.fields
            .insert("target".to_owned(), event.metadata().target().into());
        host.write(
            level,
            &said.message,
            &Value::Object(said.fields).to_string(),
        );
    }

    // Spans are not the log's.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl Said {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        self.fields.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        if field.name() == "message" {
            self.message = text;
        } else {
            self.put(field, text);
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
        } else {
            self.put(field, value);
        }
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let mut text = value.to_string();
        let mut source = value.source();
        while let Some(cause) = source {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        self.put(field, text);
    }
}
