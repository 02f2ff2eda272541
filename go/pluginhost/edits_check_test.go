package pluginhost

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// smallLogs are two resources, of which the first has a scope with two records, which have three
// attributes each.
func smallLogs() plog.Logs {
	data := plog.NewLogs()
	scope := data.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
	for range 2 {
		list := scope.LogRecords().AppendEmpty().Attributes()
		list.PutStr("a", "1")
		list.PutStr("b", "2")
		list.PutStr("c", "3")
	}
	data.ResourceLogs().AppendEmpty()
	return data
}

// refused are lists that are no good for a batch, and what is said about them.
type refused map[string]func(*writing)

func refuse[T any](t *testing.T, codec codec[T], batch func() T, lists refused) {
	lies := learntShape(t)
	for says, write := range lists {
		for _, lies := range []*shape{nil, lies} {
			t.Run(says, func(t *testing.T) {
				list := &writing{}
				write(list)
				data := batch()
				before, err := codec.marshal(data)
				require.NoError(t, err)
				err = applied(list.list(), codec.places, data, lies)
				require.ErrorContains(t, err, says)
				require.ErrorAs(t, err, new(breach))
				after, err := codec.marshal(data)
				require.NoError(t, err)
				require.Equal(t, before, after)
			})
		}
	}
}

// after is a row that is right, so that a list that was carried out in part would show.
func (w *writing) after() *writing {
	w.open(0, 0)
	w.value(w.key(w.add(editPut, levelScope, 0, 0), "k"), valueString, "v")
	return w
}

func TestAListThatIsNoGoodForTheBatchChangesNothing(t *testing.T) {
	refuse(t, logsCodecs[1], smallLogs, refused{
		"row 0 has level 0, which is none": func(w *writing) { w.add(99, 0, 0, 0) },
		"row 3 has kind 99, which is none": func(w *writing) {
			w.after().add(99, levelRecord, 0, 0)
		},
		"row 3 has kind 0, which is none": func(w *writing) {
			w.after().add(0, levelRecord, 0, 0)
		},
		"row 3 has level 6, which is none": func(w *writing) {
			w.after().add(editDrop, 6, 0, 0)
		},
		"row 3 names resource 2 of 2":                 func(w *writing) { w.after().open(2) },
		"row 3 names resource 0, which does not rise": func(w *writing) { w.after().open(0) },
		"row 3 names scope 0, which does not rise": func(w *writing) {
			w.after().add(editScope, 0, 0, 0)
		},
		"row 4 names scope 0 of 0":           func(w *writing) { w.after().open(1, 0) },
		"row 0 names a scope in no resource": func(w *writing) { w.add(editScope, 0, 0, 0) },
		"row 0 names a place, and has a level": func(w *writing) {
			w.add(editResource, levelResource, 0, 0)
		},
		"row 3 names a metric, which there are only in metrics": func(w *writing) {
			w.after().add(editMetric, 0, 0, 0)
		},
		"row 3 is about a metric, which there are only in metrics": func(w *writing) {
			w.after().add(editDrop, levelMetric, 0, 0)
		},
		"row 3 is about a point, which there are only in metrics": func(w *writing) {
			w.after().add(editDrop, levelPoint, 0, 0)
		},
		"row 0 is about a resource, and the last place is none for it": func(w *writing) {
			w.add(editDrop, levelResource, 0, 0)
		},
		"row 3 is about a resource, and the last place is none for it": func(w *writing) {
			w.after().add(editDrop, levelResource, 0, 0)
		},
		"row 4 is about a record, and the last place is none for it": func(w *writing) {
			w.after().open(1).add(editDrop, levelRecord, 0, 0)
		},
		"row 3 is about item 1, and a place is named before": func(w *writing) {
			w.after().add(editDrop, levelScope, 1, 0)
		},
		"row 3 is about record 2 of 2": func(w *writing) { w.after().add(editDrop, levelRecord, 2, 0) },
		"row 4 is about what rows before it have left": func(w *writing) {
			w.after().add(editDrop, levelRecord, 1, 0)
			w.add(editDrop, levelRecord, 0, 0)
		},
		"row 5 is about what rows before it have left": func(w *writing) {
			w.after().add(editDelete, levelRecord, 0, 0)
			w.add(editDelete, levelRecord, 1, 0)
			w.add(editDrop, levelScope, 0, 0)
		},
		"row 4 is about what was dropped": func(w *writing) {
			w.after().add(editDrop, levelRecord, 0, 0)
			w.add(editDelete, levelRecord, 0, 0)
		},
		"row 3 is about what was dropped": func(w *writing) {
			w.open(0, 0).add(editDrop, levelScope, 0, 0)
			w.add(editDrop, levelRecord, 0, 0)
		},
		"row 2 names what was dropped": func(w *writing) {
			w.open(0).add(editDrop, levelResource, 0, 0)
			w.add(editScope, 0, 0, 0)
		},
		"row 3 drops what rows before it changed": func(w *writing) {
			w.after().add(editDrop, levelScope, 0, 0)
		},
		"row 3 is about attribute 3 of 3": func(w *writing) { w.after().add(editSet, levelRecord, 0, 3) },
		"row 4 is about attribute 2 of 2": func(w *writing) {
			w.after().add(editDelete, levelRecord, 0, 0)
			w.add(editDelete, levelRecord, 0, 2)
		},
		"row 5 is about attribute 4 of 4": func(w *writing) {
			w.after().add(editPut, levelRecord, 0, 0)
			w.add(editRename, levelRecord, 0, 3)
			w.add(editRename, levelRecord, 0, 4)
		},
		"row 4 is about attribute 1 of 1": func(w *writing) {
			w.after()
			// The bits beyond the third stand for nothing.
			w.value(w.add(editKeep, levelRecord, 0, 0), valueBytes, "\xf2")
			w.add(editDelete, levelRecord, 0, 1)
		},
		"row 3 has 2 bytes that say which of 3 attributes stay": func(w *writing) {
			w.after()
			w.value(w.add(editKeep, levelRecord, 0, 0), valueBytes, "ab")
		},
		"row 3 has 0 bytes that say which of 3 attributes stay": func(w *writing) {
			w.after().add(editKeep, levelRecord, 0, 0)
		},
		"row 3 refers to 1 bytes at 2 of a text of 2": func(w *writing) {
			w.after().add(editKeep, levelRecord, 0, 0).bits = 2
			w.rows[3].valueLen = 1
		},
		"row 3 refers to 4294967295 bytes at 1 of a text of 2": func(w *writing) {
			row := w.after().add(editPut, levelRecord, 0, 0)
			row.key, row.keyLen = 1, 1<<32-1
		},
		"row 3 refers to 3 bytes at 0 of a text of 2": func(w *writing) {
			w.after().add(editRename, levelRecord, 0, 0).keyLen = 3
		},
		"row 3 refers to 1 bytes at 18446744073709551615 of a text of 2": func(w *writing) {
			row := w.value(w.after().add(editSet, levelRecord, 0, 0), valueString, "")
			row.bits, row.valueLen = 1<<64-1, 1
		},
		"row 3 refers to 2 bytes at 1 of a text of 2": func(w *writing) {
			row := w.value(w.after().add(editSet, levelRecord, 0, 0), valueBytes, "")
			row.bits, row.valueLen = 1, 2
		},
		"row 3 refers to 0 bytes at 3 of a text of 2": func(w *writing) {
			w.value(w.after().add(editSet, levelRecord, 0, 0), valueOTLP, "").bits = 3
		},
		"row 3 has the truth value 2": func(w *writing) {
			row := w.after().add(editSet, levelRecord, 0, 0)
			row.value, row.bits = valueBool, 2
		},
		"row 3 has value kind 7, which is none": func(w *writing) {
			w.after().add(editSet, levelRecord, 0, 0).value = 7
		},
		"row 4 has an `AnyValue` that cannot be decoded": func(w *writing) {
			w.value(w.after().add(editSet, levelRecord, 0, 0), valueOTLP, "\x0a\x01x")
			w.value(w.add(editSet, levelRecord, 0, 1), valueOTLP, "\x0a\x09x")
		},
		"row 3 sets field 6 of a record, which cannot be set": func(w *writing) {
			w.value(w.after().add(editField, levelRecord, 0, 6), valueString, "")
		},
		"row 3 sets field 4294967295 of a record, which cannot be set": func(w *writing) {
			w.value(w.after().add(editField, levelRecord, 0, 1<<32-1), valueString, "")
		},
		"row 3 sets field 3 of a scope, which cannot be set": func(w *writing) {
			w.value(w.after().add(editField, levelScope, 0, 3), valueString, "")
		},
		"row 3 gives field 1 of a record a value that it cannot hold": func(w *writing) {
			w.value(w.after().add(editField, levelRecord, 0, 1), valueString, "")
		},
		"row 3 gives field 2 of a record a value that it cannot hold": func(w *writing) {
			row := w.after().add(editField, levelRecord, 0, 2)
			row.value, row.bits = valueInt, 1<<31
		},
		"row 3 gives field 3 of a record a value that it cannot hold": func(w *writing) {
			w.after().add(editField, levelRecord, 0, 3)
		},
		"row 3 gives field 7 of a record a value that it cannot hold": func(w *writing) {
			row := w.after().add(editField, levelRecord, 0, 7)
			row.value, row.bits = valueInt, 1<<32
		},
		"row 3 gives field 9 of a record a value that it cannot hold": func(w *writing) {
			w.value(w.after().add(editField, levelRecord, 0, 9), valueBytes, "eight by")
		},
		"row 3 gives field 10 of a record a value that it cannot hold": func(w *writing) {
			w.value(w.after().add(editField, levelRecord, 0, 10), valueBytes, "1")
		},
	})
	refuse(t, logsCodecs[1], smallLogs, refused{
		"row 3 appends to a record, and only a scope can be appended to": func(w *writing) {
			w.value(w.after().add(editAppend, levelRecord, 0, 0), valueOTLP, "")
		},
		"row 1 appends to a resource, and only a scope can be appended to": func(w *writing) {
			w.value(w.open(0).add(editAppend, levelResource, 0, 0), valueOTLP, "")
		},
		"row 3 appends value kind 1, and no scope as OTLP": func(w *writing) {
			w.value(w.after().add(editAppend, levelScope, 0, 0), valueString, "")
		},
		"row 4 appends what cannot be decoded": func(w *writing) {
			w.value(w.after().add(editAppend, levelScope, 0, 0), valueOTLP, "\x12\x02\x10\x05")
			w.value(w.add(editAppend, levelScope, 0, 0), valueOTLP, "\x12\x09\x10")
		},
		"row 3 refers to 9 bytes at 2 of a text of 2": func(w *writing) {
			row := w.value(w.after().add(editAppend, levelScope, 0, 0), valueOTLP, "")
			row.valueLen = 9
		},
		"row 3 is about what was dropped": func(w *writing) {
			w.open(0, 0).add(editDrop, levelScope, 0, 0)
			w.value(w.add(editAppend, levelScope, 0, 0), valueOTLP, "")
		},
	})
	traces := func() ptrace.Traces {
		data := ptrace.NewTraces()
		data.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty().SetName("n")
		return data
	}
	refuse(t, tracesCodecs[1], traces, refused{
		"row 3 is about a point, which there are only in metrics": func(w *writing) {
			w.after().add(editDrop, levelPoint, 0, 0)
		},
		"row 3 sets field 13 of a record, which cannot be set": func(w *writing) {
			w.after().add(editField, levelRecord, 0, 13)
		},
		"row 3 gives field 15 of a record a value that it cannot hold": func(w *writing) {
			w.after().add(editField, levelRecord, 0, 15)
		},
		"row 4 gives field 15 of a record a value that it cannot hold": func(w *writing) {
			w.value(w.after().add(editField, levelRecord, 0, 15), valueString, "so far")
			row := w.add(editField, levelRecord, 0, 15)
			row.value, row.bits = valueInt, 1<<40
		},
	})
	metrics := func() pmetric.Metrics {
		data := pmetric.NewMetrics()
		list := data.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics()
		list.AppendEmpty().SetEmptySummary().DataPoints().AppendEmpty().Attributes().PutStr("a", "1")
		list.AppendEmpty().SetName("without data")
		return data
	}
	metric := func(w *writing, item uint32) *writing {
		w.after().add(editMetric, 0, item, 0)
		return w
	}
	refuse(t, metricsCodecs[1], metrics, refused{
		"row 3 is about a record, which there are none in metrics": func(w *writing) {
			w.after().add(editDrop, levelRecord, 0, 0)
		},
		"row 3 is about a point, and the last place is none for it": func(w *writing) {
			w.after().add(editDrop, levelPoint, 0, 0)
		},
		"row 1 names a metric in no scope": func(w *writing) { w.open(0).add(editMetric, 0, 0, 0) },
		"row 3 names metric 2 of 2":        func(w *writing) { metric(w, 2) },
		"row 4 is about an attribute of a metric, which has none": func(w *writing) {
			metric(w, 0).add(editPut, levelMetric, 0, 0)
		},
		"row 4 is about point 1 of 1": func(w *writing) { metric(w, 0).add(editDrop, levelPoint, 1, 0) },
		"row 4 is about point 0 of 0": func(w *writing) { metric(w, 1).add(editDrop, levelPoint, 0, 0) },
		"row 5 is about what was dropped": func(w *writing) {
			metric(w, 0).add(editDrop, levelMetric, 0, 0)
			w.add(editDrop, levelPoint, 0, 0)
		},
		"row 4 sets field 4 of a point, which cannot be set": func(w *writing) {
			metric(w, 0).add(editField, levelPoint, 0, 4).value = valueDouble
		},
		"row 5 is about what rows before it have left": func(w *writing) {
			metric(w, 0).add(editDelete, levelPoint, 0, 0)
			w.add(editDrop, levelMetric, 0, 0)
		},
	})
}

// anyRows are rows of any kind, with numbers that often fit.
func (c *chance) anyRows() {
	c.text = append(c.text, "text\x0a\x01v"...)
	if c.IntN(8) > 0 {
		c.open(0, 0)
		if c.metrics && c.IntN(8) > 0 {
			c.add(editMetric, 0, c.Uint32N(2), 0)
		}
	}
	item := uint32(0)
	for range 1 + c.IntN(6) {
		level := []uint8{levelRecord, levelRecord, levelRecord, uint8(c.IntN(7))}[c.IntN(4)]
		if c.metrics && level == levelRecord {
			level = levelPoint
		}
		row := c.add(uint8(editSet+c.IntN(editField-editSet+1)), level, item, c.Uint32N(4))
		if c.IntN(16) == 0 {
			row.kind, row.level = uint8(c.IntN(12)), 0
		}
		row.value, row.valueLen, row.bits = uint8(c.IntN(8)), c.Uint32N(4), uint64(c.IntN(5))
		row.key, row.keyLen = c.Uint32N(4), c.Uint32N(5)
		if row.kind == editKeep {
			row.valueLen = 1
		}
		item += c.Uint32N(2)
	}
}

// anyList does to a batch what any list says, both ways: it is made, alike, or refused for a reason
// that is in the list, and changes nothing.
func anyList[T any](t *testing.T, codec codec[T], batches func(*chance) T) {
	lies, made := learntShape(t), 0
	for seed := range uint64(5_000) {
		by := &chance{rand.New(rand.NewPCG(seed, 5)), &writing{}, codec.signal == signalMetrics, nil}
		encoded, err := codec.marshal(batches(by))
		require.NoError(t, err)
		by.anyRows()
		var answers [2][]byte
		var problems [2]error
		for way, lies := range []*shape{nil, lies} {
			data, err := codec.unmarshal(encoded)
			require.NoError(t, err)
			problems[way] = applied(by.list(), codec.places, data, lies)
			answers[way], err = codec.marshal(data)
			require.NoError(t, err)
		}
		require.Equal(t, problems[0], problems[1], "seed %d", seed)
		require.Equal(t, answers[0], answers[1], "seed %d", seed)
		if problems[0] != nil {
			require.ErrorAs(t, problems[0], new(breach), "seed %d", seed)
			require.Equal(t, encoded, answers[0], "seed %d", seed)
		} else {
			made++
		}
	}
	require.Greater(t, made, 50)
}

func TestAnyRowsAreMadeOrRefused(t *testing.T) {
	t.Run("logs", func(t *testing.T) { anyList(t, logsCodecs[1], (*chance).someLogs) })
	t.Run("traces", func(t *testing.T) { anyList(t, tracesCodecs[1], (*chance).someTraces) })
	t.Run("metrics", func(t *testing.T) { anyList(t, metricsCodecs[1], (*chance).someMetrics) })
}
