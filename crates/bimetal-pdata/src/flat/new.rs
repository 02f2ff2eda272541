//! Telemetry that a component makes.
//!
//! In: resources, scopes and records, as an author gives them. Out: [`NewTelemetry`], which is a
//! table. Invariant: whatever an author does, it is a table that the host can build.

use std::marker::PhantomData;

use super::encode::TableError;
use super::values::written;
use crate::log::OfLogs;
use crate::rows::{List, Table, Writer};
use crate::schema::number::{HEADER, ITEMS, RESOURCES};
use crate::telemetry::{Signal, Telemetry};
use crate::value::Value;

/// Telemetry that did not come from the Collector.
///
/// ```
/// use bimetal_pdata::{Logs, NewLog, NewLogs, Value};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut logs = NewLogs::new();
/// logs.resource(&[("service.name", Value::from("checkout"))], |resource| {
///     resource.scope("poller", "1.0", |scope| {
///         scope.record(&NewLog {
///             body: Value::from("started"),
///             attributes: &[("attempt", Value::from(1))],
///             ..NewLog::default()
///         });
///     });
/// });
/// let encoded = logs.encode()?;
/// let logs = Logs::parse(&encoded)?;
/// let record = logs.records().next().expect("one was made");
/// assert_eq!(record.body().as_str(), Some("started"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct NewTelemetry<S> {
    writer: Writer,
    resources: List,
    signal: PhantomData<S>,
}

/// Log records that did not come from the Collector.
pub type NewLogs = NewTelemetry<OfLogs>;

/// A resource that is being made.
#[derive(Debug)]
pub struct NewResource<'w, S> {
    writer: &'w mut Writer,
    scopes: List,
    signal: PhantomData<S>,
}

/// A scope that is being made.
#[derive(Debug)]
pub struct NewScope<'w, S> {
    writer: &'w mut Writer,
    records: List,
    signal: PhantomData<S>,
}

/// Keys and values.
type Pairs<'v> = &'v [(&'v str, Value<'v>)];

/// A log record to be made. What is left at its default is not set.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewLog<'v> {
    /// When it happened, in nanoseconds since 1970.
    pub time_unix_nano: u64,
    /// When it was seen, in nanoseconds since 1970.
    pub observed_time_unix_nano: u64,
    /// Severity as a number.
    pub severity_number: i32,
    /// Severity as the source named it.
    pub severity_text: &'v str,
    /// What was logged.
    pub body: Value<'v>,
    /// The attributes.
    pub attributes: &'v [(&'v str, Value<'v>)],
    /// How many attributes the source left out.
    pub dropped_attributes_count: u32,
    /// The flags; the lower eight bits are W3C trace flags.
    pub flags: u32,
    /// The trace that it belongs to.
    pub trace_id: [u8; 16],
    /// The span that it belongs to.
    pub span_id: [u8; 8],
    /// The kind of event, if the record is an event.
    pub event_name: &'v str,
}

impl<S: Signal> Default for NewTelemetry<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Signal> NewTelemetry<S> {
    /// Nothing yet.
    pub fn new() -> Self {
        let mut writer = Writer::default();
        let resources = writer.list(RESOURCES);
        Self {
            writer,
            resources,
            signal: PhantomData,
        }
    }

    /// Adds a resource with these attributes, and what `scopes` gives it.
    pub fn resource(
        &mut self,
        attributes: &[(&str, Value<'_>)],
        scopes: impl FnOnce(&mut NewResource<'_, S>),
    ) {
        let writer = &mut self.writer;
        writer.item(&mut self.resources);
        writer.message(HEADER);
        writer.pairs(1, attributes);
        writer.end();
        let mut resource = NewResource {
            scopes: writer.list(ITEMS),
            writer,
            signal: PhantomData,
        };
        scopes(&mut resource);
        let scopes = resource.scopes;
        self.writer.close(scopes);
        self.writer.end();
    }

    /// Whether there is no resource yet.
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty()
    }

    /// All of it, as the C ABI has it.
    pub fn into_table(mut self) -> Table {
        self.writer.close(self.resources);
        self.writer.into_table()
    }

    /// All of it as an `Export…ServiceRequest`.
    /// An error if that is more than a table holds.
    pub fn encode(self) -> Result<Vec<u8>, TableError> {
        self.into_table().encode::<S>()
    }
}

impl<S: Signal> Telemetry<'_, S> {
    /// Puts new telemetry in the place of all of this. What is edited is then of no effect.
    pub fn replace_with(&mut self, new: NewTelemetry<S>) {
        self.set_replaced(new.into_table());
    }
}

impl<S: Signal> NewResource<'_, S> {
    /// Adds a scope of this name and version, and what `records` gives it.
    pub fn scope(&mut self, name: &str, version: &str, records: impl FnOnce(&mut NewScope<'_, S>)) {
        let writer = &mut *self.writer;
        writer.item(&mut self.scopes);
        writer.message(HEADER);
        writer.text_field(1, name);
        writer.text_field(2, version);
        writer.end();
        let mut scope = NewScope {
            records: writer.list(ITEMS),
            writer,
            signal: PhantomData,
        };
        records(&mut scope);
        let records = scope.records;
        self.writer.close(records);
        self.writer.end();
    }
}

impl<S> NewScope<'_, S> {
    /// Adds a record with what `fields` writes.
    pub(super) fn record_of(&mut self, fields: impl FnOnce(&mut Writer)) {
        self.writer.item(&mut self.records);
        fields(self.writer);
        self.writer.end();
    }
}

impl NewScope<'_, OfLogs> {
    /// Adds a record.
    pub fn record(&mut self, record: &NewLog<'_>) {
        self.record_of(|out| {
            out.number_field(1, record.time_unix_nano);
            out.number_field(2, record.severity_number.cast_unsigned().into());
            out.text_field(3, record.severity_text);
            written(record.body, |value| out.value(5, value));
            out.pairs(6, record.attributes);
            out.number_field(7, record.dropped_attributes_count.into());
            out.number_field(8, record.flags.into());
            out.id_field(9, &record.trace_id);
            out.id_field(10, &record.span_id);
            out.number_field(11, record.observed_time_unix_nano);
            out.text_field(12, record.event_name);
        });
    }
}

/// Fields that are left out where they say nothing.
impl Writer {
    pub(super) fn number_field(&mut self, number: u32, bits: u64) {
        if bits != 0 {
            self.number(number, bits);
        }
    }

    pub(super) fn text_field(&mut self, number: u32, text: &str) {
        if !text.is_empty() {
            self.bytes(number, text.as_bytes());
        }
    }

    pub(super) fn id_field(&mut self, number: u32, id: &[u8]) {
        if id.iter().any(|byte| *byte != 0) {
            self.bytes(number, id);
        }
    }

    pub(super) fn items_field<T>(
        &mut self,
        number: u32,
        items: &[T],
        fields: impl Fn(&mut Self, &T),
    ) {
        if items.is_empty() {
            return;
        }
        let mut list = self.list(number);
        for item in items {
            self.item(&mut list);
            fields(self, item);
            self.end();
        }
        self.close(list);
    }

    pub(super) fn pairs(&mut self, number: u32, pairs: Pairs<'_>) {
        if pairs.is_empty() {
            return;
        }
        let mut list = self.attributes(number);
        for (key, value) in pairs {
            written(*value, |value| {
                self.attribute(&mut list, key.as_bytes(), value);
            });
        }
        self.close(list);
    }
}
