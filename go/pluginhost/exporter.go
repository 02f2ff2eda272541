package pluginhost

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/xexporter"
	"go.opentelemetry.io/collector/otelcol"
)

var exporterKind = kindOf(
	func(f *otelcol.Factories) (*map[component.Type]exporter.Factory, *map[component.Type]string) {
		return &f.Exporters, &f.ExporterModules
	}, exporterPlaceholder)

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
