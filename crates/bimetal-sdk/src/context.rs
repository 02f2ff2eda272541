//! What travels beside the data.
//!
//! In: the host's context record, already checked by `shim`. Out: safe views. Invariant: lives as
//! long as the call.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bimetal_abi as abi;

/// Deadline, cancellation, span and client metadata of one call.
#[derive(Debug)]
pub struct Context<'a> {
    pub(crate) deadline_unix_ns: Option<u64>,
    pub(crate) cancelled: Option<&'a AtomicU32>,
    pub(crate) span: Option<SpanContext>,
    pub(crate) client: &'a [u8],
}

/// The span that the call belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanContext {
    /// W3C trace id.
    pub trace_id: [u8; 16],
    /// W3C span id.
    pub span_id: [u8; 8],
    /// W3C trace flags.
    pub trace_flags: u8,
    /// Whether the span was started by another process.
    pub is_remote: bool,
}

impl<'a> Context<'a> {
    /// A context without deadline, cancellation and span, for tests of an author's own functions.
    pub const fn background() -> Self {
        Self {
            deadline_unix_ns: None,
            cancelled: None,
            span: None,
            client: &[],
        }
    }

    /// When the caller stops waiting.
    pub fn deadline(&self) -> Option<SystemTime> {
        self.deadline_unix_ns
            .map(|nanoseconds| UNIX_EPOCH + Duration::from_nanos(nanoseconds))
    }

    /// Whether the caller no longer waits; cheap enough to ask between records.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled
            .is_some_and(|word| word.load(Ordering::Acquire) != 0)
    }

    /// The span that the call belongs to.
    pub fn span(&self) -> Option<SpanContext> {
        self.span
    }

    /// The Collector's `RequestContext` message (client address and metadata), protobuf-encoded;
    /// empty unless the component is declared with
    /// [`Component::reads_metadata`](crate::Component::reads_metadata).
    pub fn request_context(&self) -> &'a [u8] {
        self.client
    }
}

/// The context of a call to the other side.
pub(crate) fn record(deadline: Option<SystemTime>, span: Option<SpanContext>) -> abi::Context {
    let mut record = abi::Context::EMPTY;
    if let Some(deadline) = deadline {
        record.flags |= abi::CONTEXT_DEADLINE;
        let since = deadline.duration_since(UNIX_EPOCH).unwrap_or_default();
        record.deadline_unix_ns = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
    }
    if let Some(span) = span {
        if span.is_remote {
            record.flags |= abi::CONTEXT_REMOTE;
        }
        record.trace_id = span.trace_id;
        record.span_id = span.span_id;
        record.trace_flags = u32::from(span.trace_flags);
    }
    record
}
