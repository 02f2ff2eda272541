package pluginhost

import (
	"math"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// takes is what a field takes.
type takes uint8

const (
	takesNothing takes = iota
	takesText
	takes64
	takesUint32
	takesInt32
	takesDouble
	takesTraceID
	takesSpanID
	takesAny
	// takesStatus is a number, which is the code, or a text, which is what it says.
	takesStatus
)

func (t takes) fits(row *edit) bool {
	switch t {
	case takesText:
		return row.value == valueString
	case takes64:
		return row.value == valueInt
	case takesUint32:
		return row.value == valueInt && row.bits <= math.MaxUint32
	case takesInt32:
		return row.value == valueInt && int64(row.bits) == int64(int32(row.bits))
	case takesDouble:
		return row.value == valueDouble
	case takesTraceID:
		return row.value == valueBytes && (row.valueLen == 16 || row.valueLen == 0)
	case takesSpanID:
		return row.value == valueBytes && (row.valueLen == 8 || row.valueLen == 0)
	case takesAny:
		return true
	case takesStatus:
		return takesText.fits(row) || takesInt32.fits(row)
	}
	return false
}

// settable is a field of a message that an edit may set.
type settable[M any] struct {
	takes takes
	set   func(M, given)
}

// fields are those of a message that may be set, by their numbers in OTLP.
type fields[M any] []settable[M]

func takesOf[M any](of fields[M], number uint32) takes {
	if int(number) >= len(of) {
		return takesNothing
	}
	return of[number].takes
}

// given is the value of a row that was checked.
type given struct {
	by  *editor
	row *edit
}

func (g given) text() string            { return g.by.list.valueOf(g.row) }
func (g given) uint32() uint32          { return uint32(g.row.bits) }
func (g given) int32() int32            { return int32(g.row.bits) }
func (g given) time() pcommon.Timestamp { return pcommon.Timestamp(g.row.bits) }
func (g given) trace() (id pcommon.TraceID) {
	copy(id[:], g.text())
	return id
}
func (g given) span() (id pcommon.SpanID) {
	copy(id[:], g.text())
	return id
}

func doubleOf(row *edit) float64 { return math.Float64frombits(row.bits) }

var resourceFields = fields[pcommon.Resource]{
	2: {takesUint32, func(of pcommon.Resource, v given) { of.SetDroppedAttributesCount(v.uint32()) }},
}

var scopeFields = fields[pcommon.InstrumentationScope]{
	1: {takesText, func(of pcommon.InstrumentationScope, v given) { of.SetName(v.text()) }},
	2: {takesText, func(of pcommon.InstrumentationScope, v given) { of.SetVersion(v.text()) }},
	4: {takesUint32, func(of pcommon.InstrumentationScope, v given) {
		of.SetDroppedAttributesCount(v.uint32())
	}},
}

var logFields = fields[plog.LogRecord]{
	1: {takes64, func(of plog.LogRecord, v given) { of.SetTimestamp(v.time()) }},
	2: {takesInt32, func(of plog.LogRecord, v given) {
		of.SetSeverityNumber(plog.SeverityNumber(v.int32()))
	}},
	3: {takesText, func(of plog.LogRecord, v given) { of.SetSeverityText(v.text()) }},
	5: {takesAny, func(of plog.LogRecord, v given) { v.by.into(of.Body(), v.row) }},
	7: {takesUint32, func(of plog.LogRecord, v given) { of.SetDroppedAttributesCount(v.uint32()) }},
	8: {takesUint32, func(of plog.LogRecord, v given) {
		of.SetFlags(plog.LogRecordFlags(v.uint32()))
	}},
	9:  {takesTraceID, func(of plog.LogRecord, v given) { of.SetTraceID(v.trace()) }},
	10: {takesSpanID, func(of plog.LogRecord, v given) { of.SetSpanID(v.span()) }},
	11: {takes64, func(of plog.LogRecord, v given) { of.SetObservedTimestamp(v.time()) }},
	12: {takesText, func(of plog.LogRecord, v given) { of.SetEventName(v.text()) }},
}

var spanFields = fields[ptrace.Span]{
	1:  {takesTraceID, func(of ptrace.Span, v given) { of.SetTraceID(v.trace()) }},
	2:  {takesSpanID, func(of ptrace.Span, v given) { of.SetSpanID(v.span()) }},
	3:  {takesText, func(of ptrace.Span, v given) { of.TraceState().FromRaw(v.text()) }},
	4:  {takesSpanID, func(of ptrace.Span, v given) { of.SetParentSpanID(v.span()) }},
	5:  {takesText, func(of ptrace.Span, v given) { of.SetName(v.text()) }},
	6:  {takesInt32, func(of ptrace.Span, v given) { of.SetKind(ptrace.SpanKind(v.int32())) }},
	7:  {takes64, func(of ptrace.Span, v given) { of.SetStartTimestamp(v.time()) }},
	8:  {takes64, func(of ptrace.Span, v given) { of.SetEndTimestamp(v.time()) }},
	10: {takesUint32, func(of ptrace.Span, v given) { of.SetDroppedAttributesCount(v.uint32()) }},
	12: {takesUint32, func(of ptrace.Span, v given) { of.SetDroppedEventsCount(v.uint32()) }},
	14: {takesUint32, func(of ptrace.Span, v given) { of.SetDroppedLinksCount(v.uint32()) }},
	15: {takesStatus, setStatus},
	16: {takesUint32, func(of ptrace.Span, v given) { of.SetFlags(v.uint32()) }},
}

// setStatus sets one half of a status, and leaves the other.
func setStatus(of ptrace.Span, v given) {
	if v.row.value == valueString {
		of.Status().SetMessage(v.text())
	} else {
		of.Status().SetCode(ptrace.StatusCode(v.int32()))
	}
}

var metricFields = fields[pmetric.Metric]{
	1: {takesText, func(of pmetric.Metric, v given) { of.SetName(v.text()) }},
	2: {takesText, func(of pmetric.Metric, v given) { of.SetDescription(v.text()) }},
	3: {takesText, func(of pmetric.Metric, v given) { of.SetUnit(v.text()) }},
}

var (
	setStart = settable[point]{takes64, func(of point, v given) { of.SetStartTimestamp(v.time()) }}
	setTime  = settable[point]{takes64, func(of point, v given) { of.SetTimestamp(v.time()) }}
	setFlags = settable[point]{takesUint32, func(of point, v given) {
		of.SetFlags(pmetric.DataPointFlags(v.uint32()))
	}}
	numberFields = fields[point]{2: setStart, 3: setTime, 8: setFlags,
		4: {takesDouble, func(of point, v given) {
			of.(pmetric.NumberDataPoint).SetDoubleValue(doubleOf(v.row))
		}},
		6: {takes64, func(of point, v given) {
			of.(pmetric.NumberDataPoint).SetIntValue(int64(v.row.bits))
		}},
	}
)

var pointFields = map[pmetric.MetricType]fields[point]{
	pmetric.MetricTypeGauge:                numberFields,
	pmetric.MetricTypeSum:                  numberFields,
	pmetric.MetricTypeHistogram:            {2: setStart, 3: setTime, 10: setFlags},
	pmetric.MetricTypeExponentialHistogram: {2: setStart, 3: setTime, 10: setFlags},
	pmetric.MetricTypeSummary:              {2: setStart, 3: setTime, 8: setFlags},
}
