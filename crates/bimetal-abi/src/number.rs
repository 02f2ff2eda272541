//! Numbers of the C ABI that have no words: versions, statuses, outcomes, feature bits.
//!
//! In: nothing. Out: constants. Invariant: a number is never reused; retired ones stay listed.

/// A plugin and a host whose major versions differ cannot speak to each other.
pub const ABI_MAJOR: u32 = 1;
/// Counts additions within a major version: tables that grew at the end, new feature bits.
pub const ABI_MINOR: u32 = 3;

/// The call did what it says.
pub const STATUS_OK: i32 = 0;
/// The call failed; the error record says how.
pub const STATUS_ERROR: i32 = -1;
/// The component panicked; the error record holds the message. From now on it answers
/// [`STATUS_POISONED`].
pub const STATUS_PANIC: i32 = -2;
/// The component panicked earlier and does nothing any more.
pub const STATUS_POISONED: i32 = -3;
/// The function or signal is not supported by this side.
pub const STATUS_UNSUPPORTED: i32 = -4;
/// An argument broke the contract: a null where none is allowed, text that is not UTF-8, a size too
/// small.
pub const STATUS_INVALID: i32 = -5;

/// `consume`: the data was taken; nothing goes on from here (exporters).
pub const OUTCOME_OK: i32 = 0;
/// `consume`: nothing changed; the host passes on what it already holds.
pub const OUTCOME_PASS_THROUGH: i32 = 1;
/// `consume`: the output holds an edit list that the host applies.
pub const OUTCOME_EDITS: i32 = 2;
/// `consume`: the output holds the whole new telemetry.
pub const OUTCOME_REPLACED: i32 = 3;
/// `consume`: nothing is passed on, and that is no error.
pub const OUTCOME_DROPPED: i32 = 4;
/// `consume`: the result follows through `Host::complete`. Reserved.
pub const OUTCOME_PENDING: i32 = 5;
/// `consume`: something of what lies in place (`FORMAT_VIEW`) cannot be read. The host forgets the
/// call and gives the same batch again, as OTLP.
pub const OUTCOME_UNREAD: i32 = 6;

/// `Error::flags`: sending the same data again cannot succeed.
pub const ERROR_PERMANENT: u64 = 1;
/// `Error::flags`: sending the same data again may succeed.
pub const ERROR_RETRYABLE: u64 = 1 << 1;
/// `Error::flags`: the error came from further down the pipeline.
pub const ERROR_DOWNSTREAM: u64 = 1 << 2;
/// `Error::flags`: `http_status` is set.
pub const ERROR_HTTP: u64 = 1 << 3;
/// `Error::flags`: `grpc_code` is set.
pub const ERROR_GRPC: u64 = 1 << 4;
/// `Error::flags`: `retry_after_ns` is set.
pub const ERROR_RETRY_AFTER: u64 = 1 << 5;
/// `Error::flags`: `retry_data` holds, as OTLP, the part of the data that may be sent again.
pub const ERROR_RETRY_DATA: u64 = 1 << 6;

/// `Factory::features`: `consume` may change data, so shared data must be copied first.
pub const FEATURE_MUTATES: u64 = 1;
/// `features`: edit lists are understood (host) or answered (factory).
pub const FEATURE_EDITS: u64 = 1 << 1;
/// `features`: Go's telemetry can be given (host) or read (factory) in place.
pub const FEATURE_VIEW: u64 = 1 << 2;
/// `features`: completion tokens are understood. Reserved.
pub const FEATURE_PENDING: u64 = 1 << 3;
/// `Factory::features`: the component reads client metadata, so the host encodes it into
/// `Context::metadata`.
pub const FEATURE_METADATA: u64 = 1 << 4;
/// `Host::features`: new telemetry may be answered as a table of rows.
pub const FEATURE_TABLE: u64 = 1 << 5;

/// `Factory::features`: an extension that is to hear of the status of components.
pub const FEATURE_WATCH_STATUS: u64 = 1 << 6;
/// `Factory::features`: an extension that is to hear when the pipelines run, and when they end.
pub const FEATURE_WATCH_PIPELINES: u64 = 1 << 7;
/// `Factory::features`: an extension that is to hear the configuration of the Collector.
pub const FEATURE_WATCH_CONFIG: u64 = 1 << 8;

/// `Factory::notify`: every pipeline runs. The text is empty.
pub const EVENT_READY: u32 = 1;
/// `Factory::notify`: the receivers are about to be stopped. The text is empty.
pub const EVENT_NOT_READY: u32 = 2;
/// `Factory::notify`: the status of a component changed. The text is JSON: `{kind, id, pipelines,
/// status, error, unix_ns}`; `status` is the word of a `COMPONENT_…`, such as `ok` or
/// `recoverable_error`.
pub const EVENT_STATUS: u32 = 3;
/// `Factory::notify`: the configuration that the Collector runs with, as JSON, with its secrets.
pub const EVENT_CONFIG: u32 = 4;

/// Sets of attributes that one instance may have, of all its instruments together.
pub const MOST_ATTRIBUTE_SETS: u64 = 2000;

/// `Field::message`: the export request of logs.
pub const MESSAGE_LOGS: u32 = 1;
/// `Field::message`: one resource and its logs.
pub const MESSAGE_RESOURCE_LOGS: u32 = 2;
/// `Field::message`: `Resource`.
pub const MESSAGE_RESOURCE: u32 = 3;
/// `Field::message`: one scope and its logs.
pub const MESSAGE_SCOPE_LOGS: u32 = 4;
/// `Field::message`: `InstrumentationScope`.
pub const MESSAGE_SCOPE: u32 = 5;
/// `Field::message`: `LogRecord`.
pub const MESSAGE_LOG_RECORD: u32 = 6;
/// `Field::message`: `KeyValue`.
pub const MESSAGE_KEY_VALUE: u32 = 7;
/// `Field::message`: `AnyValue`.
pub const MESSAGE_ANY_VALUE: u32 = 8;
/// `Field::message`: `ArrayValue`.
pub const MESSAGE_ARRAY: u32 = 9;
/// `Field::message`: `KeyValueList`.
pub const MESSAGE_MAP: u32 = 10;
/// `Field::message`: the export request of traces.
pub const MESSAGE_TRACES: u32 = 11;
/// `Field::message`: one resource and its spans.
pub const MESSAGE_RESOURCE_SPANS: u32 = 12;
/// `Field::message`: one scope and its spans.
pub const MESSAGE_SCOPE_SPANS: u32 = 13;
/// `Field::message`: `Span`.
pub const MESSAGE_SPAN: u32 = 14;
/// `Field::message`: `Span.Event`.
pub const MESSAGE_EVENT: u32 = 15;
/// `Field::message`: `Span.Link`.
pub const MESSAGE_LINK: u32 = 16;
/// `Field::message`: `Status`.
pub const MESSAGE_STATUS: u32 = 17;
/// `Field::message`: the export request of metrics.
pub const MESSAGE_METRICS: u32 = 18;
/// `Field::message`: one resource and its metrics.
pub const MESSAGE_RESOURCE_METRICS: u32 = 19;
/// `Field::message`: one scope and its metrics.
pub const MESSAGE_SCOPE_METRICS: u32 = 20;
/// `Field::message`: `Metric`.
pub const MESSAGE_METRIC: u32 = 21;
/// `Field::message`: `Gauge`.
pub const MESSAGE_GAUGE: u32 = 22;
/// `Field::message`: `Sum`.
pub const MESSAGE_SUM: u32 = 23;
/// `Field::message`: `Histogram`.
pub const MESSAGE_HISTOGRAM: u32 = 24;
/// `Field::message`: `ExponentialHistogram`.
pub const MESSAGE_EXPONENTIAL_HISTOGRAM: u32 = 25;
/// `Field::message`: `Summary`.
pub const MESSAGE_SUMMARY: u32 = 26;
/// `Field::message`: `NumberDataPoint`.
pub const MESSAGE_NUMBER_POINT: u32 = 27;
/// `Field::message`: `HistogramDataPoint`.
pub const MESSAGE_HISTOGRAM_POINT: u32 = 28;
/// `Field::message`: `ExponentialHistogramDataPoint`.
pub const MESSAGE_EXPONENTIAL_POINT: u32 = 29;
/// `Field::message`: `ExponentialHistogramDataPoint.Buckets`.
pub const MESSAGE_BUCKETS: u32 = 30;
/// `Field::message`: `SummaryDataPoint`.
pub const MESSAGE_SUMMARY_POINT: u32 = 31;
/// `Field::message`: `SummaryDataPoint.ValueAtQuantile`.
pub const MESSAGE_QUANTILE: u32 = 32;
/// `Field::message`: `Exemplar`.
pub const MESSAGE_EXEMPLAR: u32 = 33;

/// `Field::kind`: 64 bits, of a whole or a floating-point number.
pub const FIELD_64: u32 = 1;
/// `Field::kind`: 32 bits with a sign.
pub const FIELD_INT32: u32 = 2;
/// `Field::kind`: 32 bits without a sign.
pub const FIELD_UINT32: u32 = 3;
/// `Field::kind`: one byte, 0 or 1.
pub const FIELD_BOOL: u32 = 4;
/// `Field::kind`: address and length of text.
pub const FIELD_STRING: u32 = 5;
/// `Field::kind`: address, length and capacity of bytes.
pub const FIELD_BYTES: u32 = 6;
/// `Field::kind`: `size` bytes that lie here.
pub const FIELD_ID: u32 = 7;
/// `Field::kind`: the message `of` lies here.
pub const FIELD_STRUCT: u32 = 8;
/// `Field::kind`: address of the message `of`.
pub const FIELD_POINTER: u32 = 9;
/// `Field::kind`: address, length and capacity of messages `of`, of `size` bytes each.
pub const FIELD_STRUCTS: u32 = 10;
/// `Field::kind`: address, length and capacity of addresses of messages `of`.
pub const FIELD_POINTERS: u32 = 11;
/// `Field::kind`: type word and address of the variant that is set; both 0 when none is. The rows
/// with a `word` say what the variants are.
pub const FIELD_ONEOF: u32 = 12;
/// `Field::kind`: address, length and capacity of numbers of 64 bits.
pub const FIELD_NUMBERS: u32 = 13;
/// `Field::kind`: 64 bits, of which the one in `word` says that the field `number` is set. The row
/// follows that of the field, which may be zero and yet be set. Number 0: no bit but those in
/// `word` is known.
pub const FIELD_SET: u32 = 14;

/// `Edit::kind`: what follows is about the resource `item`.
pub const EDIT_RESOURCE: u8 = 1;
/// `Edit::kind`: what follows is about the scope `item` of that resource.
pub const EDIT_SCOPE: u8 = 2;
/// `Edit::kind`: what follows is about the metric `item` of that scope.
pub const EDIT_METRIC: u8 = 3;
/// `Edit::kind`: the attribute `index` gets the value.
pub const EDIT_SET: u8 = 4;
/// `Edit::kind`: an attribute with this key and value is added as the last one. Whether there is
/// one with that key is not asked.
pub const EDIT_PUT: u8 = 5;
/// `Edit::kind`: the attribute `index` is removed; the last one takes its place.
pub const EDIT_DELETE: u8 = 6;
/// `Edit::kind`: the attribute `index` gets the key.
pub const EDIT_RENAME: u8 = 7;
/// `Edit::kind`: of the attributes those stay, in order, whose bit is set: the lowest bit of the
/// first byte is that of the first one. `bits` and `value_len` say where in the text the bytes are,
/// one for eight attributes.
pub const EDIT_KEEP: u8 = 8;
/// `Edit::kind`: what `level` says is dropped, with everything in it.
pub const EDIT_DROP: u8 = 9;
/// `Edit::kind`: the field with the number `index` in OTLP gets the value. The status of a span
/// takes a number, which is its code, or a text, which is what it says; the other half stays.
pub const EDIT_FIELD: u8 = 10;
/// `Edit::kind`: the scope gets further records or metrics, behind those that it has. `VALUE_OTLP`
/// has them, as OTLP's `ScopeLogs`, `ScopeSpans` or `ScopeMetrics`; what else that says is of no
/// effect.
pub const EDIT_APPEND: u8 = 11;

/// `Edit::level`: the resource that the rows before name.
pub const LEVEL_RESOURCE: u8 = 1;
/// `Edit::level`: the scope that the rows before name.
pub const LEVEL_SCOPE: u8 = 2;
/// `Edit::level`: the metric that the rows before name.
pub const LEVEL_METRIC: u8 = 3;
/// `Edit::level`: the log record or span `item` of that scope.
pub const LEVEL_RECORD: u8 = 4;
/// `Edit::level`: the data point `item` of that metric.
pub const LEVEL_POINT: u8 = 5;

/// `Edit::value`, `Row::value`: no value is set.
pub const VALUE_EMPTY: u8 = 0;
/// `Edit::value`, `Row::value`: text, which `bits` and `value_len` find.
pub const VALUE_STRING: u8 = 1;
/// `Edit::value`, `Row::value`: a truth value; `bits` is 0 or 1.
pub const VALUE_BOOL: u8 = 2;
/// `Edit::value`, `Row::value`: a whole number with a sign.
pub const VALUE_INT: u8 = 3;
/// `Edit::value`, `Row::value`: the bits of a floating-point number.
pub const VALUE_DOUBLE: u8 = 4;
/// `Edit::value`, `Row::value`: bytes, which `bits` and `value_len` find.
pub const VALUE_BYTES: u8 = 5;
/// `Edit::value`, `Row::value`: any value as an OTLP `AnyValue`, which `bits` and `value_len` find.
pub const VALUE_OTLP: u8 = 6;

/// `Row::kind`: the number `number` is `bits`: a whole number with or without a sign, a
/// floating-point number, a truth value. What has 32 bits or fewer leaves the upper ones 0.
pub const ROW_NUMBER: u8 = 1;
/// `Row::kind`: the text or the identifier `number` is `len` bytes at `bits` in the text.
pub const ROW_BYTES: u8 = 2;
/// `Row::kind`: the numbers `number` are `len` times eight bytes at `bits` in the text,
/// native-endian.
pub const ROW_NUMBERS: u8 = 3;
/// `Row::kind`: the value `number`.
pub const ROW_VALUE: u8 = 4;
/// `Row::kind`: the attribute list `number` has `len` attributes; so many `ROW_ATTRIBUTE` follow.
pub const ROW_ATTRIBUTES: u8 = 5;
/// `Row::kind`: one attribute, with key and value.
pub const ROW_ATTRIBUTE: u8 = 6;
/// `Row::kind`: the list `number` has `len` messages; so many `ROW_ITEM` follow, each with its
/// content.
pub const ROW_LIST: u8 = 7;
/// `Row::kind`: the next message of the list begins. What follows up to `ROW_END` is its content.
pub const ROW_ITEM: u8 = 8;
/// `Row::kind`: the message `number` begins, which is in no list. What follows up to `ROW_END` is
/// its content.
pub const ROW_MESSAGE: u8 = 9;
/// `Row::kind`: the message that began last has no more content.
pub const ROW_END: u8 = 10;

/// `Host::log`: levels are zap's.
pub const LOG_DEBUG: i32 = -1;
/// See [`LOG_DEBUG`].
pub const LOG_INFO: i32 = 0;
/// See [`LOG_DEBUG`].
pub const LOG_WARN: i32 = 1;
/// See [`LOG_DEBUG`].
pub const LOG_ERROR: i32 = 2;

/// `Context::flags`: the span context came from another process.
pub const CONTEXT_REMOTE: u32 = 1;
/// `Context::flags`: `deadline_unix_ns` is set.
pub const CONTEXT_DEADLINE: u32 = 1 << 1;

/// The most bytes of one telemetry message: 2 GiB less one byte, as protocol buffers have it.
pub const LONGEST_DATA: u64 = (1 << 30) - 1 + (1 << 30);
/// The most bytes of one text: a name, a message, a configuration, JSON.
pub const LONGEST_TEXT: u64 = 16 << 20;
