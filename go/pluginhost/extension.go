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
	}, extensionPlaceholder)

func extensionPlaceholder(file pluginFile, name component.Type) extension.Factory {
	none := notLoaded{file}
	create := func(
		context.Context, extension.Settings, component.Config,
	) (extension.Extension, error) {
		return nil, none
	}
	return extension.NewFactory(name, none.config, create, stability(file.Signals[kindExtension]))
}
