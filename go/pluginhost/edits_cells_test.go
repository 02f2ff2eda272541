package pluginhost

import (
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/featuregate"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

func TestTheLearntShapeIsProved(t *testing.T) {
	require.NoError(t, learntShape(t).prove())
	require.NoError(t, shapeProblem())
	require.NotNil(t, preparedShape())
}

func TestAShapeThatIsWrongAnywhereIsNotProved(t *testing.T) {
	for what, spoil := range map[string]func(*shape){
		"list":            func(s *shape) { s.list += 8 },
		"value":           func(s *shape) { s.value += 8 },
		"size":            func(s *shape) { s.size += 8 },
		"smaller":         func(s *shape) { s.size -= 8 },
		"key":             func(s *shape) { s.key += 8 },
		"held":            func(s *shape) { s.held += 8 },
		"held less":       func(s *shape) { s.held -= 8 },
		"others":          func(s *shape) { s.others[0] += 8 },
		"others less":     func(s *shape) { s.others[0] -= 8 },
		"inner":           func(s *shape) { s.inner += 8 },
		"inner and held":  func(s *shape) { s.inner, s.held = s.inner+8, s.held+8 },
		"key and held":    func(s *shape) { s.key, s.held = s.held, s.key },
		"key and others":  func(s *shape) { s.key, s.others[0] = s.others[0], s.key },
		"text and bytes":  func(s *shape) { swap(s, valueString, valueBytes) },
		"int and double":  func(s *shape) { swap(s, valueInt, valueDouble) },
		"size of a cell":  func(s *shape) { s.cells[valueString].size = 8 },
		"type of a cell":  func(s *shape) { s.cells[valueInt].of = s.cells[valueDouble].of },
		"what lies in it": func(s *shape) { s.cells[valueBool].sample = s.cells[valueInt].sample },
		"pair":            func(s *shape) { s.pair = reflect.TypeFor[string]() },
		"log records":     func(s *shape) { s.items.logs.attributes += 8 },
		"spans":           func(s *shape) { s.items.spans.attributes -= 8 },
		"gauges":          func(s *shape) { s.items.points[pmetric.MetricTypeGauge].attributes += 8 },
		"sums":            func(s *shape) { s.items.points[pmetric.MetricTypeSum].attributes += 8 },
		"histograms": func(s *shape) {
			s.items.points[pmetric.MetricTypeHistogram].attributes += 8
		},
		"exponential histograms": func(s *shape) {
			s.items.points[pmetric.MetricTypeExponentialHistogram].attributes += 8
		},
		"summaries": func(s *shape) { s.items.points[pmetric.MetricTypeSummary].attributes += 8 },
	} {
		lies := learntShape(t)
		lies.others = slices.Clone(lies.others)
		spoil(lies)
		require.Error(t, lies.prove(), what)
	}
}

func swap(s *shape, left, right int) {
	s.cells[left], s.cells[right] = s.cells[right], s.cells[left]
}

func TestAListThatIsNotAsExpectedIsNotLearnt(t *testing.T) {
	type pair struct {
		Key   string
		Value struct{ Value any }
	}
	type Map struct{ orig *[]pair }
	_, err := learnShape(reflect.TypeOf(Map{orig: new([]pair)}), sampleValues())
	require.ErrorContains(t, err, "pair.Value is not expected")
	_, err = learnShape(reflect.TypeFor[pcommon.Slice](), sampleValues())
	require.ErrorContains(t, err, "is not expected")
	_, err = learnShape(reflect.TypeFor[pcommon.Value](), sampleValues())
	require.ErrorContains(t, err, "does not begin with the address of structs")
	samples := sampleValues()
	samples[valueInt] = pcommon.NewValueStr("")
	_, err = learnShape(reflect.TypeFor[pcommon.Map](), samples)
	require.ErrorContains(t, err, "does not begin with a int64")
}

// Cells must not come into the pools of pdata, nor lists that share an allocation.
func TestNothingIsWrittenInPlaceWherePdataPoolsOrTheOperatorSaysSo(t *testing.T) {
	pool := func(on bool) {
		require.NoError(t, featuregate.GlobalRegistry().Set(poolingGate, on))
	}
	pool(true)
	t.Cleanup(func() { pool(false) })
	require.Nil(t, preparedShape())
	require.NoError(t, shapeProblem())
	t.Run("edits by the public API are right then, too", func(t *testing.T) {
		sameEverywhere(t, logsCodecs[1], (*chance).someLogs, treeOfLogs, []*shape{nil})
	})
	pool(false)
	require.NotNil(t, preparedShape())
	pdataView.Store(viewOff)
	t.Cleanup(func() { pdataView.Store(viewAuto) })
	require.NoError(t, shapeProblem())
	require.Nil(t, preparedShape())
}

// manyLogs are records with ten attributes each, as decoded.
func manyLogs(t testing.TB, count int) plog.Logs {
	data := plog.NewLogs()
	records := data.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for range count {
		list := records.AppendEmpty().Attributes()
		for index := range 10 {
			list.PutStr(fmt.Sprintf("attribute.%d", index), "a value of some length")
		}
	}
	encoded, err := (&plog.ProtoMarshaler{}).MarshalLogs(data)
	require.NoError(t, err)
	data, err = (&plog.ProtoUnmarshaler{}).UnmarshalLogs(encoded)
	require.NoError(t, err)
	return data
}

// forEach are rows of one kind about all records.
func forEach(count int, write func(*writing, uint32)) *editList {
	list := (&writing{}).open(0, 0)
	for item := range count {
		write(list, uint32(item))
	}
	return list.list()
}

func setFifth(w *writing, item uint32) {
	w.value(w.add(editSet, levelRecord, item, 5), valueString, "another")
}

func putNew(w *writing, item uint32) {
	w.value(w.key(w.add(editPut, levelRecord, item, 0), "new"), valueString, "another")
}

func TestValuesOfAllRecordsAreSetWithFewAllocations(t *testing.T) {
	data, lies, list := manyLogs(t, 8192), learntShape(t), forEach(8192, setFifth)
	with := new(applier)
	require.LessOrEqual(t, testing.AllocsPerRun(5, func() {
		if err := with.apply(list, placesOfLogs(data, with), lies); err != nil {
			panic(err)
		}
	}), 12.0)
}

func TestListsGrowWithFewAllocations(t *testing.T) {
	lies, list := learntShape(t), forEach(8192, func(w *writing, item uint32) {
		for range 7 {
			putNew(w, item)
		}
	})
	batches := []plog.Logs{manyLogs(t, 8192), manyLogs(t, 8192)}
	require.LessOrEqual(t, testing.AllocsPerRun(1, func() {
		if err := applied(list, placesOfLogs, batches[0], lies); err != nil {
			panic(err)
		}
		batches = batches[1:]
	}), 8192.0/20)
}

// What other components do with an edited batch must not show in other attributes, and what was
// replaced or removed must be free.
func TestAnEditedBatchIsLikeAnyOther(t *testing.T) {
	lies := learntShape(t)
	data := manyLogs(t, 100)
	list := (&writing{}).open(0, 0)
	for item := range uint32(100) {
		for range 8 {
			list.value(list.key(list.add(editPut, levelRecord, item, 0), "bytes"), valueBytes, "123")
		}
		list.value(list.add(editSet, levelRecord, item, 1), valueString, "set")
		list.add(editDelete, levelRecord, item, 0)
	}
	require.NoError(t, applied(list.list(), placesOfLogs, data, lies))
	clear(list.text)
	runtime.GC()
	records := data.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
	for index, record := range records.All() {
		require.Equal(t, 17, record.Attributes().Len())
		for key, value := range record.Attributes().All() {
			if key == "bytes" {
				value.Bytes().Append(byte(index))
				value.Bytes().SetAt(0, 'x')
			}
		}
		for extra := range 5 {
			record.Attributes().PutInt(fmt.Sprint("more", extra), int64(extra))
		}
	}
	runtime.GC()
	for index, record := range records.All() {
		require.Equal(t, 22, record.Attributes().Len())
		for key, value := range record.Attributes().All() {
			if key == "bytes" {
				require.Equal(t, []byte{'x', '2', '3', byte(index)}, value.Bytes().AsRaw())
			}
		}
		value, ok := record.Attributes().Get("attribute.1")
		require.True(t, ok)
		require.Equal(t, "set", value.Str())
	}
}

// What is removed must not stay alive behind the end of its list, nor come back with what is put
// there.
func TestNothingStaysBehindTheEndOfAList(t *testing.T) {
	lies := learntShape(t)
	record, err := decodeRecord("2\x05\x0a\x01a\x18\x07" + "2\x05\x0a\x01b\x18\x08" +
		"2\x05\x0a\x01c\x18\x09" + "2\x0a\x0a\x01d\x12\x03\x0a\x01x\x18\x0a")
	require.NoError(t, err)
	data := plog.NewLogs()
	record.MoveTo(data.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty())
	records := data.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
	list := lies.listAt(records.At(0).Attributes())
	type raw struct {
		key   string
		held  any
		other int32
	}
	all := func() (found []raw) {
		for index := range list.cap {
			at := lies.at(list, index)
			found = append(found, raw{*(*string)(unsafe.Add(at, lies.key)),
				*(*any)(unsafe.Add(at, lies.held)), *(*int32)(unsafe.Add(at, lies.others[0]))})
		}
		return found
	}
	edit := func(write func(*writing)) {
		written := (&writing{}).open(0, 0)
		write(written)
		require.NoError(t, applied(written.list(), placesOfLogs, data, lies))
	}
	text := all()[3].held
	require.NotNil(t, text)
	require.Equal(t, []raw{{"a", nil, 7}, {"b", nil, 8}, {"c", nil, 9}, {"d", text, 10}}, all())
	edit(func(w *writing) { w.add(editDelete, levelRecord, 0, 1) })
	require.Equal(t, []raw{{"a", nil, 7}, {"d", text, 10}, {"c", nil, 9}, {}}, all())
	edit(func(w *writing) { w.value(w.add(editKeep, levelRecord, 0, 0), valueBytes, "\x06") })
	require.Equal(t, []raw{{"d", text, 10}, {"c", nil, 9}, {}, {}}, all())
	edit(func(w *writing) { w.key(w.add(editRename, levelRecord, 0, 0), "e") })
	require.Equal(t, []raw{{"e", text, 0}, {"c", nil, 9}, {}, {}}, all())
	// As pdata leaves it when it removes an attribute.
	require.True(t, records.At(0).Attributes().Remove("e"))
	require.Equal(t, []raw{{"c", nil, 9}, {"c", nil, 9}, {}, {}}, all())
	edit(func(w *writing) { w.key(w.add(editPut, levelRecord, 0, 0), "f") })
	require.Equal(t, []raw{{"c", nil, 9}, {"f", nil, 0}, {}, {}}, all())
}

// benchmark edits batches that are made anew for each round.
func benchmark(b *testing.B, write func(*writing, uint32), native func(pcommon.Map)) {
	lies := learntShape(b)
	for _, count := range []int{8192, 100} {
		list := forEach(count, write)
		whole := manyLogs(b, count)
		ways := map[string]func(plog.Logs){
			"in place": func(data plog.Logs) { require.NoError(b, applied(list, placesOfLogs, data, lies)) },
			"by API":   func(data plog.Logs) { require.NoError(b, applied(list, placesOfLogs, data, nil)) },
			"native": func(data plog.Logs) {
				for _, record := range data.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().All() {
					native(record.Attributes())
				}
			},
		}
		for _, way := range []string{"in place", "by API", "native"} {
			b.Run(fmt.Sprintf("%s/%d", way, count), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					b.StopTimer()
					data := plog.NewLogs()
					whole.CopyTo(data)
					b.StartTimer()
					ways[way](data)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*count), "ns/record")
			})
		}
	}
}

func BenchmarkSet(b *testing.B) {
	benchmark(b, setFifth, func(list pcommon.Map) { list.PutStr("attribute.5", "another") })
}

func BenchmarkPutIntoFullList(b *testing.B) {
	benchmark(b, putNew, func(list pcommon.Map) { list.PutStr("new", "another") })
}

func BenchmarkDelete(b *testing.B) {
	benchmark(b, func(w *writing, item uint32) { w.add(editDelete, levelRecord, item, 5) },
		func(list pcommon.Map) { list.Remove("attribute.5") })
}
