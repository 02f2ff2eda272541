package pluginhost

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// tableWriting makes a table of a batch, by reflection and the layout.
type tableWriting struct {
	lies *layout
	rows []row
	text []byte
	keys map[int][2]uint32
}

// key writes a key, but where the list before had the same one at that place.
func (w *tableWriting) key(place int, key string) (uint32, uint32) {
	if known := w.keys[place]; string(w.text[known[0]:known[0]+known[1]]) == key {
		return known[0], known[1]
	}
	start, length := w.put(key)
	w.keys[place] = [2]uint32{uint32(start), length}
	return uint32(start), length
}

func (w *tableWriting) table() table { return table{rows: w.rows, text: string(w.text)} }

func (w *tableWriting) put(content string) (uint64, uint32) {
	w.text = append(w.text, content...)
	return uint64(len(w.text) - len(content)), uint32(len(content))
}

func (w *tableWriting) add(kind uint8, number uint32) *row {
	w.rows = append(w.rows, row{kind: kind, number: uint16(number)})
	return &w.rows[len(w.rows)-1]
}

func fieldAt(of reflect.Value, offset uint32) reflect.Value {
	for index := range of.NumField() {
		if of.Type().Field(index).Offset == uintptr(offset) {
			return of.Field(index)
		}
	}
	panic("no field there")
}

// variantOf is the number of the variant that is set, 0 if none is, and what is in it.
func (w *tableWriting) variantOf(message uint32, of reflect.Value) (uint32, reflect.Value) {
	var held reflect.Value
	for _, one := range w.lies.rows {
		if one.Message == message && one.Kind == fieldOneof {
			held = fieldAt(of, one.Offset)
		}
	}
	for _, one := range w.lies.rows {
		if one.Message == message && one.Word != 0 && one.Kind != fieldSet && held.IsValid() &&
			!held.IsNil() && held.Elem().Elem().Type() == w.lies.boxes[one.Word] {
			return one.Number, held.Elem().Elem().Field(0)
		}
	}
	return 0, reflect.Value{}
}

func (w *tableWriting) message(message uint32, of reflect.Value) {
	for _, one := range w.lies.rows {
		if one.Message != message || one.Number == 0 || one.Kind == fieldSet {
			continue
		}
		if one.Word != 0 {
			if number, inside := w.variantOf(message, of); number == one.Number {
				w.field(one, inside)
			}
			continue
		}
		if w.isSet(one, of) {
			w.field(one, fieldAt(of, one.Offset))
		}
	}
}

// isSet says it of a field that need not be.
func (w *tableWriting) isSet(one field, of reflect.Value) bool {
	for _, set := range w.lies.rows {
		if set.Message == one.Message && set.Number == one.Number && set.Kind == fieldSet {
			return fieldAt(of, set.Offset).Index(0).Uint()&set.Word != 0
		}
	}
	return true
}

func (w *tableWriting) field(one field, there reflect.Value) {
	switch one.Kind {
	case fieldString:
		to := w.add(rowBytes, one.Number)
		to.bits, to.len = w.put(there.String())
	case fieldID:
		var id []byte
		for index := range there.Len() {
			id = append(id, byte(there.Index(index).Uint()))
		}
		to := w.add(rowBytes, one.Number)
		to.bits, to.len = w.put(string(id))
	case fieldNumbers:
		to := w.add(rowNumbers, one.Number)
		to.bits, to.len = uint64(len(w.text)), uint32(there.Len())
		for index := range there.Len() {
			w.text = binary.NativeEndian.AppendUint64(w.text, numberOf(there.Index(index)))
		}
	case fieldStruct, fieldPointer:
		if one.Kind == fieldPointer {
			there = there.Elem()
		}
		if one.Of == messageAnyValue {
			w.value(w.add(rowValue, one.Number), there)
			return
		}
		w.add(rowMessage, one.Number)
		w.message(one.Of, there)
		w.add(rowEnd, 0)
	case fieldStructs, fieldPointers:
		w.list(one, there)
	default:
		w.add(rowNumber, one.Number).bits = numberOf(there)
	}
}

func (w *tableWriting) list(one field, there reflect.Value) {
	if one.Of == messageKeyValue {
		w.add(rowAttributes, one.Number).len = uint32(there.Len())
		for index := range there.Len() {
			start, length := w.key(index, there.Index(index).FieldByName("Key").String())
			to := w.add(rowAttribute, 0)
			to.key, to.keyLen = start, length
			w.value(to, there.Index(index).FieldByName("Value"))
		}
		return
	}
	w.add(rowList, one.Number).len = uint32(there.Len())
	for index := range there.Len() {
		item := there.Index(index)
		if one.Kind == fieldPointers {
			item = item.Elem()
		}
		w.add(rowItem, 0)
		w.message(one.Of, item)
		w.add(rowEnd, 0)
	}
}

func (w *tableWriting) value(to *row, of reflect.Value) {
	number, inside := w.variantOf(messageAnyValue, of)
	switch number {
	case 0:
	case 1:
		to.value = valueString
		to.bits, to.len = w.put(inside.String())
	case 2:
		to.value, to.bits = valueBool, numberOf(inside)
	case 3:
		to.value, to.bits = valueInt, numberOf(inside)
	case 4:
		to.value, to.bits = valueDouble, numberOf(inside)
	case 7:
		to.value = valueBytes
		to.bits, to.len = w.put(string(inside.Bytes()))
	default:
		public := pcommon.NewValueEmpty()
		*(*unsafe.Pointer)(unsafe.Pointer(&public)) = of.Addr().UnsafePointer()
		to.value = valueOTLP
		to.bits, to.len = w.put(encodedValue(public))
	}
}

func numberOf(of reflect.Value) uint64 {
	switch of.Kind() {
	case reflect.Float64:
		return math.Float64bits(of.Float())
	case reflect.Bool:
		if of.Bool() {
			return 1
		}
		return 0
	case reflect.Int32:
		return uint64(uint32(of.Int()))
	case reflect.Int64:
		return uint64(of.Int())
	}
	return of.Uint()
}

// builder is what the tests need of a signal.
type builder[T any] struct {
	*codec[T]
	lies *layout
	plan *plan
}

func builderOf[T any](t testing.TB, codec codec[T], messages func() map[string]meaning) builder[T] {
	lies, err := learn(reflect.TypeFor[T](), messages())
	require.NoError(t, err)
	with, err := planOf(lies)
	require.NoError(t, err)
	return builder[T]{&codec, lies, with}
}

func (b builder[T]) tableOf(data T) table {
	w := &tableWriting{lies: b.lies, keys: map[int][2]uint32{}}
	root := reflect.NewAt(b.lies.structs[b.tables.root], rootOf(data, b.lies)).Elem()
	w.message(b.tables.root, root)
	return w.table()
}

func (b builder[T]) encoded(t testing.TB, data T) []byte {
	encoded, err := b.marshal(data)
	require.NoError(t, err)
	return encoded
}

func TestTableIsBuiltAsWhatIsDecoded(t *testing.T) {
	t.Run("logs", func(t *testing.T) {
		builtAsDecoded(t, builderOf(t, logsCodecs[1], logsMessages), (*chance).someLogs, sampleLogs)
	})
	t.Run("traces", func(t *testing.T) {
		builtAsDecoded(t, builderOf(t, tracesCodecs[1], tracesMessages), (*chance).someTraces,
			sampleTraces)
	})
	t.Run("metrics", func(t *testing.T) {
		builtAsDecoded(t, builderOf(t, metricsCodecs[1], metricsMessages), (*chance).someMetrics,
			sampleMetrics)
	})
}

func builtAsDecoded[T any](t *testing.T, b builder[T], batches func(*chance) T, sample func() T) {
	same := func(data T) {
		encoded := b.encoded(t, data)
		decoded, err := b.unmarshal(encoded)
		require.NoError(t, err)
		made, err := b.build(b.plan, b.tableOf(decoded))
		require.NoError(t, err)
		require.Equal(t, encoded, b.encoded(t, made))
		nothingIsShared(t, reflect.ValueOf(made).Field(0).Elem(), map[unsafe.Pointer]bool{})
	}
	same(sample())
	for seed := range uint64(2_000) {
		same(batches(&chance{rand.New(rand.NewPCG(seed, 13)), &writing{}, false, nil}))
	}
}

// nothingIsShared walks through a batch: what is added to one of its lists lands in no other.
func nothingIsShared(t *testing.T, of reflect.Value, seen map[unsafe.Pointer]bool) {
	switch of.Kind() {
	case reflect.Struct:
		for index := range of.NumField() {
			nothingIsShared(t, of.Field(index), seen)
		}
	case reflect.Interface, reflect.Pointer:
		if of.IsNil() {
			return
		}
		if of.Kind() == reflect.Pointer {
			require.False(t, seen[of.UnsafePointer()], "%s", of.Type())
			seen[of.UnsafePointer()] = true
		}
		nothingIsShared(t, of.Elem(), seen)
	case reflect.Slice:
		if of.Cap() != of.Len() {
			// Only what is decoded has room.
			return
		}
		for index := range of.Len() {
			nothingIsShared(t, of.Index(index), seen)
		}
	}
}

func TestTableThatIsBuiltCanBeChangedLikeAnyOther(t *testing.T) {
	b := builderOf(t, logsCodecs[1], logsMessages)
	change := func(data plog.Logs) {
		number := int64(0)
		for _, resource := range data.ResourceLogs().All() {
			resource.Resource().Attributes().PutStr("new", "resource")
			for _, scope := range resource.ScopeLogs().All() {
				for _, record := range scope.LogRecords().All() {
					number++
					record.Attributes().PutInt("number", number)
					if bytes, ok := record.Attributes().Get("bytes"); ok {
						bytes.Bytes().Append(byte(number))
						bytes.Bytes().SetAt(0, 9)
					}
				}
				scope.LogRecords().AppendEmpty().SetSeverityText("last")
			}
		}
	}
	data := usualLogs(50)
	for _, record := range data.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().All() {
		record.Attributes().PutEmptyBytes("bytes").FromRaw([]byte{1, 2, 3})
	}
	made, err := b.build(b.plan, b.tableOf(data))
	require.NoError(t, err)
	change(data)
	change(made)
	require.Equal(t, b.encoded(t, data), b.encoded(t, made))
}

// usualLogs are records of a usual size, with ten attributes.
func usualLogs(count int) plog.Logs {
	data := plog.NewLogs()
	resource := data.ResourceLogs().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", "checkout")
	scope := resource.ScopeLogs().AppendEmpty()
	for index := range count {
		record := scope.LogRecords().AppendEmpty()
		record.SetTimestamp(pcommon.Timestamp(index + 1))
		record.SetSeverityNumber(plog.SeverityNumberInfo)
		record.SetSeverityText("INFO")
		record.Body().SetStr("a line that was logged")
		for _, key := range strings.Fields("http.method http.route net.peer k8s.pod k8s.node host " +
			"region user cart shard") {
			record.Attributes().PutStr(key, "value of "+key)
		}
	}
	return data
}

func TestTableIsBuiltWithLessThanTwoAllocationsARecord(t *testing.T) {
	b := builderOf(t, logsCodecs[1], logsMessages)
	given := b.tableOf(usualLogs(800))
	found := testing.AllocsPerRun(5, func() {
		_, err := b.build(b.plan, given)
		require.NoError(t, err)
	})
	require.Less(t, found, 1_600.0)
	t.Logf("%v allocations for 800 records", found)
}

// One record in a hundred is kept, of many batches. What is built may keep alive at most four times
// as much as what is decoded.
func TestTableSurvivorsDoNotKeepTheirBatchAlive(t *testing.T) {
	b := builderOf(t, logsCodecs[1], logsMessages)
	encoded := b.encoded(t, usualLogs(2_000))
	decoded := keptHeap(t, func() plog.Logs {
		data, err := b.unmarshal(encoded)
		require.NoError(t, err)
		return data
	})
	given := b.tableOf(usualLogs(2_000))
	built := keptHeap(t, func() plog.Logs {
		data, err := b.build(b.plan, given)
		require.NoError(t, err)
		return data
	})
	t.Logf("kept of what is decoded: %d, of what is built: %d bytes, ratio %.2f", decoded, built,
		float64(built)/float64(decoded))
	require.LessOrEqual(t, built, 4*decoded)
}

// keptHeap is how much memory the survivors of fifty batches keep.
func keptHeap(t *testing.T, batch func() plog.Logs) uint64 {
	kept := plog.NewLogRecordSlice()
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	before := heap()
	for range 50 {
		records := batch().ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
		for index := 0; index < records.Len(); index += 100 {
			records.At(index).MoveTo(kept.AppendEmpty())
		}
	}
	after := heap()
	runtime.KeepAlive(batch)
	require.Equal(t, 1_000, kept.Len())
	return after - before
}
