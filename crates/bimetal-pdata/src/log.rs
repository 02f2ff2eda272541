//! Logs.
//!
//! In: an `ExportLogsServiceRequest`. Out: [`LogRecord`]s. Invariant: a field is named and numbered
//! in its row only.

use crate::table::table;
use crate::telemetry::{ResourceItems, ScopeItems, Telemetry, signal};

/// A batch of log records.
pub type Logs<'a> = Telemetry<'a, OfLogs>;
/// One resource and the log records that it sent.
pub type ResourceLogs<'r> = ResourceItems<'r, OfLogs>;
/// One scope and its log records.
pub type ScopeLogs<'r> = ScopeItems<'r, OfLogs>;

signal! {
    /// Logs, as a parameter of [`Telemetry`].
    OfLogs, SIGNAL_LOGS, LogRecord, LogRecordMut,
    LOGS = "ExportLogsServiceRequest", RESOURCE_LOGS = "ResourceLogs" resource_logs,
    SCOPE_LOGS = "ScopeLogs" scope_logs, LOG_RECORD log_records
}

table! {
    /// One log record.
    LOG_RECORD = "LogRecord" (LogRecord, LogRecordMut) {
        /// When it happened, in nanoseconds since 1970; 0 when it is not known.
        1 time_unix_nano, set_time_unix_nano: fixed64;
        /// Severity as a number; 0 when it is not set.
        2 severity_number, set_severity_number: int32;
        /// Severity as the source named it.
        3 severity_text, set_severity_text: text;
        /// What was logged.
        5 body, set_body: value;
        /// The attributes.
        6 attributes: attributes;
        /// How many attributes the source left out.
        7 dropped_attributes_count, set_dropped_attributes_count: uint32;
        /// The flags; the lower eight bits are W3C trace flags.
        8 flags, set_flags: fixed32;
        /// The trace that it belongs to; all zero when there is none.
        9 trace_id, set_trace_id: trace_id;
        /// The span that it belongs to; all zero when there is none.
        10 span_id, set_span_id: span_id;
        /// When it was seen, in nanoseconds since 1970.
        11 observed_time_unix_nano, set_observed_time_unix_nano: fixed64;
        /// The kind of event, if the record is an event.
        12 event_name, set_event_name: text;
    }
}
