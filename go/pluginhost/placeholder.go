package pluginhost

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/connector/xconnector"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/xconsumer"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/xexporter"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/xprocessor"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/xreceiver"
)

// notLoaded stands for a plugin that no configuration has used yet. Whoever wants more of it than
// its name gets this error.
type notLoaded struct {
	file pluginFile
}

func (n notLoaded) Error() string {
	return fmt.Sprintf("%s %q comes from plugin %q, which is not loaded", n.file.Kind, n.file.Type, n.file.File)
}

type placeholderConfig struct {
	reason notLoaded
}

func (c *placeholderConfig) Unmarshal(*confmap.Conf) error {
	return c.reason
}

func (n notLoaded) config() component.Config {
	return &placeholderConfig{n}
}

// signals calls `add` for every signal that the manifest names and `known` has.
func options[O any](file pluginFile, known map[string]func(component.StabilityLevel) O) []O {
	var found []O
	for signal, word := range file.Signals {
		if add, ok := known[signal]; ok {
			found = append(found, add(stability(word)))
		}
	}
	return found
}

type level = component.StabilityLevel

func receiverPlaceholder(file pluginFile, name component.Type) receiver.Factory {
	reason := notLoaded{file}
	return xreceiver.NewFactory(name, reason.config, options(file, map[string]func(level) xreceiver.FactoryOption{
		"traces": func(l level) xreceiver.FactoryOption {
			return xreceiver.WithTraces(func(context.Context, receiver.Settings, component.Config, consumer.Traces) (receiver.Traces, error) {
				return nil, reason
			}, l)
		},
		"metrics": func(l level) xreceiver.FactoryOption {
			return xreceiver.WithMetrics(func(context.Context, receiver.Settings, component.Config, consumer.Metrics) (receiver.Metrics, error) {
				return nil, reason
			}, l)
		},
		"logs": func(l level) xreceiver.FactoryOption {
			return xreceiver.WithLogs(func(context.Context, receiver.Settings, component.Config, consumer.Logs) (receiver.Logs, error) {
				return nil, reason
			}, l)
		},
		"profiles": func(l level) xreceiver.FactoryOption {
			return xreceiver.WithProfiles(func(context.Context, receiver.Settings, component.Config, xconsumer.Profiles) (xreceiver.Profiles, error) {
				return nil, reason
			}, l)
		},
	})...)
}

func processorPlaceholder(file pluginFile, name component.Type) processor.Factory {
	reason := notLoaded{file}
	return xprocessor.NewFactory(name, reason.config, options(file, map[string]func(level) xprocessor.FactoryOption{
		"traces": func(l level) xprocessor.FactoryOption {
			return xprocessor.WithTraces(func(context.Context, processor.Settings, component.Config, consumer.Traces) (processor.Traces, error) {
				return nil, reason
			}, l)
		},
		"metrics": func(l level) xprocessor.FactoryOption {
			return xprocessor.WithMetrics(func(context.Context, processor.Settings, component.Config, consumer.Metrics) (processor.Metrics, error) {
				return nil, reason
			}, l)
		},
		"logs": func(l level) xprocessor.FactoryOption {
			return xprocessor.WithLogs(func(context.Context, processor.Settings, component.Config, consumer.Logs) (processor.Logs, error) {
				return nil, reason
			}, l)
		},
		"profiles": func(l level) xprocessor.FactoryOption {
			return xprocessor.WithProfiles(func(context.Context, processor.Settings, component.Config, xconsumer.Profiles) (xprocessor.Profiles, error) {
				return nil, reason
			}, l)
		},
	})...)
}

func exporterPlaceholder(file pluginFile, name component.Type) exporter.Factory {
	reason := notLoaded{file}
	return xexporter.NewFactory(name, reason.config, options(file, map[string]func(level) xexporter.FactoryOption{
		"traces": func(l level) xexporter.FactoryOption {
			return xexporter.WithTraces(func(context.Context, exporter.Settings, component.Config) (exporter.Traces, error) {
				return nil, reason
			}, l)
		},
		"metrics": func(l level) xexporter.FactoryOption {
			return xexporter.WithMetrics(func(context.Context, exporter.Settings, component.Config) (exporter.Metrics, error) {
				return nil, reason
			}, l)
		},
		"logs": func(l level) xexporter.FactoryOption {
			return xexporter.WithLogs(func(context.Context, exporter.Settings, component.Config) (exporter.Logs, error) { return nil, reason }, l)
		},
		"profiles": func(l level) xexporter.FactoryOption {
			return xexporter.WithProfiles(func(context.Context, exporter.Settings, component.Config) (xexporter.Profiles, error) {
				return nil, reason
			}, l)
		},
	})...)
}

func extensionPlaceholder(file pluginFile, name component.Type) extension.Factory {
	reason := notLoaded{file}
	create := func(context.Context, extension.Settings, component.Config) (extension.Extension, error) {
		return nil, reason
	}
	return extension.NewFactory(name, reason.config, create, stability(file.Signals["extension"]))
}

// The Collector asks a connector for the pair of signals that it connects; a function for each pair
// differs in its types only.
func connectorPlaceholder(file pluginFile, name component.Type) connector.Factory {
	reason := notLoaded{file}
	type (
		set = connector.Settings
		cfg = component.Config
		opt = xconnector.FactoryOption
	)
	return xconnector.NewFactory(name, reason.config, options(file, map[string]func(level) opt{
		"traces_to_traces": func(l level) opt {
			return xconnector.WithTracesToTraces(func(context.Context, set, cfg, consumer.Traces) (connector.Traces, error) { return nil, reason }, l)
		},
		"traces_to_metrics": func(l level) opt {
			return xconnector.WithTracesToMetrics(func(context.Context, set, cfg, consumer.Metrics) (connector.Traces, error) { return nil, reason }, l)
		},
		"traces_to_logs": func(l level) opt {
			return xconnector.WithTracesToLogs(func(context.Context, set, cfg, consumer.Logs) (connector.Traces, error) { return nil, reason }, l)
		},
		"metrics_to_traces": func(l level) opt {
			return xconnector.WithMetricsToTraces(func(context.Context, set, cfg, consumer.Traces) (connector.Metrics, error) { return nil, reason }, l)
		},
		"metrics_to_metrics": func(l level) opt {
			return xconnector.WithMetricsToMetrics(func(context.Context, set, cfg, consumer.Metrics) (connector.Metrics, error) { return nil, reason }, l)
		},
		"metrics_to_logs": func(l level) opt {
			return xconnector.WithMetricsToLogs(func(context.Context, set, cfg, consumer.Logs) (connector.Metrics, error) { return nil, reason }, l)
		},
		"logs_to_traces": func(l level) opt {
			return xconnector.WithLogsToTraces(func(context.Context, set, cfg, consumer.Traces) (connector.Logs, error) { return nil, reason }, l)
		},
		"logs_to_metrics": func(l level) opt {
			return xconnector.WithLogsToMetrics(func(context.Context, set, cfg, consumer.Metrics) (connector.Logs, error) { return nil, reason }, l)
		},
		"logs_to_logs": func(l level) opt {
			return xconnector.WithLogsToLogs(func(context.Context, set, cfg, consumer.Logs) (connector.Logs, error) { return nil, reason }, l)
		},
	})...)
}
