package pluginhost

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// tree is a batch, or a message of it, in plain terms: what edits ought to do is done to it in the
// most direct way.
type tree struct {
	list   []pair
	fields map[uint32]any
	below  []*tree
	gone   bool
}

// statusText stands for what the status of a span says: the half of field 15 that is a text. No
// field of a span has this number.
const statusText = 17

type pair struct {
	key   string
	value any
}

func pairsOf(list pcommon.Map) (found []pair) {
	for key, value := range list.All() {
		found = append(found, pair{key, value.AsRaw()})
	}
	return found
}

func headOf(resource pcommon.Resource) *tree {
	return &tree{list: pairsOf(resource.Attributes()),
		fields: map[uint32]any{2: uint64(resource.DroppedAttributesCount())}}
}

func scopeOf(scope pcommon.InstrumentationScope) *tree {
	return &tree{list: pairsOf(scope.Attributes()),
		fields: map[uint32]any{1: scope.Name(), 2: scope.Version(),
			4: uint64(scope.DroppedAttributesCount())}}
}

func treeOfLogs(data plog.Logs) *tree {
	batch := &tree{}
	for _, resource := range data.ResourceLogs().All() {
		head := headOf(resource.Resource())
		batch.below = append(batch.below, head)
		for _, scope := range resource.ScopeLogs().All() {
			at := scopeOf(scope.Scope())
			head.below = append(head.below, at)
			for _, record := range scope.LogRecords().All() {
				traceID, spanID := record.TraceID(), record.SpanID()
				at.below = append(at.below, &tree{list: pairsOf(record.Attributes()), fields: map[uint32]any{
					1: uint64(record.Timestamp()), 2: uint64(record.SeverityNumber()), 3: record.SeverityText(),
					5: record.Body().AsRaw(), 7: uint64(record.DroppedAttributesCount()),
					8: uint64(record.Flags()), 9: string(traceID[:]), 10: string(spanID[:]),
					11: uint64(record.ObservedTimestamp()), 12: record.EventName()}})
			}
		}
	}
	return batch
}

func treeOfTraces(data ptrace.Traces) *tree {
	batch := &tree{}
	for _, resource := range data.ResourceSpans().All() {
		head := headOf(resource.Resource())
		batch.below = append(batch.below, head)
		for _, scope := range resource.ScopeSpans().All() {
			at := scopeOf(scope.Scope())
			head.below = append(head.below, at)
			for _, span := range scope.Spans().All() {
				traceID, spanID, parent := span.TraceID(), span.SpanID(), span.ParentSpanID()
				at.below = append(at.below, &tree{list: pairsOf(span.Attributes()), fields: map[uint32]any{
					1: string(traceID[:]), 2: string(spanID[:]), 3: span.TraceState().AsRaw(),
					4: string(parent[:]), 5: span.Name(), 6: uint64(span.Kind()),
					7: uint64(span.StartTimestamp()), 8: uint64(span.EndTimestamp()),
					10: uint64(span.DroppedAttributesCount()), 12: uint64(span.DroppedEventsCount()),
					14: uint64(span.DroppedLinksCount()), 15: uint64(span.Status().Code()),
					statusText: span.Status().Message(), 16: uint64(span.Flags())}})
			}
		}
	}
	return batch
}

type readPoint interface {
	point
	StartTimestamp() pcommon.Timestamp
	Timestamp() pcommon.Timestamp
	Flags() pmetric.DataPointFlags
}

func treeOfMetrics(data pmetric.Metrics) *tree {
	batch := &tree{}
	for _, resource := range data.ResourceMetrics().All() {
		head := headOf(resource.Resource())
		batch.below = append(batch.below, head)
		for _, scope := range resource.ScopeMetrics().All() {
			at := scopeOf(scope.Scope())
			head.below = append(head.below, at)
			for _, metric := range scope.Metrics().All() {
				one := &tree{fields: map[uint32]any{1: metric.Name(), 2: metric.Description(),
					3: metric.Unit()}}
				at.below = append(at.below, one)
				view := metricsPlaces{one: metric, kind: metric.Type()}
				for item := range view.points() {
					point := view.point(item).(readPoint)
					flags := uint32(8)
					if view.kind == pmetric.MetricTypeHistogram ||
						view.kind == pmetric.MetricTypeExponentialHistogram {
						flags = 10
					}
					fields := map[uint32]any{2: uint64(point.StartTimestamp()), 3: uint64(point.Timestamp()),
						flags: uint64(point.Flags())}
					if number, ok := point.(pmetric.NumberDataPoint); ok {
						fields[4], fields[6] = number.DoubleValue(), uint64(number.IntValue())
					}
					one.below = append(one.below, &tree{list: pairsOf(point.Attributes()), fields: fields})
				}
			}
		}
	}
	return batch
}

// trim removes what is gone.
func (t *tree) trim() *tree {
	var stay []*tree
	for _, below := range t.below {
		if !below.gone {
			stay = append(stay, below.trim())
		}
	}
	t.below = stay
	return t
}

func clonedTree(of *tree) *tree {
	made := &tree{list: append([]pair(nil), of.list...), fields: map[uint32]any{}}
	for number, value := range of.fields {
		made.fields[number] = value
	}
	for _, below := range of.below {
		made.below = append(made.below, clonedTree(below))
	}
	return made
}

// edited does to one message what a row says.
func (t *tree) edited(list *editList, row *edit, value any) {
	switch row.kind {
	case editDrop:
		t.gone = true
	case editField:
		number := row.index
		if _, span := t.fields[statusText]; span && number == 15 && row.value == valueString {
			number = statusText
		}
		t.fields[number] = value
	case editSet:
		t.list[row.index].value = value
	case editPut:
		t.list = append(t.list, pair{list.keyOf(row), value})
	case editRename:
		t.list[row.index].key = list.keyOf(row)
	case editDelete:
		last := len(t.list) - 1
		t.list[row.index] = t.list[last]
		t.list = t.list[:last]
	case editKeep:
		var stay []pair
		for index, one := range t.list {
			if list.valueOf(row)[index/8]&(1<<(index%8)) != 0 {
				stay = append(stay, one)
			}
		}
		t.list = stay
	}
	if len(t.list) == 0 {
		t.list = nil
	}
}
