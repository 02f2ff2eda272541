package pluginhost

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/service/telemetry"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// observed is what a reader collects: for each metric the value of every set of attributes, shown
// as `state` and `file`.
func observed(t *testing.T, reader *metric.ManualReader) map[string]map[string]int64 {
	t.Helper()
	var all metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(t.Context(), &all))
	found := map[string]map[string]int64{}
	for _, scope := range all.ScopeMetrics {
		for _, one := range scope.Metrics {
			values := map[string]int64{}
			for _, point := range one.Data.(metricdata.Gauge[int64]).DataPoints {
				state, _ := point.Attributes.Value("state")
				name, _ := point.Attributes.Value("file")
				values[state.AsString()+" "+name.AsString()] = point.Value
			}
			found[one.Name] = values
		}
	}
	return found
}

func factoryOf(provider telemetry.MeterProvider, err error) telemetry.Factory {
	return telemetry.NewFactory(func() component.Config { return nil },
		telemetry.WithCreateMeterProvider(func(context.Context, telemetry.MeterSettings,
			component.Config) (telemetry.MeterProvider, error) {
			return provider, err
		}))
}

func TestTheMetricsFollowWhatBecameOfThePlugins(t *testing.T) {
	reader := metric.NewManualReader()
	wrapped := &instrumented{Factory: factoryOf(metric.NewMeterProvider(metric.WithReader(reader)),
		nil), inventory: &inventory{}}
	_, err := wrapped.CreateMeterProvider(t.Context(), telemetry.MeterSettings{}, nil)
	require.NoError(t, err)
	none := map[string]map[string]int64{"otelcol_plugins": {"loaded ": 0, "refused ": 0,
		"skipped ": 0}}
	require.Equal(t, none, observed(t, reader))

	wrapped.inventory.set(takeStock(
		map[componentKey]loadedPlugin{{"processor", "known"}: {file: file("processor", nil)}},
		[]refusal{{File: "b.so", Reason: "too old"}},
		refusal{File: "b.so", Reason: "too old"}, refusal{File: "a.so", Reason: "text"}))
	some := map[string]map[string]int64{
		"otelcol_plugins":     {"loaded ": 1, "refused ": 1, "skipped ": 1},
		"otelcol_plugin_info": {"loaded processor-known.so": 1, "refused a.so": 1, "skipped b.so": 1},
	}
	require.Equal(t, some, observed(t, reader))
}

func TestAProviderThatIsGivenTwiceIsObservedOnce(t *testing.T) {
	reader := metric.NewManualReader()
	wrapped := &instrumented{Factory: factoryOf(metric.NewMeterProvider(metric.WithReader(reader)),
		nil), inventory: &inventory{}}
	wrapped.inventory.set(takeStock(nil, nil, refusal{File: "a.so"}))
	for range 3 {
		_, err := wrapped.CreateMeterProvider(t.Context(), telemetry.MeterSettings{}, nil)
		require.NoError(t, err)
	}
	require.Equal(t, map[string]int64{"loaded ": 0, "refused ": 1, "skipped ": 0},
		observed(t, reader)["otelcol_plugins"])
}

func TestTelemetryThatIsOffOrBrokenStaysSo(t *testing.T) {
	off := &instrumented{Factory: telemetry.NewFactory(func() component.Config {
		return nil
	}), inventory: &inventory{}}
	provider, err := off.CreateMeterProvider(t.Context(), telemetry.MeterSettings{}, nil)
	require.NoError(t, err)
	require.NoError(t, provider.Shutdown(t.Context()))

	broken := &instrumented{Factory: factoryOf(nil, errors.New("no port is free")),
		inventory: &inventory{}}
	_, err = broken.CreateMeterProvider(t.Context(), telemetry.MeterSettings{}, nil)
	require.ErrorContains(t, err, "no port is free")
}

func TestEachRustComponentThatRunsHasATierForEachSignal(t *testing.T) {
	reader := metric.NewManualReader()
	wrapped := &instrumented{Factory: factoryOf(metric.NewMeterProvider(metric.WithReader(reader)),
		nil), inventory: &inventory{}}
	_, err := wrapped.CreateMeterProvider(t.Context(), telemetry.MeterSettings{}, nil)
	require.NoError(t, err)
	logs := tierInUse{"processor", "attributes/a", wordLogs, "view"}
	traces := tierInUse{"processor", "attributes/a", wordTraces, "otlp"}
	// A component in two pipelines of a signal is two instances.
	for number, one := range []tierInUse{logs, logs, traces} {
		tiersInUse.store(uint64(number), one)
		t.Cleanup(func() { tiersInUse.remove(uint64(number)) })
	}
	found := func() (tiers []tierInUse) {
		var all metricdata.ResourceMetrics
		require.NoError(t, reader.Collect(t.Context(), &all))
		for _, one := range all.ScopeMetrics[0].Metrics {
			if one.Name != "otelcol_rust_component_tier" {
				continue
			}
			for _, point := range one.Data.(metricdata.Gauge[int64]).DataPoints {
				require.Equal(t, int64(1), point.Value)
				of := func(key attribute.Key) string {
					value, ok := point.Attributes.Value(key)
					require.True(t, ok, key)
					return value.AsString()
				}
				tiers = append(tiers, tierInUse{of("otelcol.component.kind"), of("otelcol.component.id"),
					of("otelcol.signal"), of("tier")})
			}
		}
		return tiers
	}
	require.ElementsMatch(t, []tierInUse{logs, traces}, found())
	tiersInUse.remove(0)
	require.ElementsMatch(t, []tierInUse{logs, traces}, found())
	tiersInUse.remove(1)
	require.Equal(t, []tierInUse{traces}, found())
}
