package pluginhost

import (
	"context"
	"errors"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processorhelper"
	"go.opentelemetry.io/collector/processor/xprocessor"
)

var processorKind = kindOf(
	func(f *otelcol.Factories) (*map[component.Type]processor.Factory, *map[component.Type]string) {
		return &f.Processors, &f.ProcessorModules
	}, processorPlaceholder, rustProcessor)

func processorPlaceholder(file pluginFile, name component.Type) processor.Factory {
	none := notLoaded{file}
	return xprocessor.NewFactory(name, none.config, options(file.Signals,
		map[string]option[xprocessor.FactoryOption]{
			wordTraces:   unloaded(none, xprocessor.WithTraces),
			wordMetrics:  unloaded(none, xprocessor.WithMetrics),
			wordLogs:     unloaded(none, xprocessor.WithLogs),
			wordProfiles: unloaded(none, xprocessor.WithProfiles),
		})...)
}

func rustProcessor(f *rustFactory, name component.Type,
	newConfig func() component.Config) component.Factory {
	return xprocessor.NewFactory(name, newConfig, options(f.Signals,
		map[string]option[xprocessor.FactoryOption]{
			wordTraces: with(xprocessor.WithTraces, processing(f, tracesCodecs, processorhelper.NewTraces)),
			wordMetrics: with(xprocessor.WithMetrics, processing(f, metricsCodecs,
				processorhelper.NewMetrics)),
			wordLogs: with(xprocessor.WithLogs, processing(f, logsCodecs, processorhelper.NewLogs)),
		})...)
}

// processing makes processors of one signal around instances of a Rust factory.
func processing[T, N, R any, P ~func(context.Context, T) (T, error)](
	f *rustFactory, known []codec[T],
	wrap func(context.Context, processor.Settings, component.Config, N, P,
		...processorhelper.Option) (R, error),
) func(context.Context, processor.Settings, component.Config, N) (R, error) {
	return func(ctx context.Context, set processor.Settings, cfg component.Config, next N) (R, error) {
		made, err := newInstance(f, known, 0, set.ID, set.TelemetrySettings, set.BuildInfo,
			cfg)
		if err != nil {
			var none R
			return none, err
		}
		process := func(ctx context.Context, data T) (T, error) {
			data, err := made.consume(ctx, data)
			if errors.Is(err, errDropped) {
				err = processorhelper.ErrSkipProcessingData
			}
			return data, err
		}
		return wrap(ctx, set, cfg, next, process,
			processorhelper.WithStart(made.start),
			processorhelper.WithShutdown(made.shutdown),
			// Only an edit list changes what was given. New data that Rust answers is new here, too.
			processorhelper.WithCapabilities(consumer.Capabilities{MutatesData: edits(f.Features)}))
	}
}
