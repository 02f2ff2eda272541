//! What components under test have logged, reported, measured and sent.
//!
//! In: calls of the host's table. Out: the records of one host. Invariant: hosts do not see each
//! other's records.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bimetal_abi::{LOG_ERROR, STATUS_INVALID, Signal, Status};
use serde_json::Value;

use super::metrics::{Declared, Measured};

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
    statuses: Vec<(Status, String)>,
    instruments: Vec<Arc<Declared>>,
    /// What histograms recorded, by the numbers of histogram and set.
    recorded: BTreeMap<(usize, usize), Vec<u64>>,
    sent: Vec<Sent>,
    refusal: Option<Refusal>,
}

/// What a receiver gave to its pipelines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Its signal.
    pub signal: Signal,
    /// An `Export…ServiceRequest`.
    pub otlp: Vec<u8>,
}

/// What a receiver's pipelines answer instead of taking anything.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) flags: u64,
    pub(super) message: String,
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
                statuses: Vec::new(),
                instruments: Vec::new(),
                recorded: BTreeMap::new(),
                sent: Vec::new(),
                refusal: None,
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

    pub(super) fn level(&self) -> i32 {
        sinks().get(&self.0).map_or(i32::MAX, |sink| sink.level)
    }

    pub(super) fn sent(&self) -> Vec<Sent> {
        let sinks = sinks();
        sinks
            .get(&self.0)
            .map(|sink| sink.sent.clone())
            .unwrap_or_default()
    }

    pub(super) fn refuse(&self, refusal: Option<Refusal>) {
        if let Some(sink) = sinks().get_mut(&self.0) {
            sink.refusal = refusal;
        }
    }

    pub(super) fn records(&self) -> Vec<LogRecord> {
        sinks()
            .get(&self.0)
            .map(|sink| sink.records.clone())
            .unwrap_or_default()
    }

    pub(super) fn statuses(&self) -> Vec<(Status, String)> {
        sinks()
            .get(&self.0)
            .map(|sink| sink.statuses.clone())
            .unwrap_or_default()
    }

    /// Reads every instrument. The lock is not held meanwhile: a component may log when it is asked
    /// for a value.
    pub(super) fn measured(&self) -> Vec<Measured> {
        let declared = sinks()
            .get(&self.0)
            .map(|sink| sink.instruments.clone())
            .unwrap_or_default();
        let mut all = Vec::new();
        for (number, instrument) in declared.iter().enumerate() {
            all.extend(instrument.read(|set| {
                let sinks = sinks();
                let recorded = sinks.get(&self.0).map(|sink| &sink.recorded);
                let values = recorded.and_then(|recorded| recorded.get(&(number, set)));
                values.cloned().unwrap_or_default()
            }));
        }
        all
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let sink = sinks().remove(&self.0);
        // What an instrument holds of the component may log when it goes.
        drop(sink);
    }
}

pub(super) fn enabled(component: u64, level: i32) -> bool {
    sinks()
        .get(&component)
        .is_some_and(|sink| level >= sink.level)
}

/// Takes what a receiver gives, or says why not.
pub(super) fn send(component: u64, sent: Sent) -> Result<(), Refusal> {
    let mut sinks = sinks();
    let gone = || Refusal {
        flags: bimetal_abi::ERROR_PERMANENT,
        message: "the host is gone".to_owned(),
    };
    let sink = sinks.get_mut(&component).ok_or_else(gone)?;
    if let Some(refusal) = &sink.refusal {
        return Err(refusal.clone());
    }
    sink.sent.push(sent);
    Ok(())
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

pub(super) fn report(component: u64, status: i32, message: &[u8]) {
    let Some(known) = Status::from_number(status) else {
        let text = format!("the component reported status {status}, which does not exist");
        return write(component, LOG_ERROR, text.as_bytes(), &[]);
    };
    let message = String::from_utf8_lossy(message).into_owned();
    if let Some(sink) = sinks().get_mut(&component) {
        sink.statuses.push((known, message));
    }
}

/// The number of the instrument, or a status.
pub(super) fn declare(component: u64, instrument: Declared) -> i32 {
    let mut sinks = sinks();
    let Some(sink) = sinks.get_mut(&component) else {
        return STATUS_INVALID;
    };
    sink.instruments.push(Arc::new(instrument));
    i32::try_from(sink.instruments.len() - 1).unwrap_or(STATUS_INVALID)
}

pub(super) fn record(component: u64, instrument: u32, set: u32, mut values: Vec<u64>) {
    let place = (instrument as usize, set as usize);
    if let Some(sink) = sinks().get_mut(&component) {
        sink.recorded.entry(place).or_default().append(&mut values);
    }
}

fn sinks() -> MutexGuard<'static, BTreeMap<u64, Sink>> {
    SINKS.lock().unwrap_or_else(PoisonError::into_inner)
}
