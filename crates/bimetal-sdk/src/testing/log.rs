//! What components under test have logged.
//!
//! In: records from the host's table. Out: the records of one host. Invariant: hosts do not see
//! each other's records.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

/// One record that a component logged.
#[derive(Clone, Debug, PartialEq)]
pub struct LogRecord {
    /// `LOG_…` of the C ABI; zap's numbers.
    pub level: i32,
    /// The text.
    pub message: String,
    /// The fields; null when there are none.
    pub fields: Value,
}

/// Names one host in the calls of its components; its records go when it is dropped.
#[derive(Debug)]
pub(super) struct Handle(u64);

#[derive(Debug)]
struct Sink {
    level: i32,
    records: Vec<LogRecord>,
}

static SINKS: Mutex<BTreeMap<u64, Sink>> = Mutex::new(BTreeMap::new());

impl Handle {
    pub(super) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let handle = Self(NEXT.fetch_add(1, Ordering::Relaxed));
        sinks().insert(
            handle.0,
            Sink {
                level: i32::MIN,
                records: Vec::new(),
            },
        );
        handle
    }

    pub(super) fn component(&self) -> u64 {
        self.0
    }

    pub(super) fn set_level(&self, level: i32) {
        if let Some(sink) = sinks().get_mut(&self.0) {
            sink.level = level;
        }
    }

    pub(super) fn records(&self) -> Vec<LogRecord> {
        sinks()
            .get(&self.0)
            .map(|sink| sink.records.clone())
            .unwrap_or_default()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        sinks().remove(&self.0);
    }
}

pub(super) fn enabled(component: u64, level: i32) -> bool {
    sinks()
        .get(&component)
        .is_some_and(|sink| level >= sink.level)
}

pub(super) fn write(component: u64, level: i32, message: &[u8], fields: &[u8]) {
    let fields = if fields.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(fields)
            .unwrap_or_else(|error| Value::String(format!("not JSON: {error}")))
    };
    let record = LogRecord {
        level,
        message: String::from_utf8_lossy(message).into_owned(),
        fields,
    };
    if let Some(sink) = sinks().get_mut(&component) {
        sink.records.push(record);
    }
}

fn sinks() -> MutexGuard<'static, BTreeMap<u64, Sink>> {
    SINKS.lock().unwrap_or_else(PoisonError::into_inner)
}
