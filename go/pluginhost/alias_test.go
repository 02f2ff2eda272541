package pluginhost

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/processor"
)

// renamed answers to an older name, as the factories of contrib do.
type renamed struct {
	processor.Factory

	alias component.Type
}

func (r renamed) DeprecatedAlias() component.Type { return r.alias }

func TestBothNamesOfATypeFindThePlugin(t *testing.T) {
	key := func(name string) componentKey { return componentKey{Kind: "processor", Type: name} }
	file := pluginFile{componentKey: key("file_log"), Aliases: []string{"filelog"}, File: "a.so"}
	host := &Host{loaded: map[componentKey]loadedPlugin{}}
	factories := cloned(otelcol.Factories{})
	require.NoError(t, host.putPlugin(&factories, file))
	names := func() []string {
		var found []string
		for name := range factories.Processors {
			found = append(found, name.String())
		}
		return found
	}
	require.ElementsMatch(t, []string{"file_log", "filelog"}, names())

	newer, older := component.MustNewType("file_log"), component.MustNewType("filelog")
	real := renamed{processor.NewFactory(newer, nil), older}
	host.loaded[file.componentKey] = loadedPlugin{real, file}
	loaded, ok, err := host.loadedAs(key("filelog"))
	require.NoError(t, err)
	require.True(t, ok)
	require.NoError(t, putLoaded(&factories, "processor", loaded))
	require.Equal(t, real, factories.Processors[older], "the real factory is at both names")
	require.Equal(t, real, factories.Processors[newer])

	host.loaded[file.componentKey] = loadedPlugin{processor.NewFactory(newer, nil), file}
	_, _, err = host.loadedAs(key("filelog"))
	require.ErrorContains(t, err, `answers to the older name "filelog" by its manifest`)
	_, ok, err = host.loadedAs(key("other"))
	require.NoError(t, err)
	require.False(t, ok)
}

func TestAnOlderNameDoesNotTakeThePlaceOfAType(t *testing.T) {
	host := &Host{loaded: map[componentKey]loadedPlugin{}}
	factories := cloned(otelcol.Factories{})
	other := pluginFile{componentKey: componentKey{"processor", "filelog"}, File: "b.so"}
	file := pluginFile{componentKey: componentKey{"processor", "file_log"},
		Aliases: []string{"filelog"}, File: "a.so"}
	for _, order := range [][]pluginFile{{other, file}, {file, other}} {
		for _, one := range order {
			require.NoError(t, host.putPlugin(&factories, one))
		}
		module := factories.ProcessorModules[component.MustNewType("filelog")]
		require.Equal(t, other.shownModule(), module)
	}
}
