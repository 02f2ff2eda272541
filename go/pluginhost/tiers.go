package pluginhost

import (
	"errors"

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
		format:    formatOTLP,
		marshal:   (&plog.ProtoMarshaler{}).MarshalLogs,
		unmarshal: (&plog.ProtoUnmarshaler{}).UnmarshalLogs,
		partial:   consumererror.NewLogs,
	}}
)

// choose is the one place on this side that decides the format of an instance's calls: the first
// that the component's features allow.
func choose[T any](known []codec[T], features uint64) (codec[T], error) {
	for _, one := range known {
		if formatFeatures[one.format]&^features == 0 {
			return one, nil
		}
	}
	return codec[T]{}, errors.New("the component reads telemetry in no format that this Collector has")
}
