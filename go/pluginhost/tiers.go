package pluginhost

import (
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
	root    func(T, *layout) unsafe.Pointer
}

// The codecs of each signal, the preferred one first.
var (
	tracesCodecs = []codec[ptrace.Traces]{{
		signal:    signalTraces,
		format:    formatOTLP,
		marshal:   (&ptrace.ProtoMarshaler{}).MarshalTraces,
		unmarshal: (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces,
		partial:   consumererror.NewTraces,
	}}
	metricsCodecs = []codec[pmetric.Metrics]{{
		signal:    signalMetrics,
		format:    formatOTLP,
		marshal:   (&pmetric.ProtoMarshaler{}).MarshalMetrics,
		unmarshal: (&pmetric.ProtoUnmarshaler{}).UnmarshalMetrics,
		partial:   consumererror.NewMetrics,
	}}
	logsCodecs = []codec[plog.Logs]{{
		signal:    signalLogs,
		format:    formatView,
		unmarshal: (&plog.ProtoUnmarshaler{}).UnmarshalLogs,
		partial:   consumererror.NewLogs,
		inPlace:   logsLearnt,
		root:      rootOfLogs,
	}, {
		signal:    signalLogs,
		format:    formatOTLP,
		marshal:   (&plog.ProtoMarshaler{}).MarshalLogs,
		unmarshal: (&plog.ProtoUnmarshaler{}).UnmarshalLogs,
		partial:   consumererror.NewLogs,
	}}
)

func rootOfLogs(data plog.Logs, lies *layout) unsafe.Pointer {
	// Within data, which is ours; what is read there is what data points to.
	return *(*unsafe.Pointer)(unsafe.Add(unsafe.Pointer(&data), lies.root))
}
