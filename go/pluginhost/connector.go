package pluginhost

import (
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/connector/xconnector"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/otelcol"
)

var connectorKind = kindOf(
	func(f *otelcol.Factories) (*map[component.Type]connector.Factory, *map[component.Type]string) {
		return &f.Connectors, &f.ConnectorModules
	}, connectorPlaceholder, rustConnector)

// pairWord is the word for what a connector takes and what it makes.
func pairWord(from, to string) string { return from + "_to_" + to }

func connectorPlaceholder(file pluginFile, name component.Type) connector.Factory {
	none := notLoaded{file}
	return xconnector.NewFactory(name, none.config, options(file.Signals,
		map[string]option[xconnector.FactoryOption]{
			pairWord(wordTraces, wordTraces):   unloaded(none, xconnector.WithTracesToTraces),
			pairWord(wordTraces, wordMetrics):  unloaded(none, xconnector.WithTracesToMetrics),
			pairWord(wordTraces, wordLogs):     unloaded(none, xconnector.WithTracesToLogs),
			pairWord(wordMetrics, wordTraces):  unloaded(none, xconnector.WithMetricsToTraces),
			pairWord(wordMetrics, wordMetrics): unloaded(none, xconnector.WithMetricsToMetrics),
			pairWord(wordMetrics, wordLogs):    unloaded(none, xconnector.WithMetricsToLogs),
			pairWord(wordLogs, wordTraces):     unloaded(none, xconnector.WithLogsToTraces),
			pairWord(wordLogs, wordMetrics):    unloaded(none, xconnector.WithLogsToMetrics),
			pairWord(wordLogs, wordLogs):       unloaded(none, xconnector.WithLogsToLogs),
		})...)
}

func rustConnector(f *rustFactory, name component.Type,
	newConfig func() component.Config) component.Factory {
	return xconnector.NewFactory(name, newConfig, options(f.Signals,
		map[string]option[xconnector.FactoryOption]{
			pairWord(wordTraces, wordTraces): with(xconnector.WithTracesToTraces,
				changing(f, tracesCodecs, consumer.Traces.ConsumeTraces, connectsTraces)),
			pairWord(wordTraces, wordMetrics): with(xconnector.WithTracesToMetrics,
				making(f, tracesCodecs, metricsCodecs, consumer.Metrics.ConsumeMetrics, connectsTraces)),
			pairWord(wordTraces, wordLogs): with(xconnector.WithTracesToLogs,
				making(f, tracesCodecs, logsCodecs, consumer.Logs.ConsumeLogs, connectsTraces)),
			pairWord(wordMetrics, wordTraces): with(xconnector.WithMetricsToTraces,
				making(f, metricsCodecs, tracesCodecs, consumer.Traces.ConsumeTraces, connectsMetrics)),
			pairWord(wordMetrics, wordMetrics): with(xconnector.WithMetricsToMetrics,
				changing(f, metricsCodecs, consumer.Metrics.ConsumeMetrics, connectsMetrics)),
			pairWord(wordMetrics, wordLogs): with(xconnector.WithMetricsToLogs,
				making(f, metricsCodecs, logsCodecs, consumer.Logs.ConsumeLogs, connectsMetrics)),
			pairWord(wordLogs, wordTraces): with(xconnector.WithLogsToTraces,
				making(f, logsCodecs, tracesCodecs, consumer.Traces.ConsumeTraces, connectsLogs)),
			pairWord(wordLogs, wordMetrics): with(xconnector.WithLogsToMetrics,
				making(f, logsCodecs, metricsCodecs, consumer.Metrics.ConsumeMetrics, connectsLogs)),
			pairWord(wordLogs, wordLogs): with(xconnector.WithLogsToLogs,
				changing(f, logsCodecs, consumer.Logs.ConsumeLogs, connectsLogs)),
		})...)
}

// runs is what a connector does beside taking telemetry.
type runs struct {
	component.StartFunc
	component.ShutdownFunc
}

func connectsTraces(life runs, consume consumer.ConsumeTracesFunc, option consumer.Option) (
	connector.Traces, error,
) {
	made, err := consumer.NewTraces(consume, option)
	return struct {
		runs
		consumer.Traces
	}{life, made}, err
}

func connectsMetrics(life runs, consume consumer.ConsumeMetricsFunc, option consumer.Option) (
	connector.Metrics, error,
) {
	made, err := consumer.NewMetrics(consume, option)
	return struct {
		runs
		consumer.Metrics
	}{life, made}, err
}

func connectsLogs(life runs, consume consumer.ConsumeLogsFunc, option consumer.Option) (
	connector.Logs, error,
) {
	made, err := consumer.NewLogs(consume, option)
	return struct {
		runs
		consumer.Logs
	}{life, made}, err
}
