package pluginhost

import (
	"fmt"
	"maps"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/otelcol"
)

// kind is what this package has to know about one kind of component.
type kind struct {
	// types lists the types that are there, with their modules.
	types func(*otelcol.Factories) map[component.Type]string
	// put adds or replaces a factory.
	put func(factories *otelcol.Factories, as component.Type, factory component.Factory,
		module string) error
	// open makes a factory with what a Go plugin exports as `NewFactory`.
	open func(symbol any) (component.Factory, bool)
	// placeholder makes a factory that has a name and nothing else.
	placeholder func(pluginFile, component.Type) component.Factory
	// clone gives the factories maps of their own.
	clone func(*otelcol.Factories)
	// rust makes the Collector's side of a Rust factory.
	rust func(*rustFactory, component.Type, func() component.Config) component.Factory
}

func kindOf[F component.Factory](
	fields func(*otelcol.Factories) (*map[component.Type]F, *map[component.Type]string),
	placeholder func(pluginFile, component.Type) F,
	rust func(*rustFactory, component.Type, func() component.Config) component.Factory,
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
		put: func(factories *otelcol.Factories, as component.Type, factory component.Factory,
			module string) error {
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
		placeholder: func(file pluginFile, name component.Type) component.Factory {
			return placeholder(file, name)
		},
		clone: func(factories *otelcol.Factories) {
			all, modules := fields(factories)
			*all, *modules = clonedMap(*all), clonedMap(*modules)
		},
		rust: rust,
	}
}

// newFactory makes the Collector's side of a Rust factory.
func (f *rustFactory) newFactory(name component.Type) (component.Factory, error) {
	settings, err := newConfigSettings(f.DefaultConfig, f.ConfigSchema, func(section []byte) error {
		return factoryValidate(f.Factory, section)
	})
	if err == nil && len(f.HostKeys) > 0 && f.Kind != kindExporter {
		err = fmt.Errorf("the component leaves keys of its configuration to this Collector, which "+
			"takes those of exporters only: %s", strings.Join(f.HostKeys, ", "))
	}
	if err == nil {
		err = settings.take(f.HostKeys)
	}
	if err != nil {
		return nil, fmt.Errorf("%s %q: %w", f.Kind, f.Type, err)
	}
	return kinds[f.Kind].rust(f, name, settings.newConfig), nil
}

// cloned gives factories with maps of their own, so that the receiver may change them.
func cloned(factories otelcol.Factories) otelcol.Factories {
	for _, kind := range kinds {
		kind.clone(&factories)
	}
	return factories
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
