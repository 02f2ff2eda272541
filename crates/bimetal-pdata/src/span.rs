//! Traces.
//!
//! In: an `ExportTraceServiceRequest`. Out: [`Span`]s. Invariant: events and links of a span do not
//! change.

use crate::table::table;
use crate::telemetry::{ResourceItems, ScopeItems, Telemetry, signal};

/// Where a span has its status, which is set by parts.
const STATUS_FIELD: u32 = 15;

/// A batch of spans.
pub type Traces<'a> = Telemetry<'a, OfTraces>;
/// One resource and the spans that it sent.
pub type ResourceSpans<'r> = ResourceItems<'r, OfTraces>;
/// One scope and its spans.
pub type ScopeSpans<'r> = ScopeItems<'r, OfTraces>;

signal! {
    /// Traces, as a parameter of [`Telemetry`].
    OfTraces, SIGNAL_TRACES, Span, SpanMut,
    TRACES = "ExportTraceServiceRequest", RESOURCE_SPANS = "ResourceSpans" resource_spans,
    SCOPE_SPANS = "ScopeSpans" scope_spans, SPAN spans
}

table! {
    /// One span.
    SPAN = "Span" (Span, SpanMut) {
        /// The trace that it belongs to.
        1 trace_id, set_trace_id: trace_id;
        /// The span itself.
        2 span_id, set_span_id: span_id;
        /// W3C trace state.
        3 trace_state, set_trace_state: text;
        /// The span that caused it; all zero for the first one of a trace.
        4 parent_span_id, set_parent_span_id: span_id;
        /// What was done.
        5 name, set_name: text;
        /// OTLP's number of the span's kind; 0 when it is not set.
        6 kind, set_kind: int32;
        /// When it began, in nanoseconds since 1970.
        7 start_time_unix_nano, set_start_time_unix_nano: fixed64;
        /// When it ended, in nanoseconds since 1970.
        8 end_time_unix_nano, set_end_time_unix_nano: fixed64;
        /// The attributes.
        9 attributes: attributes;
        /// How many attributes the source left out.
        10 dropped_attributes_count, set_dropped_attributes_count: uint32;
        /// What happened meanwhile.
        11 events: list SpanEvent of EVENT;
        /// How many events the source left out.
        12 dropped_events_count, set_dropped_events_count: uint32;
        /// The spans that it has to do with.
        13 links: list SpanLink of LINK;
        /// How many links the source left out.
        14 dropped_links_count, set_dropped_links_count: uint32;
        /// How it ended.
        15 status: one SpanStatus of STATUS;
        /// The flags; the lower eight bits are W3C trace flags.
        16 flags, set_flags: fixed32;
    }

    /// Something that happened during a span.
    EVENT = "Event" (SpanEvent) {
        /// When it happened, in nanoseconds since 1970.
        1 time_unix_nano: fixed64;
        /// What happened.
        2 name: text;
        /// The attributes.
        3 attributes: attributes;
        /// How many attributes the source left out.
        4 dropped_attributes_count: uint32;
    }

    /// Another span that a span has to do with.
    LINK = "Link" (SpanLink) {
        /// The trace of the other span.
        1 trace_id: trace_id;
        /// The other span.
        2 span_id: span_id;
        /// W3C trace state of the other span.
        3 trace_state: text;
        /// The attributes.
        4 attributes: attributes;
        /// How many attributes the source left out.
        5 dropped_attributes_count: uint32;
        /// The flags; the lower eight bits are W3C trace flags.
        6 flags: fixed32;
    }

    /// How a span ended.
    STATUS = "Status" (SpanStatus) {
        /// What the status says.
        2 message: text;
        /// OTLP's number of the status: 0 not set, 1 good, 2 error.
        3 code: int32;
    }
}

impl SpanMut<'_> {
    /// OTLP's number of the status: 0 not set, 1 good, 2 error.
    ///
    /// Sets it, and says whether that changed anything. What the status says stays.
    pub fn set_status_code(&mut self, code: i32) -> bool {
        self.status().code() != code && self.0.set(STATUS_FIELD, code)
    }

    /// What the status says.
    ///
    /// Sets it, and says whether that changed anything. The code stays.
    pub fn set_status_message(&mut self, message: &str) -> bool {
        self.status().message() != message && self.0.set(STATUS_FIELD, message)
    }
}
