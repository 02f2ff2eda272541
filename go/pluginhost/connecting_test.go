package pluginhost

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/connector"
)

func TestARustConnectorOffersThePairsOfItsTable(t *testing.T) {
	one := &rustFactory{componentKey: componentKey{"connector", "known"},
		Signals: map[string]string{"logs_to_metrics": "beta", "traces_to_traces": "alpha"}}
	made, err := one.newFactory(known)
	require.NoError(t, err)
	rust := made.(connector.Factory)
	require.Equal(t, component.StabilityLevelBeta, rust.LogsToMetricsStability())
	require.Equal(t, component.StabilityLevelAlpha, rust.TracesToTracesStability())
	set := connector.Settings{ID: component.NewID(known)}
	_, err = rust.CreateLogsToLogs(t.Context(), set, nil, nil)
	require.Error(t, err)
}
