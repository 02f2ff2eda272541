package pluginhost

import (
	"fmt"
	"plugin"

	"go.opentelemetry.io/collector/component"
)

// openGoPlugin opens a verified Go plugin and asks it for its factory. Nothing else calls plugin.Open, and the path that it is given is
// the private copy that was verified.
func openGoPlugin(t ticket) (factory component.Factory, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			factory, err = nil, fmt.Errorf("plugin %q panicked while it was loaded: %v", t.File, reason)
		}
	}()
	var taken struct {
		Path string `json:"path"`
	}
	if err := pluginTake(t.Handle, &taken); err != nil {
		return nil, err
	}
	library, err := plugin.Open(taken.Path)
	if err != nil {
		return nil, fmt.Errorf("cannot open plugin %q: %w", t.File, err)
	}
	symbol, err := library.Lookup("NewFactory")
	if err != nil {
		return nil, fmt.Errorf("plugin %q has no factory: %w", t.File, err)
	}
	factory, ok := kinds[t.Kind].open(symbol)
	if !ok {
		return nil, fmt.Errorf("plugin %q is a %s by its manifest, but its `NewFactory` is a %T", t.File, t.Kind, symbol)
	}
	if factory.Type().String() != t.Type {
		return nil, fmt.Errorf("plugin %q is %q by its manifest, but its factory is %q", t.File, t.Type, factory.Type())
	}
	return factory, nil
}
