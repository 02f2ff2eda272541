package pluginhost

import (
	"errors"
	"fmt"
	"runtime/debug"

	"go.opentelemetry.io/collector/component"
)

// loadPanic is what a plugin's code panicked with while it was loaded.
type loadPanic struct {
	file   string
	reason any
	stack  []byte
}

func (e *loadPanic) Error() string {
	return fmt.Sprintf("plugin %q panicked while it was loaded: %v", e.file, e.reason)
}

// Panicked tells whether a plugin could not be loaded because its code panicked, and for a Go
// plugin the calls that led there.
func Panicked(err error) (stack string, ok bool) {
	var inGo *loadPanic
	if errors.As(err, &inGo) {
		return string(inGo.stack), true
	}
	var inRust *hostError
	return "", errors.As(err, &inRust) && inRust.panicked()
}

// Opener opens a Go plugin and gives what finds its symbols. It is goplugin.Open; a main that loads
// no Go plugins has none.
type Opener func(path string) (lookup func(name string) (any, error), err error)

// openGoPlugin opens a verified Go plugin and asks it for its factory. Nothing else calls the
// opener, and the path that it is given is the private copy that was verified.
func openGoPlugin(
	open Opener, verified pluginHandle, announce func(phase string),
) (factory component.Factory, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			factory, err = nil, &loadPanic{verified.File, reason, debug.Stack()}
		}
	}()
	if open == nil {
		// Verification refuses such a file by main's manifest, with help.
		return nil, fmt.Errorf("%q is a Go plugin, and this Collector was built without their loader",
			verified.File)
	}
	var library taken
	if err := pluginTake(verified.Handle, &library); err != nil {
		return nil, err
	}
	announce("opening")
	lookup, err := open(library.Path)
	announce("opened")
	if err != nil {
		return nil, fmt.Errorf("cannot open plugin %q: %w", verified.File, err)
	}
	symbol, err := lookup("NewFactory")
	if err != nil {
		return nil, fmt.Errorf("plugin %q has no factory: %w", verified.File, err)
	}
	announce("factory")
	factory, ok := kinds[verified.Kind].open(symbol)
	if !ok {
		return nil, fmt.Errorf("plugin %q is a %s by its manifest, but its `NewFactory` is a %T",
			verified.File, verified.Kind, symbol)
	}
	if factory.Type().String() != verified.Type {
		return nil, fmt.Errorf("plugin %q is %q by its manifest, but its factory is %q", verified.File,
			verified.Type, factory.Type())
	}
	return factory, nil
}
