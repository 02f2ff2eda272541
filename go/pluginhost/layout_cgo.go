package pluginhost

// #include "host.h"
import "C"

const (
	messageLogs                 = C.OTELCOL_MESSAGE_LOGS
	messageResourceLogs         = C.OTELCOL_MESSAGE_RESOURCE_LOGS
	messageResource             = C.OTELCOL_MESSAGE_RESOURCE
	messageScopeLogs            = C.OTELCOL_MESSAGE_SCOPE_LOGS
	messageScope                = C.OTELCOL_MESSAGE_SCOPE
	messageLogRecord            = C.OTELCOL_MESSAGE_LOG_RECORD
	messageKeyValue             = C.OTELCOL_MESSAGE_KEY_VALUE
	messageAnyValue             = C.OTELCOL_MESSAGE_ANY_VALUE
	messageArray                = C.OTELCOL_MESSAGE_ARRAY
	messageMap                  = C.OTELCOL_MESSAGE_MAP
	messageTraces               = C.OTELCOL_MESSAGE_TRACES
	messageResourceSpans        = C.OTELCOL_MESSAGE_RESOURCE_SPANS
	messageScopeSpans           = C.OTELCOL_MESSAGE_SCOPE_SPANS
	messageSpan                 = C.OTELCOL_MESSAGE_SPAN
	messageEvent                = C.OTELCOL_MESSAGE_EVENT
	messageLink                 = C.OTELCOL_MESSAGE_LINK
	messageStatus               = C.OTELCOL_MESSAGE_STATUS
	messageMetrics              = C.OTELCOL_MESSAGE_METRICS
	messageResourceMetrics      = C.OTELCOL_MESSAGE_RESOURCE_METRICS
	messageScopeMetrics         = C.OTELCOL_MESSAGE_SCOPE_METRICS
	messageMetric               = C.OTELCOL_MESSAGE_METRIC
	messageGauge                = C.OTELCOL_MESSAGE_GAUGE
	messageSum                  = C.OTELCOL_MESSAGE_SUM
	messageHistogram            = C.OTELCOL_MESSAGE_HISTOGRAM
	messageExponentialHistogram = C.OTELCOL_MESSAGE_EXPONENTIAL_HISTOGRAM
	messageSummary              = C.OTELCOL_MESSAGE_SUMMARY
	messageNumberPoint          = C.OTELCOL_MESSAGE_NUMBER_POINT
	messageHistogramPoint       = C.OTELCOL_MESSAGE_HISTOGRAM_POINT
	messageExponentialPoint     = C.OTELCOL_MESSAGE_EXPONENTIAL_POINT
	messageBuckets              = C.OTELCOL_MESSAGE_BUCKETS
	messageSummaryPoint         = C.OTELCOL_MESSAGE_SUMMARY_POINT
	messageQuantile             = C.OTELCOL_MESSAGE_QUANTILE
	messageExemplar             = C.OTELCOL_MESSAGE_EXEMPLAR

	field64       = C.OTELCOL_FIELD_64
	fieldInt32    = C.OTELCOL_FIELD_INT32
	fieldUint32   = C.OTELCOL_FIELD_UINT32
	fieldBool     = C.OTELCOL_FIELD_BOOL
	fieldString   = C.OTELCOL_FIELD_STRING
	fieldBytes    = C.OTELCOL_FIELD_BYTES
	fieldID       = C.OTELCOL_FIELD_ID
	fieldStruct   = C.OTELCOL_FIELD_STRUCT
	fieldPointer  = C.OTELCOL_FIELD_POINTER
	fieldStructs  = C.OTELCOL_FIELD_STRUCTS
	fieldPointers = C.OTELCOL_FIELD_POINTERS
	fieldOneof    = C.OTELCOL_FIELD_ONEOF
	fieldNumbers  = C.OTELCOL_FIELD_NUMBERS
	fieldSet      = C.OTELCOL_FIELD_SET

	fieldSize = C.sizeof_otelcol_field
)
