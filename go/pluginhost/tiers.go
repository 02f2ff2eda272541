package pluginhost

import (
	"errors"
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
	// inPlace is set where nothing is encoded on the way to Rust: how telemetry lies, nil if that is
	// not known. The answer is OTLP.
	inPlace func() *layout
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
		inPlace:   logsLayout,
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

// choose is the one place on this side that decides the formats of an instance's calls: those that
// the component's features allow, in order. A batch that cannot be read in one goes in the next.
func choose[T any](known []codec[T], features uint64) ([]codec[T], error) {
	var chosen []codec[T]
	for _, one := range known {
		usable := one.inPlace == nil || one.inPlace() != nil
		if usable && formatFeatures[one.format]&^features == 0 {
			chosen = append(chosen, one)
		}
	}
	if len(chosen) == 0 {
		return nil, errors.New("the component reads telemetry in no format that this Collector has")
	}
	return chosen, nil
}
