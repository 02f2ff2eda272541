package pluginhost

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processorhelper"
	"go.opentelemetry.io/collector/processor/xprocessor"
)

// newFactory makes the Collector's side of a Rust factory.
func (f *rustFactory) newFactory(name component.Type) (component.Factory, error) {
	if f.Kind != "processor" {
		return nil, fmt.Errorf("%s %q is written in Rust, which this version of the plugin host supports for processors only", f.Kind, f.Type)
	}
	settings, err := newConfigSettings(f.DefaultConfig, f.ConfigSchema, func(section []byte) error {
		return factoryValidate(f.Factory, section)
	})
	if err != nil {
		return nil, fmt.Errorf("%s %q: %w", f.Kind, f.Type, err)
	}
	known := map[string]func(level) xprocessor.FactoryOption{
		"traces":  func(l level) xprocessor.FactoryOption { return xprocessor.WithTraces(f.createTraces, l) },
		"metrics": func(l level) xprocessor.FactoryOption { return xprocessor.WithMetrics(f.createMetrics, l) },
		"logs":    func(l level) xprocessor.FactoryOption { return xprocessor.WithLogs(f.createLogs, l) },
	}
	return xprocessor.NewFactory(name, settings.newConfig, options(pluginFile{Signals: f.Signals}, known)...), nil
}

var (
	tracesCodec = codec[ptrace.Traces]{
		signal:    signalTraces,
		marshal:   (&ptrace.ProtoMarshaler{}).MarshalTraces,
		unmarshal: (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces,
		partial:   consumererror.NewTraces,
	}
	metricsCodec = codec[pmetric.Metrics]{
		signal:    signalMetrics,
		marshal:   (&pmetric.ProtoMarshaler{}).MarshalMetrics,
		unmarshal: (&pmetric.ProtoUnmarshaler{}).UnmarshalMetrics,
		partial:   consumererror.NewMetrics,
	}
	logsCodec = codec[plog.Logs]{
		signal:    signalLogs,
		marshal:   (&plog.ProtoMarshaler{}).MarshalLogs,
		unmarshal: (&plog.ProtoUnmarshaler{}).UnmarshalLogs,
		partial:   consumererror.NewLogs,
	}
)

func (f *rustFactory) createTraces(
	ctx context.Context, set processor.Settings, cfg component.Config, next consumer.Traces,
) (processor.Traces, error) {
	made, err := newInstance(f, signalTraces, set, cfg)
	if err != nil {
		return nil, err
	}
	process := func(ctx context.Context, data ptrace.Traces) (ptrace.Traces, error) {
		return consume(ctx, made, tracesCodec, data)
	}
	return processorhelper.NewTraces(ctx, set, cfg, next, process, made.options()...)
}

func (f *rustFactory) createMetrics(
	ctx context.Context, set processor.Settings, cfg component.Config, next consumer.Metrics,
) (processor.Metrics, error) {
	made, err := newInstance(f, signalMetrics, set, cfg)
	if err != nil {
		return nil, err
	}
	process := func(ctx context.Context, data pmetric.Metrics) (pmetric.Metrics, error) {
		return consume(ctx, made, metricsCodec, data)
	}
	return processorhelper.NewMetrics(ctx, set, cfg, next, process, made.options()...)
}

func (f *rustFactory) createLogs(
	ctx context.Context, set processor.Settings, cfg component.Config, next consumer.Logs,
) (processor.Logs, error) {
	made, err := newInstance(f, signalLogs, set, cfg)
	if err != nil {
		return nil, err
	}
	process := func(ctx context.Context, data plog.Logs) (plog.Logs, error) {
		return consume(ctx, made, logsCodec, data)
	}
	return processorhelper.NewLogs(ctx, set, cfg, next, process, made.options()...)
}

// Rust works on an encoded copy, and what it changes comes back as new data: what was given is
// never changed.
func (i *instance) options() []processorhelper.Option {
	return []processorhelper.Option{
		processorhelper.WithStart(i.start),
		processorhelper.WithShutdown(i.shutdown),
		processorhelper.WithCapabilities(consumer.Capabilities{MutatesData: false}),
	}
}
