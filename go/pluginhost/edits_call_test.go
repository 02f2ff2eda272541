package pluginhost

import (
	"encoding/binary"
	"runtime"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"
)

// answered is a call to which a component answered this list. Its memory stays where it is.
func answered(t *testing.T, list *writing) *call {
	record := newCall(signalLogs, formatOTLP)
	output := &record.memory.output
	output.format = _Ctype_uint32_t(formatEdits)
	var pinned runtime.Pinner
	t.Cleanup(func() {
		record.release()
		pinned.Unpin()
	})
	if len(list.rows) > 0 {
		rows, err := binary.Append(nil, binary.NativeEndian, list.rows)
		require.NoError(t, err)
		pinned.Pin(&rows[0])
		output.data.ptr, output.data.len = bytesOf(rows), _Ctype_uint64_t(len(rows))
	}
	if len(list.text) > 0 {
		pinned.Pin(&list.text[0])
		output.text.ptr, output.text.len = bytesOf(list.text), _Ctype_uint64_t(len(list.text))
	}
	return record
}

func instanceOf[T any](features uint64) *instance[T] {
	of := life{health: &health{logger: zap.NewNop()}, id: component.MustNewIDWithName("edits", "some")}
	return &instance[T]{life: of, features: features}
}

// severity is a right list.
func severity() *writing {
	list := (&writing{}).open(0, 0)
	list.value(list.add(editField, levelRecord, 0, 3), valueString, "loud")
	return list
}

func TestTheRowsOfAnAnswerAreReadAsTheyLie(t *testing.T) {
	written := severity()
	list, err := answered(t, written).edits()
	require.NoError(t, err)
	require.Equal(t, written.list(), list)
	list, err = answered(t, &writing{}).edits()
	require.NoError(t, err)
	require.Empty(t, list.rows)
	require.Empty(t, list.text)

	for says, spoil := range map[string]func(*call){
		"in a format that this Collector does not know": func(c *call) {
			c.memory.output.format = _Ctype_uint32_t(formatOTLP)
		},
		"an edit list of 95 bytes, of which a row has 32": func(c *call) {
			c.memory.output.data.len--
		},
		"a null pointer to 96 bytes": func(c *call) { c.memory.output.data.ptr = nil },
		"a null pointer to 4 bytes":  func(c *call) { c.memory.output.text.ptr = nil },
		"a length of 9223372036854775808 bytes": func(c *call) {
			c.memory.output.text.len = 1 << 63
		},
		"an edit list that is not aligned": func(c *call) {
			data := &c.memory.output.data
			data.ptr = (*_Ctype_uint8_t)(unsafe.Add(unsafe.Pointer(data.ptr), 4))
			data.len -= 32
		},
	} {
		record := answered(t, severity())
		spoil(record)
		_, err := record.edits()
		require.ErrorContains(t, err, says)
	}
}

func TestEditsAreMadeOnTheBatchThatTheCollectorHolds(t *testing.T) {
	data := smallLogs()
	next, err := instanceOf[plog.Logs](featureMutates|featureEdits).answered(t.Context(),
		&logsCodecs[1], answered(t, severity()), data, outcomeEdits)
	require.NoError(t, err)
	require.Equal(t, data, next)
	records := data.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
	require.Equal(t, "loud", records.At(0).SeverityText())
}

func TestABatchThatOthersReadTooIsCopiedFirst(t *testing.T) {
	logs := smallLogs()
	before, err := logsCodecs[1].marshal(logs)
	require.NoError(t, err)
	logs.MarkReadOnly()
	next, err := instanceOf[plog.Logs](featureMutates|featureEdits).edited(&logsCodecs[1],
		answered(t, severity()), logs)
	require.NoError(t, err)
	require.False(t, next.IsReadOnly())
	records := next.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
	require.Equal(t, "loud", records.At(0).SeverityText())
	after, err := logsCodecs[1].marshal(logs)
	require.NoError(t, err)
	require.Equal(t, before, after)

	traces, metrics := ptrace.NewTraces(), pmetric.NewMetrics()
	require.Equal(t, traces, writableTraces(traces))
	require.Equal(t, metrics, writableMetrics(metrics))
	traces.MarkReadOnly()
	metrics.MarkReadOnly()
	require.False(t, writableTraces(traces).IsReadOnly())
	require.False(t, writableMetrics(metrics).IsReadOnly())
}

func TestAComponentWhoseListIsNoGoodIsOutOfService(t *testing.T) {
	data := smallLogs()
	for says, test := range map[string]struct {
		features uint64
		list     *writing
	}{
		`"edits/some" answered an edit list, and offers none or declares`: {featureMutates, severity()},
		`"edits/some": the component broke the contract of the C ABI: row 3 names resource 9 of 2`: {
			featureMutates | featureEdits, severity().open(9)},
	} {
		broken := instanceOf[plog.Logs](test.features)
		require.NoError(t, broken.outOfService())
		_, err := broken.edited(&logsCodecs[1], answered(t, test.list), data)
		require.ErrorContains(t, err, says)
		require.True(t, consumererror.IsPermanent(err))
		require.Equal(t, err, broken.outOfService())
	}
	_, err := instanceOf[plog.Logs](featureEdits).edited(&logsCodecs[1], answered(t, severity()), data)
	require.ErrorContains(t, err, "offers none or declares that it never changes data")
	records := data.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
	require.Empty(t, records.At(0).SeverityText())
}

// faulty panics where it is edited.
type faulty struct{ places }

func (faulty) set(uint8, int, uint32, given) { panic("a fault") }

func TestAFaultOfTheHostIsAnErrorOfTheBatch(t *testing.T) {
	codec := logsCodecs[1]
	codec.places = func(data plog.Logs, with *applier) places {
		return faulty{placesOfLogs(data, with)}
	}
	sound := instanceOf[plog.Logs](featureMutates | featureEdits)
	_, err := sound.edited(&codec, answered(t, severity()), smallLogs())
	require.ErrorContains(t, err, `the edit list of "edits/some": it cannot be carried out: a fault`)
	require.True(t, consumererror.IsPermanent(err))
	require.NoError(t, sound.outOfService())
}

func TestOnlyAComponentThatEditsHasWhatIsSharedCopied(t *testing.T) {
	require.True(t, edits(featureMutates|featureEdits))
	require.False(t, edits(featureMutates))
	require.False(t, edits(featureEdits))
}
