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
		by := &chance{Rand: rand.New(rand.NewPCG(seed, 11)), writing: &writing{},
			metrics: codec.signal == signalMetrics}
		by.further = func() (string, []*tree) {
			encoded, err := codec.marshal(batches(by))
			require.NoError(t, err)
			scope := contentOf(contentOf(encoded, tagFirst), tagSecond)
			data, err := codec.unmarshal(batchOf(string(scope)))
			require.NoError(t, err)
			return string(scope), treeOf(data).below[0].below[0].below
		}
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
			require.NoError(t, applied(by.list(), codec.places, data, lies))
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

// applied carries out a list on a batch.
func applied[T any](list *editList, of func(T, *applier) places, data T, lies *shape) error {
	with := new(applier)
	return with.apply(list, of(data, with), lies)
}

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

func TestAttributesOfAllSignalsHaveAShortWay(t *testing.T) {
	items := learntShape(t).items
	require.True(t, items.logs.learnt)
	require.True(t, items.spans.learnt)
	for kind := pmetric.MetricTypeGauge; kind <= pmetric.MetricTypeSummary; kind++ {
		require.True(t, items.points[kind].learnt, kind)
	}
	type unlike struct{ List []pcommon.Map }
	require.False(t, learnItemLists[unlike](reflect.TypeFor[string]()).learnt)
	require.False(t, learnItemLists[string](reflect.TypeFor[string]()).learnt)
}
