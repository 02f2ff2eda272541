//! New telemetry as a flat table: rows and one text.
//!
//! In: records that an author makes, or a batch in Go's memory. Out: a [`Table`] for the host, or
//! its OTLP. Invariant: knows nothing of how the host holds telemetry; a table that this crate made
//! is one that it encodes.

mod append;
mod encode;
mod metrics;
mod new;
mod spans;
mod values;
mod whole;

pub use encode::{TableError, encode_table};
pub use metrics::{NewData, NewHistogramPoint, NewMetric, NewMetrics, NewNumberPoint};
pub use new::{NewLog, NewLogs, NewResource, NewScope, NewTelemetry};
pub use spans::{NewEvent, NewLink, NewSpan, NewTraces};
pub use whole::table_of;
