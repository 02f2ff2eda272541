package pluginhost

import (
	"reflect"
	"sync"
	"unsafe"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// codec is how one signal crosses the FFI boundary in one format.
type codec[T any] struct {
	signal    uint32
	format    uint32
	marshal   func(T) ([]byte, error)
	unmarshal func([]byte) (T, error)
	partial   func(error, T) error
	// inPlace is set where nothing is encoded on the way to Rust: how telemetry lies, or why
	// that is not known. The answer is OTLP.
	inPlace func() (*layout, error)
	// lies is what inPlace said when an instance chose this: each call asks for it.
	lies *layout
	root func(T, *layout) unsafe.Pointer
	// places is a batch as edits see it, in memory of the applier's; writable is the batch, or a
	// copy where others have it too.
	places   func(T, *applier) places
	writable func(T) T
	// tables is how an answer that is a table becomes a batch.
	tables tables[T]
}

// The codecs of each signal, the preferred one first.
var (
	tracesCodecs = codecsOf(codec[ptrace.Traces]{
		signal:    signalTraces,
		format:    formatOTLP,
		marshal:   (&ptrace.ProtoMarshaler{}).MarshalTraces,
		unmarshal: (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces,
		partial:   consumererror.NewTraces,
		places:    placesOfTraces,
		writable:  writableTraces,
		tables:    tables[ptrace.Traces]{root: messageTraces, empty: ptrace.NewTraces},
	}, tracesMessages, sampleTraces, (&ptrace.JSONMarshaler{}).MarshalTraces)
	metricsCodecs = codecsOf(codec[pmetric.Metrics]{
		signal:    signalMetrics,
		format:    formatOTLP,
		marshal:   (&pmetric.ProtoMarshaler{}).MarshalMetrics,
		unmarshal: (&pmetric.ProtoUnmarshaler{}).UnmarshalMetrics,
		partial:   consumererror.NewMetrics,
		places:    placesOfMetrics,
		writable:  writableMetrics,
		tables:    tables[pmetric.Metrics]{root: messageMetrics, empty: pmetric.NewMetrics},
	}, metricsMessages, sampleMetrics, (&pmetric.JSONMarshaler{}).MarshalMetrics)
	logsCodecs = codecsOf(codec[plog.Logs]{
		signal:    signalLogs,
		format:    formatOTLP,
		marshal:   (&plog.ProtoMarshaler{}).MarshalLogs,
		unmarshal: (&plog.ProtoUnmarshaler{}).UnmarshalLogs,
		partial:   consumererror.NewLogs,
		places:    placesOfLogs,
		writable:  writableLogs,
		tables:    tables[plog.Logs]{root: messageLogs, empty: plog.NewLogs},
	}, logsMessages, sampleLogs, (&plog.JSONMarshaler{}).MarshalLogs)
)

// codecsOf are the codecs of a signal. How it lies is learnt and proved once in a process, when the
// first component asks.
func codecsOf[T any](
	otlp codec[T], messages func() map[string]meaning, sample func() T,
	readable func(T) ([]byte, error),
) []codec[T] {
	var view codec[T]
	otlp.tables.plan = sync.OnceValues(func() (*plan, error) {
		lies, err := view.inPlace()
		if err != nil {
			return nil, err
		}
		with, err := planOf(lies)
		if err != nil {
			return nil, err
		}
		return proveTables(with, lies, &otlp, sample(), readable)
	})
	view = otlp
	view.format, view.marshal, view.root = formatView, nil, rootOf[T]
	view.inPlace = sync.OnceValues(func() (*layout, error) {
		lies, err := learn(reflect.TypeFor[T](), messages())
		if err == nil {
			err = prove(lies, otlp, sample(), readable)
		}
		if err != nil {
			return nil, err
		}
		return lies, nil
	})
	return []codec[T]{view, otlp}
}

func writableLogs(data plog.Logs) plog.Logs {
	return writable(data, data.IsReadOnly(), plog.NewLogs)
}

func writableTraces(data ptrace.Traces) ptrace.Traces {
	return writable(data, data.IsReadOnly(), ptrace.NewTraces)
}

func writableMetrics(data pmetric.Metrics) pmetric.Metrics {
	return writable(data, data.IsReadOnly(), pmetric.NewMetrics)
}

func writable[T interface{ CopyTo(T) }](data T, readOnly bool, empty func() T) T {
	if !readOnly {
		return data
	}
	copied := empty()
	data.CopyTo(copied)
	return copied
}
