package pluginhost

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
)

// notLoaded stands for a plugin that no configuration has used yet. A caller that wants more of it
// than its name gets this error.
type notLoaded struct {
	file pluginFile
}

func (n notLoaded) Error() string {
	return fmt.Sprintf("%s %q comes from plugin %q, which is not loaded", n.file.Kind, n.file.Type,
		n.file.File)
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

type level = component.StabilityLevel

// option makes the option of a factory that offers one signal, with its stability.
type option[O any] func(level) O

// options are those of the signals that the component names and `known` has.
func options[O any](signals map[string]string, known map[string]option[O]) []O {
	var found []O
	for signal, word := range signals {
		if add, ok := known[signal]; ok {
			found = append(found, add(stability(word)))
		}
	}
	return found
}

// with offers one signal by `create`.
func with[F, O any](add func(F, level) O, create F) option[O] {
	return func(l level) O { return add(create, l) }
}

// unloaded offers one signal by an error.
func unloaded[S, N, R, O any, F ~func(context.Context, S, component.Config, N) (R, error)](
	reason error, add func(F, level) O,
) option[O] {
	return with(add, F(func(context.Context, S, component.Config, N) (none R, err error) {
		return none, reason
	}))
}
