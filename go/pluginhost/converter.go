package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.opentelemetry.io/collector/confmap"
	"go.uber.org/zap"
)

// Values of Settings.OnError.
const (
	onErrorFail = "fail"
	onErrorSkip = "skip"
)

// ConverterFactory makes the converter that loads what a configuration uses. It must be the last
// one: what converters before it add is used too.
func (h *Host) ConverterFactory() confmap.ConverterFactory {
	return confmap.NewConverterFactory(func(set confmap.ConverterSettings) confmap.Converter {
		return &converter{h, set.Logger}
	})
}

type converter struct {
	host   *Host
	logger *zap.Logger
}

// Convert runs between the resolving of a configuration and its decoding, for which the Collector
// uses the maps that `Factories` gave: the real factories are put into those.
func (c *converter) Convert(_ context.Context, conf *confmap.Conf) error {
	h := c.host
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.current == nil {
		return errors.New("a configuration is read before the Collector asked for its factories")
	}
	if err := takeRuntime(conf); err != nil {
		return err
	}
	used := usedComponents(conf)
	refused, err := h.use(used, c.logger)
	if err != nil {
		return err
	}
	h.logLoaded(c.logger)
	h.warnOnce(refused, c.logger)
	h.inventory.set(takeStock(h.loaded, refused, h.unusable()...))
	if len(refused) == 0 {
		return h.unknownTypes()
	}
	// A component without any plugin is a slip of the pen, which no flag forgives: without plugins the
	// Collector would not start either.
	isNowhere := slices.ContainsFunc(refused, func(one refusal) bool { return one.Nowhere })
	if h.settings.OnError != onErrorSkip || isNowhere {
		return errors.Join(fmt.Errorf("the configuration uses plugins that cannot be loaded\n%s",
			texts(refused)), h.unknownTypes())
	}
	if err := h.unknownTypes(); err != nil {
		return err
	}
	return h.leaveOut(conf, refused, c.logger)
}

// use loads what is used and not there yet, and puts it where the Collector looks.
func (h *Host) use(used []componentKey, logger *zap.Logger) ([]refusal, error) {
	wanted, refused := []componentKey{}, []refusal{}
	for _, key := range used {
		// A plugin that the loader refused may have left code behind, so it is not tried twice.
		if failed, ok := h.failed[key]; ok {
			refused = append(refused, failed)
			continue
		}
		wanted = append(wanted, key)
	}
	more, warnings, err := h.verifyAndLoad(&wanted)
	if err != nil {
		return nil, err
	}
	for _, warning := range warnings {
		logger.Warn(warning)
	}
	for _, key := range used {
		loaded, ok, err := h.loadedAs(key)
		if err != nil {
			return nil, err
		}
		if ok {
			if err := putLoaded(h.current, key.Kind, loaded); err != nil {
				return nil, err
			}
		}
	}
	return append(refused, more...), nil
}

// leaveOut goes on without what cannot be loaded. What is linked in as well stays: only the plugin
// is left out then.
func (h *Host) leaveOut(conf *confmap.Conf, refused []refusal, logger *zap.Logger) error {
	var drop []componentKey
	for _, one := range refused {
		logger.Error(fmt.Sprintf("Plugin %q, which the configuration uses, is left out "+
			"(--plugins-on-error=skip)", one.File),
			one.standing(stateSkipped).fields(one.Text)...)
		if _, ok := h.linkedIn[one.componentKey]; !ok && !slices.Contains(drop, one.componentKey) {
			drop = append(drop, one.componentKey)
		}
	}
	lines, err := dropComponents(conf, drop)
	for _, line := range lines {
		logger.Error(fmt.Sprintf("The Collector runs without %s", line), zap.String("left_out", line))
	}
	if err != nil {
		return fmt.Errorf("the configuration cannot do without the plugins that are left out: %w\n%s",
			err, texts(refused))
	}
	return nil
}

// warnOnce reports what is wrong with files that this configuration does not need.
func (h *Host) warnOnce(refused []refusal, logger *zap.Logger) {
	for _, sentence := range h.later {
		logger.Warn(sentence)
	}
	h.later = nil
	if h.warned {
		return
	}
	h.warned = true
	for _, file := range h.unverified {
		logger.Debug(fmt.Sprintf("Plugin %q is not used, so only its manifest was read", file))
	}
	for _, one := range h.unusable() {
		isReported := slices.ContainsFunc(refused, func(other refusal) bool {
			return other.File == one.File
		})
		if !isReported {
			logger.Warn(fmt.Sprintf("Plugin %q cannot be used, and the configuration does not need it",
				one.File),
				one.standing(stateRefused).fields(one.Text)...)
		}
	}
}

// unusable are the files that cannot be used, those included that were tried for their feature
// gates.
func (h *Host) unusable() []refusal {
	found := append(slices.Clone(h.catalog.Refused), h.unneeded...)
	for _, key := range sortedKeys(h.failed) {
		found = append(found, h.failed[key])
	}
	return found
}
