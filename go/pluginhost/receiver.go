package pluginhost

import (
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/xreceiver"
)

var receiverKind = kindOf(
	func(f *otelcol.Factories) (*map[component.Type]receiver.Factory, *map[component.Type]string) {
		return &f.Receivers, &f.ReceiverModules
	}, receiverPlaceholder)

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
