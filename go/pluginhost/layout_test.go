package pluginhost

import (
	"bytes"
	"encoding/binary"
	"reflect"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// walker reads telemetry by the learnt table alone, as Rust does.
type walker struct {
	t    *testing.T
	rows []field
}

// learntLogs needs no Rust, and is proved nowhere.
func learntLogs(t *testing.T) *layout {
	lies, err := learn(reflect.TypeFor[plog.Logs](), logsMessages())
	require.NoError(t, err)
	return lies
}

func newWalker(t *testing.T) walker {
	lies := learntLogs(t)
	rows := make([]field, len(lies.table)/fieldSize)
	require.NoError(t, binary.Read(bytes.NewReader(lies.table), binary.NativeEndian, rows))
	require.Equal(t, lies.rows, rows)
	return walker{t, rows}
}

func (w walker) row(message, number uint32) field {
	for _, row := range w.rows {
		if row.Message == message && row.Number == number && row.Number != 0 {
			return row
		}
	}
	w.t.Fatalf("message %d has no field %d", message, number)
	return field{}
}

func at[T any](address unsafe.Pointer, offset uint32) T {
	return *(*T)(unsafe.Add(address, offset))
}

// below gives the messages in a field.
func (w walker) below(address unsafe.Pointer, row field) (found []unsafe.Pointer) {
	here := unsafe.Add(address, row.Offset)
	switch row.Kind {
	case fieldStruct:
		return []unsafe.Pointer{here}
	case fieldPointer:
		return []unsafe.Pointer{*(*unsafe.Pointer)(here)}
	}
	first, count := at[unsafe.Pointer](here, 0), at[int](here, 8)
	for index := range count {
		switch row.Kind {
		case fieldStructs:
			found = append(found, unsafe.Add(first, index*int(row.Size)))
		case fieldPointers:
			found = append(found, at[unsafe.Pointer](first, uint32(8*index)))
		default:
			w.t.Fatalf("row %+v holds no messages", row)
		}
	}
	return found
}

func (w walker) field(message uint32, address unsafe.Pointer, number uint32) any {
	row := w.row(message, number)
	switch row.Kind {
	case field64:
		return at[uint64](address, row.Offset)
	case fieldInt32:
		return at[int32](address, row.Offset)
	case fieldUint32:
		return at[uint32](address, row.Offset)
	case fieldString:
		return at[string](address, row.Offset)
	case fieldID:
		return bytes.Clone((*[16]byte)(unsafe.Add(address, row.Offset))[:row.Size:row.Size])
	}
	w.t.Fatalf("row %+v is no plain field", row)
	return nil
}

// raw gives what pcommon.Value.AsRaw gives.
func (w walker) raw(value unsafe.Pointer) any {
	for _, oneof := range w.rows {
		if oneof.Kind != fieldOneof {
			continue
		}
		word, box := at[uint64](value, oneof.Offset), at[unsafe.Pointer](value, oneof.Offset+8)
		if word == 0 {
			return nil
		}
		for _, row := range w.rows {
			if row.Word == word {
				return w.variant(box, row)
			}
		}
	}
	return "of no known type"
}

func (w walker) variant(box unsafe.Pointer, row field) any {
	switch row.Number {
	case 1:
		return at[string](box, row.Offset)
	case 2:
		return at[bool](box, row.Offset)
	case 3:
		return at[int64](box, row.Offset)
	case 4:
		return at[float64](box, row.Offset)
	case 7:
		return at[[]byte](box, row.Offset)
	}
	list := w.below(box, row)[0]
	if row.Number == 6 {
		return w.attributes(list, w.row(messageMap, 1))
	}
	values := []any{}
	for _, value := range w.below(list, w.row(messageArray, 1)) {
		values = append(values, w.raw(value))
	}
	return values
}

func (w walker) attributes(address unsafe.Pointer, row field) map[string]any {
	found := map[string]any{}
	for _, pair := range w.below(address, row) {
		value := w.below(pair, w.row(messageKeyValue, 2))[0]
		found[w.field(messageKeyValue, pair, 1).(string)] = w.raw(value)
	}
	return found
}

func TestTheLearntTableReadsWhatThePublicAPIMade(t *testing.T) {
	data := sampleLogs()
	w := newWalker(t)
	root := rootOf(data, learntLogs(t))
	resources := w.below(root, w.row(messageLogs, 1))
	require.Len(t, resources, 2)
	for index, resource := range resources[:1] {
		made := data.ResourceLogs().At(index)
		require.Equal(t, made.SchemaUrl(), w.field(messageResourceLogs, resource, 3))
		header := w.below(resource, w.row(messageResourceLogs, 1))[0]
		require.Equal(t, made.Resource().Attributes().AsRaw(),
			w.attributes(header, w.row(messageResource, 1)))
		require.Equal(t, made.Resource().DroppedAttributesCount(), w.field(messageResource, header, 2))
		scopes := w.below(resource, w.row(messageResourceLogs, 2))
		require.Len(t, scopes, 2)
		w.scope(scopes[0], made.ScopeLogs().At(0))
	}
}

func (w walker) scope(scope unsafe.Pointer, made plog.ScopeLogs) {
	t := w.t
	require.Equal(t, made.SchemaUrl(), w.field(messageScopeLogs, scope, 3))
	header := w.below(scope, w.row(messageScopeLogs, 1))[0]
	require.Equal(t, made.Scope().Name(), w.field(messageScope, header, 1))
	require.Equal(t, made.Scope().Version(), w.field(messageScope, header, 2))
	require.Equal(t, made.Scope().DroppedAttributesCount(), w.field(messageScope, header, 4))
	require.Equal(t, made.Scope().Attributes().AsRaw(), w.attributes(header, w.row(messageScope, 3)))
	records := w.below(scope, w.row(messageScopeLogs, 2))
	require.Len(t, records, 3)
	for index, record := range records[:2] {
		made := made.LogRecords().At(index)
		traceID, spanID := made.TraceID(), made.SpanID()
		for number, expected := range map[uint32]any{
			1: uint64(made.Timestamp()), 2: int32(made.SeverityNumber()), 3: made.SeverityText(),
			7: made.DroppedAttributesCount(), 8: uint32(made.Flags()), 9: traceID[:], 10: spanID[:],
			11: uint64(made.ObservedTimestamp()), 12: made.EventName(),
		} {
			require.Equal(t, expected, w.field(messageLogRecord, record, number), number)
		}
		require.Equal(t, made.Body().AsRaw(), w.raw(w.below(record, w.row(messageLogRecord, 5))[0]))
		require.Equal(t, made.Attributes().AsRaw(),
			w.attributes(record, w.row(messageLogRecord, 6)))
	}
}

// Here is no Rust that could prove anything.
func TestLogsAreEncodedWithoutAProof(t *testing.T) {
	chosen, encoded, err := choose(logsCodecs, formatFeatures[formatView], viewAuto)
	require.NoError(t, err)
	require.ErrorIs(t, encoded, errUnread)
	require.Len(t, chosen, 1)
	require.Equal(t, formatOTLP, chosen[0].format)
	record := newCall(signalLogs, formatView)
	defer record.release()
	_, err = logsCodecs[0].given(record, plog.NewLogs())
	require.ErrorIs(t, err, errUnread)
}

// Whatever is not as expected, there is no table at all.
func TestATypeThatIsNotAsExpectedIsNotLearnt(t *testing.T) {
	type request struct{ ResourceLogs []*struct{} }
	type Logs struct{ orig *request }
	_, err := learn(reflect.TypeOf(Logs{orig: new(request)}), logsMessages())
	require.ErrorContains(t, err, "request is not expected")
	_, err = learn(reflect.TypeFor[plog.SeverityNumber](), logsMessages())
	require.ErrorContains(t, err, "does not begin with the address")

	for public, messages := range map[reflect.Type]func() map[string]meaning{
		reflect.TypeFor[plog.Logs]():       logsMessages,
		reflect.TypeFor[ptrace.Traces]():   tracesMessages,
		reflect.TypeFor[pmetric.Metrics](): metricsMessages,
	} {
		lies, err := learn(public, messages())
		require.NoError(t, err)
		require.NoError(t, lies.followable())
		for name, is := range messages() {
			other := messages()
			delete(other, name)
			_, err = learn(public, other)
			require.ErrorContains(t, err, name+" is not expected")

			other = messages()
			other[name].fields["Missing"] = 99
			_, err = learn(public, other)
			require.ErrorContains(t, err, "fields")

			if is.variants != nil {
				is.variants = nil
				other = messages()
				other[name] = is
				_, err = learn(public, other)
				require.ErrorContains(t, err, "cannot be read")
			}
			if is.optional != nil {
				is.optional = map[string]any{"Sum": is.optional["Sum"], "Min": is.optional["Sum"]}
				other = messages()
				other[name] = is
				_, err = learn(public, other)
				require.ErrorContains(t, err, "does not tell whether Sum is set")
			}
		}
	}
}

func TestWhereAProofFailsTheFieldIsNamed(t *testing.T) {
	marshal := (&pmetric.JSONMarshaler{}).MarshalMetrics
	want, got := sampleMetrics(), sampleMetrics()
	metrics := got.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics()
	metrics.At(4).Histogram().DataPoints().At(0).SetMin(0)
	require.Equal(t, "see resourceMetrics[0].scopeMetrics[0].metrics[4].histogram.dataPoints[0].min",
		firstDifference(want, got, marshal))
}

// A stack moves when it grows; what was lent lies on the heap.
func TestWhatIsLentStaysWhereItIsWhileTheStackGrows(t *testing.T) {
	record := newCall(signalLogs, formatView)
	defer record.release()
	data := plog.NewLogs()
	data.ResourceLogs().AppendEmpty().SetSchemaUrl("kept")
	lies := learntLogs(t)
	codec := logsCodecs[0]
	codec.inPlace = func() (*layout, error) { return lies, nil }
	table, err := codec.given(record, data)
	require.NoError(t, err)
	require.Equal(t, lies.table, table)
	lent := uint64(record.memory.root)
	require.NotZero(t, grow(1000))
	require.Equal(t, uint64(uintptr(rootOf(data, lies))), lent)
	require.Equal(t, uint64(uintptr(record.root)), lent)
}

//go:noinline
func grow(depth int) int {
	var block [512]byte
	block[depth%512] = 1
	if depth == 0 {
		return int(block[0])
	}
	return grow(depth-1) + int(block[depth%512])
}
