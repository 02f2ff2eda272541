package pluginhost

import (
	"maps"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// meaning is what a struct of pdata stands for: its number at the C ABI, and those of its fields in
// OTLP. The variants of its interface count as its fields.
type meaning struct {
	message uint32
	fields  map[string]uint32
	// variants are values of the public API; in each another variant of the interface is set.
	variants []any
	// optional are the fields that may be set and yet be zero, each with a value of the public API
	// in which it alone is set.
	optional map[string]any
}

// plain is what a struct without variants and optional fields stands for.
func plain(message uint32, fields map[string]uint32) meaning {
	return meaning{message: message, fields: fields}
}

// The structs that a batch of each signal is made of, by their names in pdata. The names are those
// of OTLP, and so are the numbers.

func logsMessages() map[string]meaning {
	return withShared(map[string]meaning{
		"ExportLogsServiceRequest": plain(messageLogs, map[string]uint32{"ResourceLogs": 1}),
		"ResourceLogs": plain(messageResourceLogs, map[string]uint32{
			"Resource": 1, "ScopeLogs": 2, "SchemaUrl": 3}),
		"ScopeLogs": plain(messageScopeLogs, map[string]uint32{
			"Scope": 1, "LogRecords": 2, "SchemaUrl": 3}),
		"LogRecord": plain(messageLogRecord, map[string]uint32{
			"TimeUnixNano": 1, "SeverityNumber": 2, "SeverityText": 3, "Body": 5, "Attributes": 6,
			"DroppedAttributesCount": 7, "Flags": 8, "TraceId": 9, "SpanId": 10,
			"ObservedTimeUnixNano": 11, "EventName": 12}),
	})
}

func tracesMessages() map[string]meaning {
	return withShared(map[string]meaning{
		"ExportTraceServiceRequest": plain(messageTraces, map[string]uint32{"ResourceSpans": 1}),
		"ResourceSpans": plain(messageResourceSpans, map[string]uint32{
			"Resource": 1, "ScopeSpans": 2, "SchemaUrl": 3}),
		"ScopeSpans": plain(messageScopeSpans, map[string]uint32{
			"Scope": 1, "Spans": 2, "SchemaUrl": 3}),
		"Span": plain(messageSpan, map[string]uint32{
			"TraceId": 1, "SpanId": 2, "TraceState": 3, "ParentSpanId": 4, "Name": 5, "Kind": 6,
			"StartTimeUnixNano": 7, "EndTimeUnixNano": 8, "Attributes": 9,
			"DroppedAttributesCount": 10, "Events": 11, "DroppedEventsCount": 12, "Links": 13,
			"DroppedLinksCount": 14, "Status": 15, "Flags": 16}),
		"SpanEvent": plain(messageEvent, map[string]uint32{
			"TimeUnixNano": 1, "Name": 2, "Attributes": 3, "DroppedAttributesCount": 4}),
		"SpanLink": plain(messageLink, map[string]uint32{
			"TraceId": 1, "SpanId": 2, "TraceState": 3, "Attributes": 4,
			"DroppedAttributesCount": 5, "Flags": 6}),
		"Status": plain(messageStatus, map[string]uint32{"Message": 2, "Code": 3}),
	})
}

func metricsMessages() map[string]meaning {
	points := map[string]uint32{"DataPoints": 1, "AggregationTemporality": 2}
	return withShared(map[string]meaning{
		"ExportMetricsServiceRequest": plain(messageMetrics, map[string]uint32{"ResourceMetrics": 1}),
		"ResourceMetrics": plain(messageResourceMetrics, map[string]uint32{
			"Resource": 1, "ScopeMetrics": 2, "SchemaUrl": 3}),
		"ScopeMetrics": plain(messageScopeMetrics, map[string]uint32{
			"Scope": 1, "Metrics": 2, "SchemaUrl": 3}),
		"Metric": {message: messageMetric, fields: map[string]uint32{
			"Name": 1, "Description": 2, "Unit": 3, "Gauge": 5, "Sum": 7, "Histogram": 9,
			"ExponentialHistogram": 10, "Summary": 11, "Metadata": 12}, variants: metricVariants()},
		"Gauge": plain(messageGauge, map[string]uint32{"DataPoints": 1}),
		"Sum": plain(messageSum, map[string]uint32{
			"DataPoints": 1, "AggregationTemporality": 2, "IsMonotonic": 3}),
		"Histogram":            plain(messageHistogram, points),
		"ExponentialHistogram": plain(messageExponentialHistogram, points),
		"Summary":              plain(messageSummary, map[string]uint32{"DataPoints": 1}),
		"NumberDataPoint": {message: messageNumberPoint, fields: map[string]uint32{
			"StartTimeUnixNano": 2, "TimeUnixNano": 3, "AsDouble": 4, "Exemplars": 5, "AsInt": 6,
			"Attributes": 7, "Flags": 8}, variants: numberVariants(pmetric.NewNumberDataPoint)},
		"HistogramDataPoint": {message: messageHistogramPoint, fields: map[string]uint32{
			"StartTimeUnixNano": 2, "TimeUnixNano": 3, "Count": 4, "Sum": 5, "BucketCounts": 6,
			"ExplicitBounds": 7, "Exemplars": 8, "Attributes": 9, "Flags": 10, "Min": 11, "Max": 12},
			optional: extremes(pmetric.NewHistogramDataPoint)},
		"ExponentialHistogramDataPoint": {message: messageExponentialPoint, fields: map[string]uint32{
			"Attributes": 1, "StartTimeUnixNano": 2, "TimeUnixNano": 3, "Count": 4, "Sum": 5,
			"Scale": 6, "ZeroCount": 7, "Positive": 8, "Negative": 9, "Flags": 10, "Exemplars": 11,
			"Min": 12, "Max": 13, "ZeroThreshold": 14},
			optional: extremes(pmetric.NewExponentialHistogramDataPoint)},
		"ExponentialHistogramDataPointBuckets": plain(messageBuckets, map[string]uint32{
			"Offset": 1, "BucketCounts": 2}),
		"SummaryDataPoint": plain(messageSummaryPoint, map[string]uint32{
			"StartTimeUnixNano": 2, "TimeUnixNano": 3, "Count": 4, "Sum": 5, "QuantileValues": 6,
			"Attributes": 7, "Flags": 8}),
		"SummaryDataPointValueAtQuantile": plain(messageQuantile, map[string]uint32{
			"Quantile": 1, "Value": 2}),
		"Exemplar": {message: messageExemplar, fields: map[string]uint32{
			"TimeUnixNano": 2, "AsDouble": 3, "SpanId": 4, "TraceId": 5, "AsInt": 6,
			"FilteredAttributes": 7}, variants: numberVariants(pmetric.NewExemplar)},
	})
}

// withShared adds what the batches of all signals are made of.
func withShared(messages map[string]meaning) map[string]meaning {
	maps.Copy(messages, map[string]meaning{
		"Resource": plain(messageResource, map[string]uint32{
			"Attributes": 1, "DroppedAttributesCount": 2}),
		"InstrumentationScope": plain(messageScope, map[string]uint32{
			"Name": 1, "Version": 2, "Attributes": 3, "DroppedAttributesCount": 4}),
		"KeyValue": plain(messageKeyValue, map[string]uint32{"Key": 1, "Value": 2}),
		"AnyValue": {message: messageAnyValue, fields: map[string]uint32{
			"StringValue": 1, "BoolValue": 2, "IntValue": 3, "DoubleValue": 4, "ArrayValue": 5,
			"KvlistValue": 6, "BytesValue": 7}, variants: []any{
			pcommon.NewValueStr("text"), pcommon.NewValueBool(true), pcommon.NewValueInt(1),
			pcommon.NewValueDouble(1), pcommon.NewValueSlice(), pcommon.NewValueMap(),
			pcommon.NewValueBytes(),
		}},
		"ArrayValue":   plain(messageArray, map[string]uint32{"Values": 1}),
		"KeyValueList": plain(messageMap, map[string]uint32{"Values": 1}),
	})
	return messages
}

func metricVariants() (variants []any) {
	for _, set := range []func(pmetric.Metric){
		func(m pmetric.Metric) { m.SetEmptyGauge() },
		func(m pmetric.Metric) { m.SetEmptySum() },
		func(m pmetric.Metric) { m.SetEmptyHistogram() },
		func(m pmetric.Metric) { m.SetEmptyExponentialHistogram() },
		func(m pmetric.Metric) { m.SetEmptySummary() },
	} {
		metric := pmetric.NewMetric()
		set(metric)
		variants = append(variants, metric)
	}
	return variants
}

func numberVariants[T interface {
	SetIntValue(int64)
	SetDoubleValue(float64)
}](empty func() T) []any {
	whole, broken := empty(), empty()
	whole.SetIntValue(1)
	broken.SetDoubleValue(1)
	return []any{whole, broken}
}

// extremes are what the points of both kinds of histogram need not have.
func extremes[T interface {
	SetSum(float64)
	SetMin(float64)
	SetMax(float64)
}](empty func() T) map[string]any {
	sum, least, greatest := empty(), empty(), empty()
	sum.SetSum(1)
	least.SetMin(1)
	greatest.SetMax(1)
	return map[string]any{"Sum": sum, "Min": least, "Max": greatest}
}
