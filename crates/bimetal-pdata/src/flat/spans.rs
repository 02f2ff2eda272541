//! Spans that a component makes.
//!
//! In: spans, as an author gives them. Out: rows. Invariant: as for all new telemetry.

use super::new::{NewScope, NewTelemetry};
use crate::rows::Writer;
use crate::span::OfTraces;
use crate::value::Value;

/// Spans that did not come from the Collector.
pub type NewTraces = NewTelemetry<OfTraces>;

/// A span to be made. What is left at its default is not set.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewSpan<'v> {
    /// The trace that it belongs to.
    pub trace_id: [u8; 16],
    /// Its identifier.
    pub span_id: [u8; 8],
    /// W3C trace state.
    pub trace_state: &'v str,
    /// The span above it.
    pub parent_span_id: [u8; 8],
    /// The flags; the lower eight bits are W3C trace flags.
    pub flags: u32,
    /// The name.
    pub name: &'v str,
    /// OTLP's number of the kind.
    pub kind: i32,
    /// When it began, in nanoseconds since 1970.
    pub start_time_unix_nano: u64,
    /// When it ended, in nanoseconds since 1970.
    pub end_time_unix_nano: u64,
    /// The attributes.
    pub attributes: &'v [(&'v str, Value<'v>)],
    /// How many attributes the source left out.
    pub dropped_attributes_count: u32,
    /// What happened meanwhile.
    pub events: &'v [NewEvent<'v>],
    /// How many events the source left out.
    pub dropped_events_count: u32,
    /// Other spans that it has to do with.
    pub links: &'v [NewLink<'v>],
    /// How many links the source left out.
    pub dropped_links_count: u32,
    /// OTLP's number of the status.
    pub status_code: i32,
    /// The status, for people.
    pub status_message: &'v str,
}

/// An event of a span to be made.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewEvent<'v> {
    /// When it happened, in nanoseconds since 1970.
    pub time_unix_nano: u64,
    /// The name.
    pub name: &'v str,
    /// The attributes.
    pub attributes: &'v [(&'v str, Value<'v>)],
    /// How many attributes the source left out.
    pub dropped_attributes_count: u32,
}

/// A link of a span to be made.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewLink<'v> {
    /// The other span's trace.
    pub trace_id: [u8; 16],
    /// The other span.
    pub span_id: [u8; 8],
    /// The other span's W3C trace state.
    pub trace_state: &'v str,
    /// The attributes.
    pub attributes: &'v [(&'v str, Value<'v>)],
    /// How many attributes the source left out.
    pub dropped_attributes_count: u32,
    /// The flags; the lower eight bits are W3C trace flags.
    pub flags: u32,
}

impl NewScope<'_, OfTraces> {
    /// Adds a span.
    pub fn span(&mut self, span: &NewSpan<'_>) {
        self.record_of(|out| {
            out.id_field(1, &span.trace_id);
            out.id_field(2, &span.span_id);
            out.text_field(3, span.trace_state);
            out.id_field(4, &span.parent_span_id);
            out.text_field(5, span.name);
            out.number_field(6, span.kind.cast_unsigned().into());
            out.number_field(7, span.start_time_unix_nano);
            out.number_field(8, span.end_time_unix_nano);
            out.pairs(9, span.attributes);
            out.number_field(10, span.dropped_attributes_count.into());
            out.items_field(11, span.events, event);
            out.number_field(12, span.dropped_events_count.into());
            out.items_field(13, span.links, link);
            out.number_field(14, span.dropped_links_count.into());
            out.message(15);
            out.text_field(2, span.status_message);
            out.number_field(3, span.status_code.cast_unsigned().into());
            out.end();
            out.number_field(16, span.flags.into());
        });
    }
}

fn event(out: &mut Writer, event: &NewEvent<'_>) {
    out.number_field(1, event.time_unix_nano);
    out.text_field(2, event.name);
    out.pairs(3, event.attributes);
    out.number_field(4, event.dropped_attributes_count.into());
}

fn link(out: &mut Writer, link: &NewLink<'_>) {
    out.id_field(1, &link.trace_id);
    out.id_field(2, &link.span_id);
    out.text_field(3, link.trace_state);
    out.pairs(4, link.attributes);
    out.number_field(5, link.dropped_attributes_count.into());
    out.number_field(6, link.flags.into());
}
