package pluginhost

import (
	"context"
	"fmt"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/service/telemetry"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"
)

// scopeName is the instrumentation scope of the metrics. It names no import path: that is another
// one in every distribution.
const scopeName = "bimetal/pluginhost"

// instrumented is a distribution's own telemetry, whichever module that is, and the metrics about
// plugins in it. All but the provider of meters is the original's.
type instrumented struct {
	telemetry.Factory

	inventory *inventory

	mu           sync.Mutex
	registration metric.Registration
}

// CreateMeterProvider is called once for every service, thus also at a reload. What is registered
// ends with its provider, whose last collection, at its shutdown, still has it; a factory that
// gives the same provider twice would see everything twice, so the earlier registration is taken
// back before.
func (i *instrumented) CreateMeterProvider(
	ctx context.Context, set telemetry.MeterSettings, config component.Config,
) (telemetry.MeterProvider, error) {
	provider, err := i.Factory.CreateMeterProvider(ctx, set, config)
	if err != nil {
		return nil, err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.registration != nil {
		err = i.registration.Unregister()
		i.registration = nil
	}
	if err == nil {
		i.registration, err = register(provider.Meter(scopeName), i.inventory)
	}
	// A Collector without these metrics is better than none.
	if err != nil && set.Logger != nil {
		set.Logger.Warn("The metrics about plugins are missing", zap.Error(err))
	}
	return provider, nil
}

func register(meter metric.Meter, from *inventory) (metric.Registration, error) {
	count, err := meter.Int64ObservableGauge("otelcol_plugins", metric.WithUnit("{plugins}"),
		metric.WithDescription("Plugin files by what became of them: loaded, refused, or skipped "+
			"although the configuration uses them. [Alpha]"))
	if err != nil {
		return nil, fmt.Errorf("cannot count plugins: %w", err)
	}
	info, err := meter.Int64ObservableGauge("otelcol_plugin_info", metric.WithUnit("{plugin}"),
		metric.WithDescription("One for each plugin file that was loaded, refused or skipped; its "+
			"attributes say which it is, and why. [Alpha]"))
	if err != nil {
		return nil, fmt.Errorf("cannot list plugins: %w", err)
	}
	tier, err := meter.Int64ObservableGauge("otelcol_rust_component_tier",
		metric.WithUnit("{component}"),
		metric.WithDescription("One for each Rust component that runs and each signal of it; `tier` "+
			"says how telemetry reaches it. [Alpha]"))
	if err != nil {
		return nil, fmt.Errorf("cannot list the tiers of Rust components: %w", err)
	}
	return meter.RegisterCallback(func(_ context.Context, observer metric.Observer) error {
		standings := from.standings()
		counts := map[string]int64{}
		for _, one := range standings {
			counts[one.State]++
			observer.ObserveInt64(info, 1, metric.WithAttributes(one.attributes()...))
		}
		for _, state := range states {
			observer.ObserveInt64(count, counts[state], metric.WithAttributes(attribute.String("state",
				state)))
		}
		for one := range tiersInUse.all() {
			observer.ObserveInt64(tier, 1, metric.WithAttributes(one.attributes()...))
		}
		return nil
	}, count, info, tier)
}

func (s standing) attributes() []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.String("file", s.File), attribute.String("kind", s.Kind), attribute.String("type",
			s.Type),
		attribute.String("language", s.Language), attribute.String("state",
			s.State), attribute.String("reason", s.Reason),
		attribute.String("module", s.Module), attribute.String("sha256",
			s.SHA256), attribute.String("toolchain_version", s.ToolchainVersion),
	}
}
