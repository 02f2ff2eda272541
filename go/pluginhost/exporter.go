package pluginhost

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/xexporter"
	"go.opentelemetry.io/collector/otelcol"
)

var exporterKind = kindOf(
	func(f *otelcol.Factories) (*map[component.Type]exporter.Factory, *map[component.Type]string) {
		return &f.Exporters, &f.ExporterModules
	}, exporterPlaceholder, rustExporter)

func exporterPlaceholder(file pluginFile, name component.Type) exporter.Factory {
	none := notLoaded{file}
	return xexporter.NewFactory(name, none.config, options(file.Signals,
		map[string]option[xexporter.FactoryOption]{
			wordTraces:   unloadedEnd(none, xexporter.WithTraces),
			wordMetrics:  unloadedEnd(none, xexporter.WithMetrics),
			wordLogs:     unloadedEnd(none, xexporter.WithLogs),
			wordProfiles: unloadedEnd(none, xexporter.WithProfiles),
		})...)
}

// unloadedEnd is unloaded for the kind that has no next consumer.
func unloadedEnd[
	R, O any, F ~func(context.Context, exporter.Settings, component.Config) (R, error),
](
	reason error, add func(F, level) O,
) option[O] {
	return with(add, F(func(context.Context, exporter.Settings, component.Config) (none R, err error) {
		return none, reason
	}))
}

func rustExporter(f *rustFactory, name component.Type,
	newConfig func() component.Config) component.Factory {
	return xexporter.NewFactory(name, newConfig, options(f.Signals,
		map[string]option[xexporter.FactoryOption]{
			wordTraces: with(xexporter.WithTraces, exporting(f, tracesCodecs, exporterhelper.NewTraces)),
			wordMetrics: with(xexporter.WithMetrics, exporting(f, metricsCodecs,
				exporterhelper.NewMetrics)),
			wordLogs: with(xexporter.WithLogs, exporting(f, logsCodecs, exporterhelper.NewLogs)),
		})...)
}

// exporting makes exporters of one signal around instances of a Rust factory. What waits in a queue
// is Go's; Rust sees it during its call only.
func exporting[T, R any, P ~func(context.Context, T) error](
	f *rustFactory, known []codec[T],
	wrap func(context.Context, exporter.Settings, component.Config, P,
		...exporterhelper.Option) (R, error),
) func(context.Context, exporter.Settings, component.Config) (R, error) {
	return func(ctx context.Context, set exporter.Settings, cfg component.Config) (R, error) {
		made, err := newInstance(f, known, 0, set.ID, set.TelemetrySettings, set.BuildInfo,
			cfg)
		if err != nil {
			var none R
			return none, err
		}
		made.ends = true
		export := func(ctx context.Context, data T) error {
			_, err := made.consume(ctx, data)
			return err
		}
		return wrap(ctx, set, cfg, export, append(cfg.(*config).exporting(),
			exporterhelper.WithStart(made.start),
			exporterhelper.WithShutdown(made.shutdown),
			exporterhelper.WithCapabilities(consumer.Capabilities{MutatesData: false}))...)
	}
}
