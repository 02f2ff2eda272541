//! Traces.
//!
//! In: the bytes of an `ExportTraceServiceRequest`. Out: [`Span`]s. Invariant: only attributes can
//! change.

use bimetal_abi::SIGNAL_TRACES;

use crate::attributes::{Attributes, AttributesMut};
use crate::children::Node;
use crate::encode::Sink;
use crate::message::{Record, fixed32, fixed64, id, int32, messages, text};
use crate::schema::{self, Schema};
use crate::telemetry::{Leaf, ResourceItems, ScopeItems, Telemetry};
use crate::text::Text;

const ATTRIBUTES: u32 = 9;
const STATUS: u32 = 15;

/// A batch of spans.
pub type Traces<'a> = Telemetry<'a, Span<'a>>;
/// One resource and the spans that it sent.
pub type ResourceSpans<'a> = ResourceItems<'a, Span<'a>>;
/// One scope and its spans.
pub type ScopeSpans<'a> = ScopeItems<'a, Span<'a>>;

/// One span.
#[derive(Debug)]
pub struct Span<'a> {
    record: Record<'a>,
}

impl<'a> Span<'a> {
    /// The attributes.
    pub fn attributes(&self) -> Attributes<'_> {
        self.record.attributes(ATTRIBUTES)
    }

    /// The attributes, to edit.
    pub fn attributes_mut(&mut self) -> AttributesMut<'_, 'a> {
        self.record.attributes_mut(ATTRIBUTES)
    }

    /// What was done.
    pub fn name(&self) -> Text<'a> {
        text(self.record.parts(), 5)
    }

    /// OTLP's number of the span's kind; 0 when it is not set.
    pub fn kind(&self) -> i32 {
        int32(self.record.parts(), 6)
    }

    /// OTLP's number of the status: 0 not set, 1 good, 2 error.
    pub fn status_code(&self) -> i32 {
        let status: Vec<_> = messages(self.record.parts(), STATUS).collect();
        int32(&status, 3)
    }

    /// What the status says.
    pub fn status_message(&self) -> Text<'a> {
        let status: Vec<_> = messages(self.record.parts(), STATUS).collect();
        text(&status, 2)
    }

    /// The trace that it belongs to.
    pub fn trace_id(&self) -> [u8; 16] {
        id(self.record.parts(), 1)
    }

    /// The span itself.
    pub fn span_id(&self) -> [u8; 8] {
        id(self.record.parts(), 2)
    }

    /// The span that caused it; all zero for the first one of a trace.
    pub fn parent_span_id(&self) -> [u8; 8] {
        id(self.record.parts(), 4)
    }

    /// W3C trace state.
    pub fn trace_state(&self) -> Text<'a> {
        text(self.record.parts(), 3)
    }

    /// When it began, in nanoseconds since 1970.
    pub fn start_time_unix_nano(&self) -> u64 {
        fixed64(self.record.parts(), 7).unwrap_or_default()
    }

    /// When it ended, in nanoseconds since 1970.
    pub fn end_time_unix_nano(&self) -> u64 {
        fixed64(self.record.parts(), 8).unwrap_or_default()
    }

    /// The flags; the lower eight bits are W3C trace flags.
    pub fn flags(&self) -> u32 {
        fixed32(self.record.parts(), 16).unwrap_or_default()
    }
}

impl<'a> Leaf<'a> for Span<'a> {
    const SIGNAL: u32 = SIGNAL_TRACES;
    const SCHEMA: &'static Schema = &schema::TRACES;

    fn read(raw: &'a [u8]) -> Self {
        Self {
            record: Record::new(raw),
        }
    }
}

impl<'a> Node<'a> for Span<'a> {
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
