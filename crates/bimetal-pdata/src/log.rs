//! Logs.
//!
//! In: the bytes of an `ExportLogsServiceRequest`. Out: [`LogRecord`]s. Invariant: only attributes
//! can change.

use bimetal_abi::SIGNAL_LOGS;

use crate::attributes::{Attributes, AttributesMut};
use crate::children::Node;
use crate::encode::Sink;
use crate::message::{Record, fixed32, fixed64, id, int32, text, value};
use crate::schema::{self, Schema};
use crate::telemetry::{Leaf, ResourceItems, ScopeItems, Telemetry};
use crate::text::Text;
use crate::value::Value;

const ATTRIBUTES: u32 = 6;

/// A batch of log records.
pub type Logs<'a> = Telemetry<'a, LogRecord<'a>>;
/// One resource and the log records that it sent.
pub type ResourceLogs<'a> = ResourceItems<'a, LogRecord<'a>>;
/// One scope and its log records.
pub type ScopeLogs<'a> = ScopeItems<'a, LogRecord<'a>>;

/// One log record.
#[derive(Debug)]
pub struct LogRecord<'a> {
    record: Record<'a>,
}

impl<'a> LogRecord<'a> {
    /// The attributes.
    pub fn attributes(&self) -> Attributes<'_> {
        self.record.attributes(ATTRIBUTES)
    }

    /// The attributes, to edit.
    pub fn attributes_mut(&mut self) -> AttributesMut<'_, 'a> {
        self.record.attributes_mut(ATTRIBUTES)
    }

    /// What was logged.
    pub fn body(&self) -> Value<'a> {
        value(self.record.parts(), 5)
    }

    /// Severity as a number; 0 when it is not set.
    pub fn severity_number(&self) -> i32 {
        int32(self.record.parts(), 2)
    }

    /// Severity as the source named it.
    pub fn severity_text(&self) -> Text<'a> {
        text(self.record.parts(), 3)
    }

    /// When it happened, in nanoseconds since 1970; 0 when it is not known.
    pub fn time_unix_nano(&self) -> u64 {
        fixed64(self.record.parts(), 1).unwrap_or_default()
    }

    /// When it was seen, in nanoseconds since 1970.
    pub fn observed_time_unix_nano(&self) -> u64 {
        fixed64(self.record.parts(), 11).unwrap_or_default()
    }

    /// The trace that it belongs to; all zero when there is none.
    pub fn trace_id(&self) -> [u8; 16] {
        id(self.record.parts(), 9)
    }

    /// The span that it belongs to; all zero when there is none.
    pub fn span_id(&self) -> [u8; 8] {
        id(self.record.parts(), 10)
    }

    /// The flags; the lower eight bits are W3C trace flags.
    pub fn flags(&self) -> u32 {
        fixed32(self.record.parts(), 8).unwrap_or_default()
    }

    /// The kind of event, if the record is an event.
    pub fn event_name(&self) -> Text<'a> {
        text(self.record.parts(), 12)
    }
}

impl<'a> Leaf<'a> for LogRecord<'a> {
    const SIGNAL: u32 = SIGNAL_LOGS;
    const SCHEMA: &'static Schema = &schema::LOGS;

    fn read(raw: &'a [u8]) -> Self {
        Self {
            record: Record::new(raw),
        }
    }
}

impl<'a> Node<'a> for LogRecord<'a> {
    fn raw(&self) -> &'a [u8] {
        self.record.raw
    }

    fn changed(&self) -> bool {
        self.record.changed()
    }

    fn encode_changed(&self, out: &mut impl Sink) {
        self.record.encode(ATTRIBUTES, out);
    }
}
