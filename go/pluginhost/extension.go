package pluginhost

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/otelcol"
)

var extensionKind = kindOf(
	func(f *otelcol.Factories) (*map[component.Type]extension.Factory, *map[component.Type]string) {
		return &f.Extensions, &f.ExtensionModules
	}, extensionPlaceholder, rustExtension)

func extensionPlaceholder(file pluginFile, name component.Type) extension.Factory {
	none := notLoaded{file}
	create := func(
		context.Context, extension.Settings, component.Config,
	) (extension.Extension, error) {
		return nil, none
	}
	return extension.NewFactory(name, none.config, create, stability(file.Signals[kindExtension]))
}

func rustExtension(f *rustFactory, name component.Type,
	newConfig func() component.Config) component.Factory {
	create := func(
		_ context.Context, set extension.Settings, cfg component.Config,
	) (extension.Extension, error) {
		made, err := newLife(f, signals{}, set.ID, set.TelemetrySettings, set.BuildInfo,
			cfg)
		if err != nil {
			return nil, err
		}
		made.hearsStatus = f.Features&watchStatus != 0
		return watching(&besides{made}, f.Features), nil
	}
	return extension.NewFactory(name, newConfig, create, stability(f.Signals[kindExtension]))
}

// besides is a Rust component that stands beside the pipelines.
type besides struct{ life }

// Start does not keep the context, as the Collector demands.
func (b *besides) Start(_ context.Context, host component.Host) error {
	return b.start(host)
}

// Shutdown may be called without Start, and more than once.
func (b *besides) Shutdown(ctx context.Context) error {
	return b.shutdown(ctx)
}
