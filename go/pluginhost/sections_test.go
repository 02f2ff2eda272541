package pluginhost

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
)

func newConf(pipelines map[string]any) *confmap.Conf {
	return confmap.NewFromStringMap(map[string]any{
		"receivers":  map[string]any{"otlp": nil, "otlp/second": map[string]any{"protocols": nil}},
		"processors": map[string]any{"attributes/a": nil, "batch": nil},
		"exporters":  map[string]any{"debug": nil},
		"connectors": map[string]any{"forward": nil},
		"extensions": map[string]any{"zpages": nil, "health": nil},
		"service":    map[string]any{"extensions": []any{"zpages", "health"}, "pipelines": pipelines},
	})
}

func TestUsedComponentsAreSortedAndNamedOnce(t *testing.T) {
	require.Equal(t, []componentKey{
		{"connector", "forward"},
		{"exporter", "debug"},
		{"extension", "health"},
		{"extension", "zpages"},
		{"processor", "attributes"},
		{"processor", "batch"},
		{"receiver", "otlp"},
	}, usedComponents(newConf(nil)))
}

func TestUsedComponentsOfAnEmptyOrOddConfiguration(t *testing.T) {
	require.Empty(t, usedComponents(confmap.New()))
	require.Empty(t, usedComponents(confmap.NewFromStringMap(map[string]any{"processors": "text",
		"receivers": nil})))
}

func TestDroppingRemovesSectionsAndReferences(t *testing.T) {
	conf := newConf(map[string]any{
		"logs": map[string]any{"receivers": []any{"otlp"}, "processors": []any{"attributes/a", "batch"},
			"exporters": []any{"debug"}},
		"traces": map[string]any{"receivers": []any{"otlp"}, "processors": []any{"batch"},
			"exporters": []any{"debug"}},
	})
	removed, err := dropComponents(conf, []componentKey{{"processor", "attributes"},
		{"extension", "zpages"}})
	require.NoError(t, err)
	require.Equal(t, []string{
		`extension "zpages"`,
		`processor "attributes/a"`,
		`"attributes/a" in the processors of pipeline "logs"`,
	}, removed)
	require.False(t, conf.IsSet("processors::attributes/a"))
	require.Equal(t, []any{"health"}, conf.Get("service::extensions"))
	require.Equal(t, []any{"batch"}, conf.Get("service::pipelines::logs::processors"))
	require.Equal(t, []any{"otlp"}, conf.Get("service::pipelines::logs::receivers"))
	require.Equal(t, []any{"batch"}, conf.Get("service::pipelines::traces::processors"))
}

func TestDroppingTheLastProcessorLeavesAnEmptyList(t *testing.T) {
	conf := newConf(map[string]any{
		"logs": map[string]any{"receivers": []any{"otlp"}, "processors": []any{"attributes/a"},
			"exporters": []any{"debug"}},
	})
	_, err := dropComponents(conf, []componentKey{{"processor", "attributes"}})
	require.NoError(t, err)
	require.Equal(t, []any{}, conf.Get("service::pipelines::logs::processors"))
}

func TestDroppingTheOnlyExporterIsAnError(t *testing.T) {
	conf := newConf(map[string]any{
		"logs": map[string]any{"receivers": []any{"otlp"}, "exporters": []any{"forward"}},
	})
	_, err := dropComponents(conf, []componentKey{{"connector", "forward"}})
	require.EqualError(t, err, `pipeline "logs" would have no exporters left without forward`)
}
