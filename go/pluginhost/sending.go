package pluginhost

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
)

// Keys of an exporter's section that are exporterhelper's.
const (
	timeoutKey = "timeout"
	queueKey   = "sending_queue"
	retryKey   = "retry_on_failure"
	// enabledKey is that of a section which may be off.
	enabledKey = "enabled"
)

type queueConfig = exporterhelper.QueueBatchConfig

// sending is what exporterhelper does for an exporter, as the configuration says.
type sending struct {
	Timeout exporterhelper.TimeoutConfig         `mapstructure:",squash"`
	Queue   configoptional.Optional[queueConfig] `mapstructure:"sending_queue"`
	Retry   configretry.BackOffConfig            `mapstructure:"retry_on_failure"`
}

// take makes keys of the section the host's own: Rust is not given them.
func (s *configSettings) take(keys []string) error {
	for _, key := range keys {
		if !slices.Contains([]string{timeoutKey, queueKey, retryKey}, key) {
			return fmt.Errorf("the component leaves `%s` of its configuration to this Collector, which "+
				"does not know it", key)
		}
	}
	s.hostKeys = keys
	_, err := s.sending()
	return err
}

// sending are the component's defaults over those of exporterhelper.
func (s *configSettings) sending() (made sending, err error) {
	defaults := s.own(s.defaults)
	queue, hasQueue := defaults[queueKey].(map[string]any)
	delete(defaults, queueKey)
	made = sending{Timeout: exporterhelper.NewDefaultTimeoutConfig(),
		Retry: configretry.NewDefaultBackOffConfig()}
	err = confmap.NewFromStringMap(defaults).Unmarshal(&made)
	if hasQueue {
		made.Queue, err = queueByDefault(queue, err)
	}
	if err != nil {
		return made, fmt.Errorf("the component's defaults of what the Collector does for it: %w", err)
	}
	return made, nil
}

func queueByDefault(section map[string]any, err error) (
	configoptional.Optional[queueConfig], error,
) {
	value := exporterhelper.NewDefaultQueueConfig()
	if batch, ok := section["batch"].(map[string]any); ok {
		section = maps.Clone(section)
		delete(section, "batch")
		made, failed := byDefault(*value.Batch.GetOrInsertDefault(), batch)
		value.Batch, err = made, errors.Join(err, failed)
	}
	made, failed := byDefault(value, section)
	return made, errors.Join(err, failed)
}

// byDefault is a section that is there, or that is as this says once the user wants it.
func byDefault[T any](value T, section map[string]any) (configoptional.Optional[T], error) {
	section = maps.Clone(section)
	enabled, said := section[enabledKey].(bool)
	delete(section, enabledKey)
	err := confmap.NewFromStringMap(section).Unmarshal(&value)
	if said && !enabled {
		return configoptional.Default(value), err
	}
	return configoptional.Some(value), err
}

// own are the host's keys of a section.
func (s *configSettings) own(section map[string]any) map[string]any {
	found := map[string]any{}
	for _, key := range s.hostKeys {
		if value, ok := section[key]; ok {
			found[key] = value
		}
	}
	return found
}

// others are all keys of a section but the host's.
func (s *configSettings) others(section map[string]any) map[string]any {
	found := maps.Clone(section)
	maps.DeleteFunc(found, func(key string, _ any) bool { return slices.Contains(s.hostKeys, key) })
	return found
}

// shown is what `print-config` shows of the host's keys.
func (c *config) shown() (map[string]any, error) {
	conf := confmap.New()
	if err := conf.Marshal(c.sending); err != nil {
		return nil, err
	}
	return c.settings.own(conf.ToStringMap()), nil
}

// exporting are the options of exporterhelper that the configuration asks for.
func (c *config) exporting() []exporterhelper.Option {
	// No key, no limit.
	options := []exporterhelper.Option{exporterhelper.WithTimeout(exporterhelper.TimeoutConfig{})}
	for _, key := range c.settings.hostKeys {
		switch key {
		case timeoutKey:
			options = append(options, exporterhelper.WithTimeout(c.sending.Timeout))
		case queueKey:
			options = append(options, exporterhelper.WithQueue(c.sending.Queue))
		case retryKey:
			options = append(options, exporterhelper.WithRetry(c.sending.Retry))
		}
	}
	return options
}
