package pluginhost

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/processor"
)

func TestTheLastErrorNamesTheDirectoryAndWhatNamedIt(t *testing.T) {
	name := component.MustNewType("batch")
	host := &Host{
		current: &otelcol.Factories{Processors: map[component.Type]processor.Factory{
			name: processor.NewFactory(name, nil),
		}},
		info: opened{Directory: "/opt/plugins", Origin: "the flag `--plugins-dir`"},
		unknown: []componentKey{
			{Kind: "processor", Type: "bacth"},
			// A name that a loaded plugin answers to by now.
			{Kind: "processor", Type: "batch"},
		},
	}
	err := host.unknownTypes()
	require.ErrorContains(t, err, "unknown type: processor \"bacth\" is not linked into this "+
		"Collector, and no file in the plugin directory \"/opt/plugins\" brings it, which the flag "+
		"`--plugins-dir` names (known: batch)")
	require.ErrorContains(t, err, "OTELCOL_PLUGINS_DIR")
	require.NotContains(t, err.Error(), "\"batch\" is not linked")

	host.info = opened{}
	require.ErrorContains(t, host.unknownTypes(), "no plugin directory is named or built in")
	host.unknown = nil
	require.NoError(t, host.unknownTypes())
}
