//! Which fields of OTLP this crate reads, and how they are encoded.
//!
//! In: bytes and the [`Schema`] that they should follow. Out: nothing, or a [`ParseError`].
//! Invariant: after [`check`] has accepted a message, no reader of its fields can fail. Fields that
//! stand in no table are only measured.

use crate::error::ParseError;
use crate::wire::{
    Field, NESTING_LIMIT, Payload, Reader, WIRE_FIXED32, WIRE_FIXED64, WIRE_LEN, WIRE_VARINT,
};

/// One message: its name and the fields that are read.
#[derive(Debug)]
pub(crate) struct Schema {
    message: &'static str,
    fields: &'static [(u32, &'static str, Kind)],
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Varint,
    Fixed64,
    Fixed32,
    Bytes,
    /// Empty or exactly so many bytes.
    Id(usize),
    Message(&'static Schema),
}

impl Kind {
    fn wire_type(self) -> u8 {
        match self {
            Self::Varint => WIRE_VARINT,
            Self::Fixed64 => WIRE_FIXED64,
            Self::Fixed32 => WIRE_FIXED32,
            Self::Bytes | Self::Id(_) | Self::Message(_) => WIRE_LEN,
        }
    }
}

/// Walks through `bytes` and everything nested in them.
pub(crate) fn check(schema: &Schema, bytes: &[u8]) -> Result<(), ParseError> {
    check_message(schema, Reader::new(bytes), 0)
}

fn check_message(schema: &Schema, mut reader: Reader<'_>, depth: usize) -> Result<(), ParseError> {
    if depth >= NESTING_LIMIT {
        return Err(ParseError::TooDeep {
            at: reader.position(),
            limit: NESTING_LIMIT,
        });
    }
    while let Some(field) = reader.next_field()? {
        let known = schema.fields.iter().find(|known| known.0 == field.number);
        let Some(&(_, name, kind)) = known else {
            continue;
        };
        let at = reader.position() - field.raw.len();
        if field.payload.wire_type() != kind.wire_type() {
            return Err(ParseError::FieldType {
                message: schema.message,
                field: name,
                at,
                wire_type: field.payload.wire_type(),
            });
        }
        match (kind, &field) {
            (
                Kind::Message(inner),
                Field {
                    payload: Payload::Len(content),
                    ..
                },
            ) => check_message(inner, reader.inside(content.len()), depth + 1)?,
            (
                Kind::Id(expected),
                Field {
                    payload: Payload::Len(content),
                    ..
                },
            ) if !content.is_empty() && content.len() != expected => {
                return Err(ParseError::IdLength {
                    message: schema.message,
                    field: name,
                    at,
                    len: content.len(),
                    expected,
                });
            }
            _ => {}
        }
    }
    Ok(())
}

static ANY_VALUE: Schema = Schema {
    message: "AnyValue",
    fields: &[
        (1, "string_value", Kind::Bytes),
        (2, "bool_value", Kind::Varint),
        (3, "int_value", Kind::Varint),
        (4, "double_value", Kind::Fixed64),
        (5, "array_value", Kind::Message(&ARRAY_VALUE)),
        (6, "kvlist_value", Kind::Message(&KEY_VALUE_LIST)),
        (7, "bytes_value", Kind::Bytes),
        (8, "string_value_strindex", Kind::Varint),
    ],
};

static ARRAY_VALUE: Schema = Schema {
    message: "ArrayValue",
    fields: &[(1, "values", Kind::Message(&ANY_VALUE))],
};

static KEY_VALUE_LIST: Schema = Schema {
    message: "KeyValueList",
    fields: &[(1, "values", Kind::Message(&KEY_VALUE))],
};

static KEY_VALUE: Schema = Schema {
    message: "KeyValue",
    fields: &[
        (1, "key", Kind::Bytes),
        (2, "value", Kind::Message(&ANY_VALUE)),
    ],
};

static RESOURCE: Schema = Schema {
    message: "Resource",
    fields: &[(1, "attributes", Kind::Message(&KEY_VALUE))],
};

static SCOPE: Schema = Schema {
    message: "InstrumentationScope",
    fields: &[
        (1, "name", Kind::Bytes),
        (2, "version", Kind::Bytes),
        (3, "attributes", Kind::Message(&KEY_VALUE)),
    ],
};

pub(crate) static LOGS: Schema = Schema {
    message: "ExportLogsServiceRequest",
    fields: &[(1, "resource_logs", Kind::Message(&RESOURCE_LOGS))],
};

static RESOURCE_LOGS: Schema = Schema {
    message: "ResourceLogs",
    fields: &[
        (1, "resource", Kind::Message(&RESOURCE)),
        (2, "scope_logs", Kind::Message(&SCOPE_LOGS)),
        (3, "schema_url", Kind::Bytes),
    ],
};

static SCOPE_LOGS: Schema = Schema {
    message: "ScopeLogs",
    fields: &[
        (1, "scope", Kind::Message(&SCOPE)),
        (2, "log_records", Kind::Message(&LOG_RECORD)),
        (3, "schema_url", Kind::Bytes),
    ],
};

static LOG_RECORD: Schema = Schema {
    message: "LogRecord",
    fields: &[
        (1, "time_unix_nano", Kind::Fixed64),
        (2, "severity_number", Kind::Varint),
        (3, "severity_text", Kind::Bytes),
        (5, "body", Kind::Message(&ANY_VALUE)),
        (6, "attributes", Kind::Message(&KEY_VALUE)),
        (8, "flags", Kind::Fixed32),
        (9, "trace_id", Kind::Id(16)),
        (10, "span_id", Kind::Id(8)),
        (11, "observed_time_unix_nano", Kind::Fixed64),
        (12, "event_name", Kind::Bytes),
    ],
};

pub(crate) static TRACES: Schema = Schema {
    message: "ExportTraceServiceRequest",
    fields: &[(1, "resource_spans", Kind::Message(&RESOURCE_SPANS))],
};

static RESOURCE_SPANS: Schema = Schema {
    message: "ResourceSpans",
    fields: &[
        (1, "resource", Kind::Message(&RESOURCE)),
        (2, "scope_spans", Kind::Message(&SCOPE_SPANS)),
        (3, "schema_url", Kind::Bytes),
    ],
};

static SCOPE_SPANS: Schema = Schema {
    message: "ScopeSpans",
    fields: &[
        (1, "scope", Kind::Message(&SCOPE)),
        (2, "spans", Kind::Message(&SPAN)),
        (3, "schema_url", Kind::Bytes),
    ],
};

static SPAN: Schema = Schema {
    message: "Span",
    fields: &[
        (1, "trace_id", Kind::Id(16)),
        (2, "span_id", Kind::Id(8)),
        (3, "trace_state", Kind::Bytes),
        (4, "parent_span_id", Kind::Id(8)),
        (5, "name", Kind::Bytes),
        (6, "kind", Kind::Varint),
        (7, "start_time_unix_nano", Kind::Fixed64),
        (8, "end_time_unix_nano", Kind::Fixed64),
        (9, "attributes", Kind::Message(&KEY_VALUE)),
        (15, "status", Kind::Message(&STATUS)),
        (16, "flags", Kind::Fixed32),
    ],
};

static STATUS: Schema = Schema {
    message: "Status",
    fields: &[(2, "message", Kind::Bytes), (3, "code", Kind::Varint)],
};

pub(crate) static METRICS: Schema = Schema {
    message: "ExportMetricsServiceRequest",
    fields: &[(1, "resource_metrics", Kind::Message(&RESOURCE_METRICS))],
};

static RESOURCE_METRICS: Schema = Schema {
    message: "ResourceMetrics",
    fields: &[
        (1, "resource", Kind::Message(&RESOURCE)),
        (2, "scope_metrics", Kind::Message(&SCOPE_METRICS)),
        (3, "schema_url", Kind::Bytes),
    ],
};

static SCOPE_METRICS: Schema = Schema {
    message: "ScopeMetrics",
    fields: &[
        (1, "scope", Kind::Message(&SCOPE)),
        (2, "metrics", Kind::Message(&METRIC)),
        (3, "schema_url", Kind::Bytes),
    ],
};

static METRIC: Schema = Schema {
    message: "Metric",
    fields: &[
        (1, "name", Kind::Bytes),
        (2, "description", Kind::Bytes),
        (3, "unit", Kind::Bytes),
        (5, "gauge", Kind::Message(&GAUGE)),
        (7, "sum", Kind::Message(&SUM)),
        (9, "histogram", Kind::Message(&HISTOGRAM)),
        (
            10,
            "exponential_histogram",
            Kind::Message(&EXPONENTIAL_HISTOGRAM),
        ),
        (11, "summary", Kind::Message(&SUMMARY)),
    ],
};

static GAUGE: Schema = Schema {
    message: "Gauge",
    fields: &[(1, "data_points", Kind::Message(&NUMBER_POINT))],
};

static SUM: Schema = Schema {
    message: "Sum",
    fields: &[
        (1, "data_points", Kind::Message(&NUMBER_POINT)),
        (2, "aggregation_temporality", Kind::Varint),
        (3, "is_monotonic", Kind::Varint),
    ],
};

static HISTOGRAM: Schema = Schema {
    message: "Histogram",
    fields: &[
        (1, "data_points", Kind::Message(&HISTOGRAM_POINT)),
        (2, "aggregation_temporality", Kind::Varint),
    ],
};

static EXPONENTIAL_HISTOGRAM: Schema = Schema {
    message: "ExponentialHistogram",
    fields: &[
        (1, "data_points", Kind::Message(&EXPONENTIAL_POINT)),
        (2, "aggregation_temporality", Kind::Varint),
    ],
};

static SUMMARY: Schema = Schema {
    message: "Summary",
    fields: &[(1, "data_points", Kind::Message(&SUMMARY_POINT))],
};

static NUMBER_POINT: Schema = Schema {
    message: "NumberDataPoint",
    fields: &[
        (2, "start_time_unix_nano", Kind::Fixed64),
        (3, "time_unix_nano", Kind::Fixed64),
        (4, "as_double", Kind::Fixed64),
        (6, "as_int", Kind::Fixed64),
        (7, "attributes", Kind::Message(&KEY_VALUE)),
        (8, "flags", Kind::Varint),
    ],
};

static HISTOGRAM_POINT: Schema = Schema {
    message: "HistogramDataPoint",
    fields: &[
        (2, "start_time_unix_nano", Kind::Fixed64),
        (3, "time_unix_nano", Kind::Fixed64),
        (4, "count", Kind::Fixed64),
        (5, "sum", Kind::Fixed64),
        (9, "attributes", Kind::Message(&KEY_VALUE)),
        (10, "flags", Kind::Varint),
    ],
};

static EXPONENTIAL_POINT: Schema = Schema {
    message: "ExponentialHistogramDataPoint",
    fields: &[
        (1, "attributes", Kind::Message(&KEY_VALUE)),
        (2, "start_time_unix_nano", Kind::Fixed64),
        (3, "time_unix_nano", Kind::Fixed64),
        (4, "count", Kind::Fixed64),
        (5, "sum", Kind::Fixed64),
        (10, "flags", Kind::Varint),
    ],
};

static SUMMARY_POINT: Schema = Schema {
    message: "SummaryDataPoint",
    fields: &[
        (2, "start_time_unix_nano", Kind::Fixed64),
        (3, "time_unix_nano", Kind::Fixed64),
        (4, "count", Kind::Fixed64),
        (5, "sum", Kind::Fixed64),
        (7, "attributes", Kind::Message(&KEY_VALUE)),
        (8, "flags", Kind::Varint),
    ],
};
