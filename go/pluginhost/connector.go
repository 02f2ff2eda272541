package pluginhost

import (
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/connector/xconnector"
	"go.opentelemetry.io/collector/otelcol"
)

var connectorKind = kindOf(
	func(f *otelcol.Factories) (*map[component.Type]connector.Factory, *map[component.Type]string) {
		return &f.Connectors, &f.ConnectorModules
	}, connectorPlaceholder)

func connectorPlaceholder(file pluginFile, name component.Type) connector.Factory {
	none := notLoaded{file}
	pair := func(from, to string) string { return from + "_to_" + to }
	return xconnector.NewFactory(name, none.config, options(file.Signals,
		map[string]option[xconnector.FactoryOption]{
			pair(wordTraces, wordTraces):   unloaded(none, xconnector.WithTracesToTraces),
			pair(wordTraces, wordMetrics):  unloaded(none, xconnector.WithTracesToMetrics),
			pair(wordTraces, wordLogs):     unloaded(none, xconnector.WithTracesToLogs),
			pair(wordMetrics, wordTraces):  unloaded(none, xconnector.WithMetricsToTraces),
			pair(wordMetrics, wordMetrics): unloaded(none, xconnector.WithMetricsToMetrics),
			pair(wordMetrics, wordLogs):    unloaded(none, xconnector.WithMetricsToLogs),
			pair(wordLogs, wordTraces):     unloaded(none, xconnector.WithLogsToTraces),
			pair(wordLogs, wordMetrics):    unloaded(none, xconnector.WithLogsToMetrics),
			pair(wordLogs, wordLogs):       unloaded(none, xconnector.WithLogsToLogs),
		})...)
}
