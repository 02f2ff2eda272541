package pluginhost

import (
	"encoding/binary"
	"strconv"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// sampler makes what is nowhere else in a sample. A sample has every field, and every kind of
// value, in each other, empty and missing.
type sampler uint64

func (s *sampler) next() uint64 {
	*s++
	return uint64(*s)
}

func (s *sampler) uint32() uint32 { return uint32(s.next()) }

func (s *sampler) float() float64 { return float64(s.next()) + 0.5 }

func (s *sampler) text() string { return "é\x00" + strconv.FormatUint(s.next(), 10) }

func (s *sampler) time() pcommon.Timestamp { return pcommon.Timestamp(s.next() << 40) }

func (s *sampler) traceID() (id pcommon.TraceID) {
	binary.BigEndian.PutUint64(id[:8], s.next())
	binary.LittleEndian.PutUint64(id[8:], s.next())
	return id
}

func (s *sampler) spanID() (id pcommon.SpanID) {
	binary.BigEndian.PutUint64(id[:], s.next()<<32|s.next())
	return id
}

func (s *sampler) attributes(list pcommon.Map) {
	list.PutStr(s.text(), s.text())
	list.PutInt(s.text(), int64(s.next()))
}

func (s *sampler) resource(resource pcommon.Resource) {
	everyValue(resource.Attributes())
	resource.SetDroppedAttributesCount(s.uint32())
}

func (s *sampler) scope(scope pcommon.InstrumentationScope) {
	scope.SetName(s.text())
	scope.SetVersion(s.text())
	scope.SetDroppedAttributesCount(s.uint32())
	s.attributes(scope.Attributes())
}

func sampleLogs() plog.Logs {
	data, s := plog.NewLogs(), new(sampler)
	resource := data.ResourceLogs().AppendEmpty()
	resource.SetSchemaUrl(s.text())
	s.resource(resource.Resource())
	scope := resource.ScopeLogs().AppendEmpty()
	scope.SetSchemaUrl(s.text())
	s.scope(scope.Scope())
	for range 2 {
		record := scope.LogRecords().AppendEmpty()
		record.SetTimestamp(s.time())
		record.SetObservedTimestamp(s.time())
		record.SetSeverityNumber(plog.SeverityNumberWarn)
		record.SetSeverityText(s.text())
		everyValue(record.Body().SetEmptyMap())
		s.attributes(record.Attributes())
		record.SetDroppedAttributesCount(s.uint32())
		record.SetFlags(plog.LogRecordFlags(s.uint32()))
		record.SetTraceID(s.traceID())
		record.SetSpanID(s.spanID())
		record.SetEventName(s.text())
	}
	scope.LogRecords().AppendEmpty()
	resource.ScopeLogs().AppendEmpty()
	data.ResourceLogs().AppendEmpty()
	return data
}

func sampleTraces() ptrace.Traces {
	data, s := ptrace.NewTraces(), new(sampler)
	resource := data.ResourceSpans().AppendEmpty()
	resource.SetSchemaUrl(s.text())
	s.resource(resource.Resource())
	scope := resource.ScopeSpans().AppendEmpty()
	scope.SetSchemaUrl(s.text())
	s.scope(scope.Scope())
	for range 2 {
		s.span(scope.Spans().AppendEmpty())
	}
	scope.Spans().AppendEmpty()
	resource.ScopeSpans().AppendEmpty()
	data.ResourceSpans().AppendEmpty()
	return data
}

func (s *sampler) span(span ptrace.Span) {
	span.SetTraceID(s.traceID())
	span.SetSpanID(s.spanID())
	span.TraceState().FromRaw(s.text())
	span.SetParentSpanID(s.spanID())
	span.SetName(s.text())
	span.SetKind(ptrace.SpanKindConsumer)
	span.SetStartTimestamp(s.time())
	span.SetEndTimestamp(s.time())
	s.attributes(span.Attributes())
	span.SetDroppedAttributesCount(s.uint32())
	span.SetDroppedEventsCount(s.uint32())
	span.SetDroppedLinksCount(s.uint32())
	span.SetFlags(s.uint32())
	span.Status().SetMessage(s.text())
	span.Status().SetCode(ptrace.StatusCodeError)
	for range 2 {
		event := span.Events().AppendEmpty()
		event.SetTimestamp(s.time())
		event.SetName(s.text())
		s.attributes(event.Attributes())
		event.SetDroppedAttributesCount(s.uint32())
		link := span.Links().AppendEmpty()
		link.SetTraceID(s.traceID())
		link.SetSpanID(s.spanID())
		link.TraceState().FromRaw(s.text())
		s.attributes(link.Attributes())
		link.SetDroppedAttributesCount(s.uint32())
		link.SetFlags(s.uint32())
	}
	span.Events().AppendEmpty()
	span.Links().AppendEmpty()
}

func sampleMetrics() pmetric.Metrics {
	data, s := pmetric.NewMetrics(), new(sampler)
	resource := data.ResourceMetrics().AppendEmpty()
	resource.SetSchemaUrl(s.text())
	s.resource(resource.Resource())
	scope := resource.ScopeMetrics().AppendEmpty()
	scope.SetSchemaUrl(s.text())
	s.scope(scope.Scope())
	s.metrics(scope.Metrics())
	scope.Metrics().AppendEmpty()
	resource.ScopeMetrics().AppendEmpty()
	data.ResourceMetrics().AppendEmpty()
	return data
}

func (s *sampler) metrics(metrics pmetric.MetricSlice) {
	another := func() pmetric.Metric {
		metric := metrics.AppendEmpty()
		metric.SetName(s.text())
		metric.SetDescription(s.text())
		metric.SetUnit(s.text())
		s.attributes(metric.Metadata())
		return metric
	}
	s.numbers(another().SetEmptyGauge().DataPoints())
	another().SetEmptyGauge()

	sum := another().SetEmptySum()
	sum.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	sum.SetIsMonotonic(true)
	s.numbers(sum.DataPoints())
	another().SetEmptySum()

	histogram := another().SetEmptyHistogram()
	histogram.SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
	everyOptional(s, histogram.DataPoints().AppendEmpty, s.histogram)
	another().SetEmptyHistogram()

	exponential := another().SetEmptyExponentialHistogram()
	exponential.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	everyOptional(s, exponential.DataPoints().AppendEmpty, s.exponential)
	another().SetEmptyExponentialHistogram()

	summary := another().SetEmptySummary()
	s.summary(summary.DataPoints().AppendEmpty())
	summary.DataPoints().AppendEmpty().QuantileValues().AppendEmpty()
	another().SetEmptySummary()
}

func (s *sampler) point(point point) {
	s.attributes(point.Attributes())
	point.SetStartTimestamp(s.time())
	point.SetTimestamp(s.time())
	point.SetFlags(pmetric.DataPointFlags(s.uint32()))
}

func (s *sampler) numbers(points pmetric.NumberDataPointSlice) {
	for _, set := range []func(pmetric.NumberDataPoint){
		func(p pmetric.NumberDataPoint) { p.SetIntValue(-int64(s.next())) },
		func(p pmetric.NumberDataPoint) { p.SetDoubleValue(s.float()) },
		func(p pmetric.NumberDataPoint) { p.SetIntValue(0) },
		func(p pmetric.NumberDataPoint) { p.SetDoubleValue(0) },
	} {
		point := points.AppendEmpty()
		s.point(point)
		set(point)
	}
	s.exemplars(points.At(0).Exemplars())
	points.AppendEmpty()
}

func (s *sampler) exemplars(exemplars pmetric.ExemplarSlice) {
	for _, set := range []func(pmetric.Exemplar){
		func(e pmetric.Exemplar) { e.SetIntValue(-int64(s.next())) },
		func(e pmetric.Exemplar) { e.SetDoubleValue(s.float()) },
	} {
		exemplar := exemplars.AppendEmpty()
		s.attributes(exemplar.FilteredAttributes())
		exemplar.SetTimestamp(s.time())
		exemplar.SetTraceID(s.traceID())
		exemplar.SetSpanID(s.spanID())
		set(exemplar)
	}
	exemplars.AppendEmpty()
}

func (s *sampler) histogram(point pmetric.HistogramDataPoint) {
	s.point(point)
	point.SetCount(s.next())
	point.BucketCounts().FromRaw([]uint64{s.next(), 0, s.next() << 40})
	point.ExplicitBounds().FromRaw([]float64{-s.float(), s.float()})
	s.exemplars(point.Exemplars())
}

func (s *sampler) exponential(point pmetric.ExponentialHistogramDataPoint) {
	s.point(point)
	point.SetCount(s.next())
	point.SetScale(-int32(s.next()))
	point.SetZeroCount(s.next())
	point.SetZeroThreshold(s.float())
	for _, buckets := range []pmetric.ExponentialHistogramDataPointBuckets{
		point.Positive(), point.Negative(),
	} {
		buckets.SetOffset(-int32(s.next()))
		buckets.BucketCounts().FromRaw([]uint64{s.next(), 0, s.next() << 40})
	}
	s.exemplars(point.Exemplars())
}

func (s *sampler) summary(point pmetric.SummaryDataPoint) {
	s.point(point)
	point.SetCount(s.next())
	point.SetSum(s.float())
	for range 2 {
		quantile := point.QuantileValues().AppendEmpty()
		quantile.SetQuantile(s.float())
		quantile.SetValue(s.float())
	}
}

// everyOptional makes points with all, none and each one of what they need not have, and with zeros
// that are set.
func everyOptional[T interface {
	SetSum(float64)
	SetMin(float64)
	SetMax(float64)
}](s *sampler, appendEmpty func() T, fill func(T)) {
	full, zero := appendEmpty(), appendEmpty()
	fill(full)
	for index, set := range []func(T, float64){T.SetSum, T.SetMin, T.SetMax} {
		set(full, s.float())
		set(zero, 0)
		set(appendEmpty(), float64(index))
	}
	appendEmpty()
}

// everyValue has what edits that are proved name by their places.
func everyValue(values pcommon.Map) {
	values.PutStr("text", "é\x00x")
	values.PutStr("no text", "")
	values.PutBool("true", true)
	values.PutBool("false", false)
	values.PutInt("int", -7)
	values.PutInt("zero", 0)
	values.PutDouble("double", 1.5)
	values.PutEmptyBytes("bytes").FromRaw([]byte{0, 255})
	values.PutEmptyBytes("no bytes")
	values.PutEmpty("empty")
	list := values.PutEmptySlice("list")
	list.AppendEmpty()
	list.AppendEmpty().SetEmptySlice().AppendEmpty().SetInt(1)
	values.PutEmptySlice("no list")
	values.PutEmptyMap("map").PutEmptyMap("map").PutStr("deep", "down")
	values.PutEmptyMap("no map")
}
