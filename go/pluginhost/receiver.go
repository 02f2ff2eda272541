package pluginhost

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.opentelemetry.io/collector/receiver/xreceiver"
)

var receiverKind = kindOf(
	func(f *otelcol.Factories) (*map[component.Type]receiver.Factory, *map[component.Type]string) {
		return &f.Receivers, &f.ReceiverModules
	}, receiverPlaceholder, rustReceiver)

func receiverPlaceholder(file pluginFile, name component.Type) receiver.Factory {
	none := notLoaded{file}
	return xreceiver.NewFactory(name, none.config, options(file.Signals,
		map[string]option[xreceiver.FactoryOption]{
			wordTraces:   unloaded(none, xreceiver.WithTraces),
			wordMetrics:  unloaded(none, xreceiver.WithMetrics),
			wordLogs:     unloaded(none, xreceiver.WithLogs),
			wordProfiles: unloaded(none, xreceiver.WithProfiles),
		})...)
}

func rustReceiver(f *rustFactory, name component.Type,
	newConfig func() component.Config) component.Factory {
	return xreceiver.NewFactory(name, newConfig, options(f.Signals,
		map[string]option[xreceiver.FactoryOption]{
			wordTraces: with(xreceiver.WithTraces, func(_ context.Context, set receiver.Settings,
				cfg component.Config, next consumer.Traces) (receiver.Traces, error) {
				return newReceived(f, set, cfg, tracesCodecs, operation[ptrace.Traces]{
					(*receiverhelper.ObsReport).StartTracesOp, (*receiverhelper.ObsReport).EndTracesOp,
					ptrace.Traces.SpanCount, next.ConsumeTraces})
			}),
			wordMetrics: with(xreceiver.WithMetrics, func(_ context.Context, set receiver.Settings,
				cfg component.Config, next consumer.Metrics) (receiver.Metrics, error) {
				return newReceived(f, set, cfg, metricsCodecs, operation[pmetric.Metrics]{
					(*receiverhelper.ObsReport).StartMetricsOp, (*receiverhelper.ObsReport).EndMetricsOp,
					pmetric.Metrics.DataPointCount, next.ConsumeMetrics})
			}),
			wordLogs: with(xreceiver.WithLogs, func(_ context.Context, set receiver.Settings,
				cfg component.Config, next consumer.Logs) (receiver.Logs, error) {
				return newReceived(f, set, cfg, logsCodecs, operation[plog.Logs]{
					(*receiverhelper.ObsReport).StartLogsOp, (*receiverhelper.ObsReport).EndLogsOp,
					plog.Logs.LogRecordCount, next.ConsumeLogs})
			}),
		})...)
}
