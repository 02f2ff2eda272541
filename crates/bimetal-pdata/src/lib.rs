//! Telemetry as it crosses the FFI boundary: a view with edits.
//!
//! In: the bytes of one OTLP `Export…ServiceRequest`. Out: resources, scopes and records to read
//! and edit, and the bytes again. Invariant: nothing is lost. What was not edited is copied as it
//! came, fields that this crate does not know included; [`Telemetry::changed`] tells whether there
//! is anything to copy at all. Hostile bytes are a [`ParseError`], never a panic; a value that is
//! nested very deeply is [`Value::Opaque`] from some level on, and is no error.
//!
//! ```
//! use bimetal_pdata::Logs;
//!
//! # fn main() -> Result<(), bimetal_pdata::ParseError> {
//! // One resource, one scope, one record.
//! let bytes = [0x0a, 0x06, 0x12, 0x04, 0x12, 0x02, 0x1a, 0x00];
//! let mut logs = Logs::parse(&bytes)?;
//! for mut record in logs.records_mut() {
//!     record.attributes_mut().upsert("team", "payments");
//! }
//! assert!(logs.changed());
//! let encoded = logs.encode();
//! let record = Logs::parse(&encoded)?.records().next().is_some_and(|record| {
//!     record.attributes().get("team").and_then(|value| value.as_str()) == Some("payments")
//! });
//! assert!(record);
//! # Ok(())
//! # }
//! ```
//!
//! Everything is a handle by value: a few words that are copied, and reading allocates nothing,
//! neither per record nor per attribute. Handles that end in `Mut` edit; `as_read` gives the other
//! kind, which sees the edits. A handle knows nothing of where the telemetry lies: the same
//! component reads OTLP, and telemetry that lies in Go's memory ([`Batch`]). Edits are data beside
//! the batch: [`Telemetry::into_edits`] lists them, [`Telemetry::encode`] carries them out.
//!
//! With the feature `views` the handles also implement the read traits of the crate
//! `otel-arrow-dfe-pdata-views`, so that code written for otap-dataflow can read them.
#![warn(missing_docs, missing_debug_implementations)]

mod attributes;
mod carry;
mod edits;
mod error;
mod field;
mod flat;
mod goview;
mod in_place;
mod log;
mod message;
mod metric;
mod nested;
mod otlp;
mod owned;
mod point;
mod rows;
mod schema;
mod span;
mod table;
mod telemetry;
mod text;
mod value;
#[cfg(feature = "views")]
mod views;

pub use attributes::{Attributes, AttributesIter, AttributesMut, Write};
pub use carry::CarryOutError;
pub use edits::{EditAnswer, EditError, EditList};
pub use error::ParseError;
pub use flat::{
    NewData, NewEvent, NewHistogramPoint, NewLink, NewLog, NewLogs, NewMetric, NewMetrics,
    NewNumberPoint, NewResource, NewScope, NewSpan, NewTelemetry, NewTraces, TableError,
    encode_table, table_of,
};
#[cfg(feature = "bounded")]
pub use goview::FIRST;
pub use goview::{Batch, Layout};
pub use log::{LogRecord, LogRecordMut, Logs, OfLogs, ResourceLogs, ScopeLogs};
pub use message::{Items, ItemsMut, Numbers};
pub use metric::{Data, Metric, MetricMut, Metrics, OfMetrics, ResourceMetrics, ScopeMetrics};
pub use owned::ValueBuf;
pub use point::{
    Buckets, DataPoint, DataPointMut, Exemplar, ExponentialPoint, HistogramPoint, MetricKind,
    Number, NumberPoint, Quantile, SummaryPoint,
};
pub use rows::Table;
pub use span::{
    OfTraces, ResourceSpans, ScopeSpans, Span, SpanEvent, SpanLink, SpanMut, SpanStatus, Traces,
};
pub use telemetry::{
    Resource, ResourceItems, ResourceItemsMut, ResourceMut, Scope, ScopeItems, ScopeItemsMut,
    ScopeMut, Signal, Telemetry,
};
pub use text::Text;
pub use value::{Array, ArrayIter, Map, MapIter, Opaque, Value};
