package plugincmd

import (
	"testing"

	"bimetal.dev/go/pluginhost"
	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/otelcol"
)

func root(t *testing.T, arguments ...string) (*cobra.Command, *pluginhost.Settings) {
	t.Helper()
	settings := &pluginhost.Settings{}
	host := pluginhost.New(settings, func() (otelcol.Factories, error) {
		return otelcol.Factories{}, nil
	}, nil)
	command := otelcol.NewCommand(otelcol.CollectorSettings{})
	addFlags(command.PersistentFlags(), settings)
	command.AddCommand(newPluginsCommand(settings, host))
	command.SetArgs(arguments)
	return command, settings
}

func TestFeatureGatesNeedAllPluginsBeforeTheCommandLineIsParsed(t *testing.T) {
	for _, tc := range []struct {
		arguments []string
		needs     bool
	}{
		{nil, false},
		{[]string{"--config", "x.yaml"}, false},
		{[]string{"featuregate"}, true},
		{[]string{"featuregate", "some.gate"}, true},
		{[]string{"--plugins-dir", "p", "featuregate"}, true},
		{[]string{"--feature-gates", "some.gate", "--config", "x"}, true},
		{[]string{"validate", "--feature-gates=some.gate"}, true},
		{[]string{"plugins", "list", "--feature-gates=x"}, false},
		{[]string{"plugin", "featuregate"}, false},
		{[]string{"no-such-command"}, false},
	} {
		command, _ := root(t)
		require.Equal(t, tc.needs, needsAllPlugins(command, tc.arguments), "%q", tc.arguments)
	}
}

func TestFlagsBeforeTheWordPluginsCountAndTheRestGoesOn(t *testing.T) {
	settings := &pluginhost.Settings{PluginsDir: "first"}
	rest, err := takeOwnFlags(settings, []string{
		"--plugins-dir", "second", "--plugins-require-lock", "--plugins-policy=exact",
		"validate", "--plugins-dir", "third", "x.so",
	})
	require.NoError(t, err)
	require.Equal(t, []string{"validate", "--plugins-dir", "third", "x.so"}, rest)
	expected := pluginhost.Settings{PluginsDir: "second", RequireLock: true, Policy: "exact"}
	require.Equal(t, expected, *settings)

	rest, err = takeOwnFlags(settings, []string{"--help"})
	require.NoError(t, err)
	require.Equal(t, []string{"--help"}, rest)

	_, err = takeOwnFlags(settings, []string{"--plugins-on-error=explode", "list"})
	require.ErrorContains(t, err, "must be one of fail, skip")
}

func TestOurFlagsAreThereForEveryCommand(t *testing.T) {
	for _, name := range []string{"components", "validate", "featuregate", "print-config"} {
		command, _ := root(t)
		child, _, err := command.Find([]string{name})
		require.NoError(t, err)
		for _, flag := range []string{
			"plugins-dir", "plugins-on-error", "plugins-require-lock", "plugins-cache-dir",
			"plugins-policy", "plugins-trust",
		} {
			require.NotNil(t, child.InheritedFlags().Lookup(flag), "%s --%s", name, flag)
		}
	}
}

func TestAWrongWordIsRefusedByItsFlag(t *testing.T) {
	for _, arguments := range [][]string{{"--plugins-on-error=maybe"}, {"--plugins-policy", "lax"}} {
		command, _ := root(t, append(arguments, "featuregate")...)
		command.SilenceErrors = true
		require.ErrorContains(t, command.Execute(), "must be one of")
	}
}

func TestACollectorWithoutFactoriesIsAnError(t *testing.T) {
	_, err := newCommand(otelcol.CollectorSettings{}, nil, nil)
	require.Error(t, err)
}
