package pluginhost

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/receiver"
)

var known = component.MustNewType("known")

func file(kind string, signals map[string]string) pluginFile {
	return pluginFile{componentKey: componentKey{kind, "known"}, File: kind + "-known.so",
		Module: "m v1", Signals: signals}
}

func TestAPlaceholderOfEveryKindIsListedAndSaysWhyItIsOfNoUse(t *testing.T) {
	for word, kind := range kinds {
		t.Run(word, func(t *testing.T) {
			factories := cloned(otelcol.Factories{})
			one := file(word, map[string]string{"logs": "beta", "extension": "alpha",
				"logs_to_metrics": "stable"})
			require.NoError(t, kind.put(&factories, known, kind.placeholder(one, known), one.shownModule()))
			require.Equal(t, map[component.Type]string{known: "m v1 (plugin " + word + "-known.so)"},
				kind.types(&factories))

			cfg := kind.placeholder(one, known).CreateDefaultConfig()
			err := confmap.NewFromStringMap(map[string]any{"a": 1}).Unmarshal(&cfg)
			require.ErrorContains(t, err, "which is not loaded")
		})
	}
}

func TestAPlaceholderHasTheStabilityOfTheManifest(t *testing.T) {
	made := processorPlaceholder(file("processor", map[string]string{"logs": "beta",
		"traces": "nonsense"}), known)
	require.Equal(t, component.StabilityLevelBeta, made.LogsStability())
	require.Equal(t, component.StabilityLevelUndefined, made.TracesStability())
	_, err := made.CreateLogs(context.Background(), processor.Settings{ID: component.NewID(known)},
		nil, nil)
	notLoaded := `processor "known" comes from plugin "processor-known.so", which is not loaded`
	require.ErrorContains(t, err, notLoaded)

	pair := connectorPlaceholder(file("connector", map[string]string{"logs_to_metrics": "stable"}),
		known)
	require.Equal(t, component.StabilityLevelStable, pair.LogsToMetricsStability())
	_, err = pair.CreateLogsToLogs(context.Background(),
		connector.Settings{ID: component.NewID(known)}, nil, nil)
	require.Error(t, err)
}

func TestAPluginOfAnotherKindIsNotTaken(t *testing.T) {
	newFactory := func() receiver.Factory {
		create := func(context.Context, receiver.Settings, component.Config,
			consumer.Logs) (receiver.Logs, error) {
			return nil, nil
		}
		return receiver.NewFactory(known, func() component.Config {
			return nil
		}, receiver.WithLogs(create, component.StabilityLevelBeta))
	}
	factory, ok := kinds["receiver"].open(newFactory)
	require.True(t, ok)
	require.Equal(t, known, factory.Type())
	for _, symbol := range []any{newFactory, &newFactory, 4, nil} {
		_, ok = kinds["exporter"].open(symbol)
		require.False(t, ok)
	}
	factories := cloned(otelcol.Factories{})
	require.Error(t, kinds["exporter"].put(&factories, known, factory, ""))
}

func TestFactoriesAreFreshAtEveryCall(t *testing.T) {
	host := New(&Settings{}, nil, nil)
	host.open = func() error { return nil }
	host.catalog.Plugins = []pluginFile{file("processor", nil),
		{componentKey: componentKey{"receiver", "no type!"}}}
	first, err := host.Factories()
	require.NoError(t, err)
	delete(first.Processors, known)
	first.ProcessorModules[known] = "changed"
	second, err := host.Factories()
	require.NoError(t, err)
	require.Contains(t, second.Processors, known)
	require.Equal(t, "m v1 (plugin processor-known.so)", second.ProcessorModules[known])
	require.Empty(t, second.Receivers)
}

func TestALoadedPluginTakesThePlaceOfItsPlaceholder(t *testing.T) {
	host := New(&Settings{}, nil, nil)
	host.open = func() error { return nil }
	one := file("processor", nil)
	host.catalog.Plugins = []pluginFile{one}
	loaded := processor.NewFactory(known, func() component.Config { return &componentConfig{} })
	host.loaded[one.componentKey] = loadedPlugin{loaded, one}
	factories, err := host.Factories()
	require.NoError(t, err)
	require.Same(t, loaded, factories.Processors[known])
}

func TestWhatIsLinkedInIsNotReplacedByAPlugin(t *testing.T) {
	host := New(&Settings{}, nil, nil)
	host.open = func() error { return nil }
	linked := processor.NewFactory(known, func() component.Config { return &componentConfig{} })
	processors := map[component.Type]processor.Factory{known: linked}
	host.base = cloned(otelcol.Factories{Processors: processors})
	one := file("processor", nil)
	host.linkedIn = map[componentKey]string{one.componentKey: "m"}
	host.catalog.Plugins = []pluginFile{one}
	factories, err := host.Factories()
	require.NoError(t, err)
	require.Same(t, linked, factories.Processors[known])
}

func TestARustProcessorOffersTheSignalsOfItsTable(t *testing.T) {
	one := &rustFactory{
		componentKey:  componentKey{"processor", "known"},
		Signals:       map[string]string{"logs": "beta"},
		DefaultConfig: []byte(`{"a": 1}`),
	}
	made, err := one.newFactory(known)
	require.NoError(t, err)
	rust := made.(processor.Factory)
	require.Equal(t, component.StabilityLevelBeta, rust.LogsStability())
	_, err = rust.CreateTraces(context.Background(), processor.Settings{ID: component.NewID(known)},
		nil, nil)
	require.Error(t, err)
	require.NoError(t, componenttest.CheckConfigStruct(rust.CreateDefaultConfig()))
	require.Equal(t, map[string]any{"a": int64(1)}, rust.CreateDefaultConfig().(*config).Raw)
}

type componentConfig struct{}
