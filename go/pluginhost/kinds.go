package pluginhost

import (
	"fmt"
	"maps"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/receiver"
)

// kind is what this package has to know about one kind of component.
type kind struct {
	// types lists the types that are there, with their modules.
	types func(*otelcol.Factories) map[component.Type]string
	// put adds or replaces a factory.
	put func(factories *otelcol.Factories, as component.Type, factory component.Factory, module string) error
	// open makes a factory with what a Go plugin exports as `NewFactory`.
	open func(symbol any) (component.Factory, bool)
	// placeholder makes a factory that has a name and nothing else.
	placeholder func(pluginFile, component.Type) component.Factory
}

var (
	receiverKind = kindOf(
		func(f *otelcol.Factories) (*map[component.Type]receiver.Factory, *map[component.Type]string) {
			return &f.Receivers, &f.ReceiverModules
		}, receiverPlaceholder)
	processorKind = kindOf(
		func(f *otelcol.Factories) (*map[component.Type]processor.Factory, *map[component.Type]string) {
			return &f.Processors, &f.ProcessorModules
		}, processorPlaceholder)
	exporterKind = kindOf(
		func(f *otelcol.Factories) (*map[component.Type]exporter.Factory, *map[component.Type]string) {
			return &f.Exporters, &f.ExporterModules
		}, exporterPlaceholder)
	connectorKind = kindOf(
		func(f *otelcol.Factories) (*map[component.Type]connector.Factory, *map[component.Type]string) {
			return &f.Connectors, &f.ConnectorModules
		}, connectorPlaceholder)
	extensionKind = kindOf(
		func(f *otelcol.Factories) (*map[component.Type]extension.Factory, *map[component.Type]string) {
			return &f.Extensions, &f.ExtensionModules
		}, extensionPlaceholder)
)

func kindOf[F component.Factory](
	fields func(*otelcol.Factories) (*map[component.Type]F, *map[component.Type]string),
	placeholder func(pluginFile, component.Type) F,
) kind {
	return kind{
		types: func(factories *otelcol.Factories) map[component.Type]string {
			all, modules := fields(factories)
			found := make(map[component.Type]string, len(*all))
			for name := range *all {
				found[name] = (*modules)[name]
			}
			return found
		},
		put: func(factories *otelcol.Factories, as component.Type, factory component.Factory, module string) error {
			typed, ok := factory.(F)
			if !ok {
				return fmt.Errorf("the factory is a %T", factory)
			}
			all, modules := fields(factories)
			(*all)[as] = typed
			(*modules)[as] = module
			return nil
		},
		open: func(symbol any) (component.Factory, bool) {
			newFactory, ok := symbol.(func() F)
			if !ok {
				return nil, false
			}
			return newFactory(), true
		},
		placeholder: func(file pluginFile, name component.Type) component.Factory { return placeholder(file, name) },
	}
}

// cloned gives factories with maps of their own, so that whoever gets them may change them.
func cloned(f otelcol.Factories) otelcol.Factories {
	f.Receivers, f.ReceiverModules = clonedMap(f.Receivers), clonedMap(f.ReceiverModules)
	f.Processors, f.ProcessorModules = clonedMap(f.Processors), clonedMap(f.ProcessorModules)
	f.Exporters, f.ExporterModules = clonedMap(f.Exporters), clonedMap(f.ExporterModules)
	f.Connectors, f.ConnectorModules = clonedMap(f.Connectors), clonedMap(f.ConnectorModules)
	f.Extensions, f.ExtensionModules = clonedMap(f.Extensions), clonedMap(f.ExtensionModules)
	return f
}

func clonedMap[V any](of map[component.Type]V) map[component.Type]V {
	if of == nil {
		return map[component.Type]V{}
	}
	return maps.Clone(of)
}

// aliasOf gives the older name that a factory still answers to.
func aliasOf(factory component.Factory) (component.Type, bool) {
	holder, ok := factory.(interface{ DeprecatedAlias() component.Type })
	if !ok || holder.DeprecatedAlias().String() == "" {
		return component.Type{}, false
	}
	return holder.DeprecatedAlias(), true
}
