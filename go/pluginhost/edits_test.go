package pluginhost

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// writing makes an edit list as a component does.
type writing struct {
	rows []edit
	text []byte
}

func (w *writing) list() *editList { return &editList{w.rows, string(w.text)} }

func (w *writing) add(kind, level uint8, item, index uint32) *edit {
	w.rows = append(w.rows, edit{kind: kind, level: level, item: item, index: index})
	return &w.rows[len(w.rows)-1]
}

func (w *writing) open(ordinals ...uint32) *writing {
	for above, ordinal := range ordinals {
		w.add([]uint8{editResource, editScope, editMetric}[above], 0, ordinal, 0)
	}
	return w
}

func (w *writing) key(row *edit, key string) *edit {
	row.key, row.keyLen = uint32(len(w.text)), uint32(len(key))
	w.text = append(w.text, key...)
	return row
}

func (w *writing) value(row *edit, kind uint8, text string) *edit {
	row.value, row.bits, row.valueLen = kind, uint64(len(w.text)), uint32(len(text))
	w.text = append(w.text, text...)
	return row
}

// tree is a batch, or a message of it, in plain terms: what edits ought to do is done to it in the
// most direct way.
type tree struct {
	list   []pair
	fields map[uint32]any
	below  []*tree
	gone   bool
}

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
					14: uint64(span.DroppedLinksCount()), 16: uint64(span.Flags())}})
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
		t.fields[row.index] = value
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

// chance makes batches and edits by chance, the same for the same seed.
type chance struct {
	*rand.Rand
	*writing
	metrics bool
}

var someKeys = []string{"", "a", "b", "key", "another key", "ключ"}

func (c *chance) someKey() string { return someKeys[c.IntN(len(someKeys))] }

// someValue fills a value, and gives it in plain terms.
func (c *chance) someValue(to pcommon.Value, depth int) {
	kinds := 6
	if depth > 0 {
		kinds = 8
	}
	switch c.IntN(kinds) {
	case 0:
		pcommon.NewValueEmpty().MoveTo(to)
	case 1:
		to.SetStr(c.someKey())
	case 2:
		to.SetBool(c.IntN(2) == 1)
	case 3:
		to.SetInt(int64(c.Uint64()))
	case 4:
		to.SetDouble(c.NormFloat64())
	case 5:
		to.SetEmptyBytes().FromRaw([]byte(c.someKey()))
	case 6:
		list := to.SetEmptySlice()
		for range c.IntN(3) {
			c.someValue(list.AppendEmpty(), depth-1)
		}
	case 7:
		list := to.SetEmptyMap()
		for range c.IntN(3) {
			c.someValue(list.PutEmpty(c.someKey()), depth-1)
		}
	}
}

func (c *chance) someList(to pcommon.Map) {
	var keys []string
	var values []pcommon.Value
	for range c.IntN(7) {
		value := pcommon.NewValueEmpty()
		c.someValue(value, 2)
		keys, values = append(keys, c.someKey()), append(values, value)
	}
	rebuild(to, keys, values)
	if to.Len() > 1 && c.IntN(3) == 0 {
		// What is stale then lies behind the end.
		to.RemoveIf(func(string, pcommon.Value) bool { return c.IntN(2) == 0 })
	}
}

func (c *chance) someHeads(resource pcommon.Resource, scope pcommon.InstrumentationScope) {
	c.someList(resource.Attributes())
	c.someList(scope.Attributes())
	scope.SetName(c.someKey())
}

func (c *chance) someLogs() plog.Logs {
	data := plog.NewLogs()
	for range c.IntN(4) {
		resource := data.ResourceLogs().AppendEmpty()
		for range c.IntN(3) {
			scope := resource.ScopeLogs().AppendEmpty()
			c.someHeads(resource.Resource(), scope.Scope())
			for range c.IntN(5) {
				record := scope.LogRecords().AppendEmpty()
				c.someValue(record.Body(), 2)
				c.someList(record.Attributes())
			}
		}
	}
	return data
}

func (c *chance) someTraces() ptrace.Traces {
	data := ptrace.NewTraces()
	for range c.IntN(4) {
		resource := data.ResourceSpans().AppendEmpty()
		for range c.IntN(3) {
			scope := resource.ScopeSpans().AppendEmpty()
			c.someHeads(resource.Resource(), scope.Scope())
			for range c.IntN(5) {
				span := scope.Spans().AppendEmpty()
				c.someList(span.Attributes())
				c.someList(span.Events().AppendEmpty().Attributes())
				span.Status().SetMessage("kept")
			}
		}
	}
	return data
}

func (c *chance) someMetrics() pmetric.Metrics {
	data := pmetric.NewMetrics()
	for range c.IntN(4) {
		resource := data.ResourceMetrics().AppendEmpty()
		for range c.IntN(3) {
			scope := resource.ScopeMetrics().AppendEmpty()
			c.someHeads(resource.Resource(), scope.Scope())
			for range c.IntN(4) {
				metric := scope.Metrics().AppendEmpty()
				points := c.IntN(4)
				switch c.IntN(6) {
				case 0:
					for list := metric.SetEmptyGauge().DataPoints(); list.Len() < points; {
						c.someList(list.AppendEmpty().Attributes())
					}
				case 1:
					for list := metric.SetEmptySum().DataPoints(); list.Len() < points; {
						c.someList(list.AppendEmpty().Attributes())
					}
				case 2:
					for list := metric.SetEmptyHistogram().DataPoints(); list.Len() < points; {
						c.someList(list.AppendEmpty().Attributes())
					}
				case 3:
					for list := metric.SetEmptyExponentialHistogram().DataPoints(); list.Len() < points; {
						c.someList(list.AppendEmpty().Attributes())
					}
				case 4:
					for list := metric.SetEmptySummary().DataPoints(); list.Len() < points; {
						c.someList(list.AppendEmpty().Attributes())
					}
				}
			}
		}
	}
	return data
}

// someEdits writes valid edits, and does them to the tree.
func (c *chance) someEdits(batch *tree) {
	for ordinal, resource := range batch.below {
		if c.IntN(3) == 0 {
			continue
		}
		c.add(editResource, 0, uint32(ordinal), 0)
		if !c.someOf(resource, levelResource, 0, []uint32{2}) {
			continue
		}
		for ordinal, scope := range resource.below {
			if c.IntN(4) == 0 {
				continue
			}
			c.add(editScope, 0, uint32(ordinal), 0)
			if !c.someOf(scope, levelScope, 0, []uint32{1, 2, 4}) {
				continue
			}
			c.someItems(scope)
		}
	}
	batch.trim()
}

func (c *chance) someItems(scope *tree) {
	for ordinal, item := range scope.below {
		switch {
		case c.IntN(4) == 0:
		case !c.metrics:
			c.someOf(item, levelRecord, uint32(ordinal), nil)
		default:
			c.add(editMetric, 0, uint32(ordinal), 0)
			if !c.someOf(item, levelMetric, 0, []uint32{1, 2, 3}) {
				continue
			}
			for ordinal, point := range item.below {
				c.someOf(point, levelPoint, uint32(ordinal), nil)
			}
		}
	}
}

// someOf edits one message, and says whether it is still there.
func (c *chance) someOf(one *tree, level uint8, item uint32, numbers []uint32) bool {
	if c.IntN(6) == 0 {
		row := c.add(editDrop, level, item, 0)
		one.edited(c.list(), row, nil)
		return false
	}
	for range c.IntN(5) {
		c.someEdit(one, level, item, numbers)
	}
	return true
}

func (c *chance) someEdit(one *tree, level uint8, item uint32, numbers []uint32) {
	kind := uint8(editSet + c.IntN(editKeep-editSet+1))
	if level == levelMetric || c.IntN(5) == 0 {
		kind = editField
	}
	row := c.add(kind, level, item, 0)
	var value any
	switch kind {
	case editField:
		row.index, value = c.someField(row, one, numbers)
	case editPut:
		value = c.someGiven(c.key(row, c.someKey()))
	case editKeep:
		bitmap := make([]byte, (len(one.list)+7)/8)
		for index := range bitmap {
			bitmap[index] = byte(c.Uint32())
		}
		c.value(row, valueBytes, string(bitmap))
	default:
		if len(one.list) == 0 {
			c.rows = c.rows[:len(c.rows)-1]
			return
		}
		row.index = uint32(c.IntN(len(one.list)))
		if kind == editSet {
			value = c.someGiven(row)
		}
		if kind == editRename {
			c.key(row, c.someKey())
		}
	}
	one.edited(c.list(), row, value)
}

// someField sets a field, one of those that the message was read with where none are given.
func (c *chance) someField(row *edit, one *tree, numbers []uint32) (uint32, any) {
	if numbers == nil {
		for number := uint32(1); number < 17; number++ {
			if _, ok := one.fields[number]; ok {
				numbers = append(numbers, number)
			}
		}
	}
	number := numbers[c.IntN(len(numbers))]
	_, log := one.fields[12].(string)
	_, span := one.fields[16]
	if log && number == 5 {
		return number, c.someGiven(row)
	}
	switch was := one.fields[number].(type) {
	case string:
		text := c.someKey()
		kind := uint8(valueString)
		if log && (number == 9 || number == 10) || span && (number < 3 || number == 4) {
			id := make([]byte, len(was))
			for index := range id {
				id[index] = byte(c.Uint32())
			}
			kind, text = valueBytes, string(id)
		}
		c.value(row, kind, text)
		return number, text
	case float64:
		// A point has one number, whichever it was.
		one.fields[6] = uint64(0)
		number := c.NormFloat64()
		row.value, row.bits = valueDouble, bitsOf(number)
		return 4, number
	default:
		if _, point := one.fields[4].(float64); point && number == 6 {
			one.fields[4] = float64(0)
		}
		row.value, row.bits = valueInt, uint64(c.Uint32N(1<<31))
		return number, row.bits
	}
}

// someGiven writes a value of any kind into a row, and gives it in plain terms.
func (c *chance) someGiven(row *edit) any {
	value := pcommon.NewValueEmpty()
	c.someValue(value, 2)
	switch value.Type() {
	case pcommon.ValueTypeStr:
		if c.IntN(2) == 0 {
			c.value(row, valueString, value.Str())
			return value.AsRaw()
		}
	case pcommon.ValueTypeBool:
		row.value = valueBool
		if value.Bool() {
			row.bits = 1
		}
		return value.AsRaw()
	case pcommon.ValueTypeInt:
		row.value, row.bits = valueInt, uint64(value.Int())
		return value.AsRaw()
	case pcommon.ValueTypeDouble:
		row.value, row.bits = valueDouble, bitsOf(value.Double())
		return value.AsRaw()
	case pcommon.ValueTypeBytes:
		c.value(row, valueBytes, string(value.Bytes().AsRaw()))
		return value.AsRaw()
	case pcommon.ValueTypeEmpty:
		row.value = valueEmpty
		return nil
	}
	c.value(row, valueOTLP, encodedValue(value))
	return value.AsRaw()
}

// encodedValue is a value as an OTLP `AnyValue`, as it lies in the body of a record.
func encodedValue(value pcommon.Value) string {
	data := plog.NewLogs()
	scope := data.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
	value.CopyTo(scope.LogRecords().AppendEmpty().Body())
	encoded, err := (&plog.ProtoMarshaler{}).MarshalLogs(data)
	if err != nil {
		panic(err)
	}
	for _, tag := range []byte{tagFirst, tagSecond, tagSecond, tagBody} {
		encoded = contentOf(encoded, tag)
	}
	return string(encoded)
}

func contentOf(encoded []byte, tag byte) []byte {
	for len(encoded) > 0 {
		length, at := 0, 1
		for shift := 0; ; shift += 7 {
			length |= int(encoded[at]&0x7f) << shift
			at++
			if encoded[at-1] < 0x80 {
				break
			}
		}
		if encoded[0] == tag {
			return encoded[at : at+length]
		}
		if encoded[0]&7 != 2 {
			panic("a field without a length")
		}
		encoded = encoded[at+length:]
	}
	return nil
}

// sameEverywhere edits a batch by the public API and in place, and compares both with the tree.
func sameEverywhere[T any](t *testing.T, codec codec[T], batches func(*chance) T,
	treeOf func(T) *tree, lies []*shape,
) {
	for seed := range uint64(2_000) {
		by := &chance{rand.New(rand.NewPCG(seed, 11)), &writing{}, codec.signal == signalMetrics}
		encoded, err := codec.marshal(batches(by))
		require.NoError(t, err)
		before, err := codec.unmarshal(encoded)
		require.NoError(t, err)
		expected := clonedTree(treeOf(before))
		by.someEdits(expected)
		var answers [][]byte
		for _, lies := range lies {
			data, err := codec.unmarshal(encoded)
			require.NoError(t, err)
			require.NoError(t, by.list().apply(codec.places(data), lies))
			require.Equal(t, expected, treeOf(data).normal(), "seed %d", seed)
			answer, err := codec.marshal(data)
			require.NoError(t, err)
			answers = append(answers, answer)
		}
		for _, answer := range answers[1:] {
			require.Equal(t, answers[0], answer, "seed %d", seed)
		}
	}
}

// normal is the tree as trim leaves it.
func (t *tree) normal() *tree { return clonedTree(t).trim() }

func bitsOf(value float64) uint64 { return math.Float64bits(value) }

func learntShape(t testing.TB) *shape {
	lies, err := learnShape(reflect.TypeFor[pcommon.Map](), sampleValues())
	require.NoError(t, err)
	return lies
}

func TestEditsDoWhatTheySayWhateverTheBatch(t *testing.T) {
	ways := []*shape{nil, learntShape(t)}
	t.Run("logs", func(t *testing.T) {
		sameEverywhere(t, logsCodecs[1], (*chance).someLogs, treeOfLogs, ways)
	})
	t.Run("traces", func(t *testing.T) {
		sameEverywhere(t, tracesCodecs[1], (*chance).someTraces, treeOfTraces, ways)
	})
	t.Run("metrics", func(t *testing.T) {
		sameEverywhere(t, metricsCodecs[1], (*chance).someMetrics, treeOfMetrics, ways)
	})
}
