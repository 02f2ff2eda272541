package pluginhost

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensioncapabilities"
)

func TestAnExtensionHasTheMethodsOfWhatItWatchesAndNoOthers(t *testing.T) {
	for features := range uint64(watchConfig << 1) {
		made := watching(&besides{}, features)
		_, hasPipelines := made.(extensioncapabilities.PipelineWatcher)
		_, hasStatus := made.(componentstatus.Watcher)
		_, hasConfig := made.(extensioncapabilities.ConfigSnapshotWatcher)
		require.Equal(t, features&watchPipelines != 0, hasPipelines, features)
		require.Equal(t, features&watchStatus != 0, hasStatus, features)
		require.Equal(t, features&watchConfig != 0, hasConfig, features)
	}
}

func TestARustExtensionHasTheStabilityOfItsTable(t *testing.T) {
	one := &rustFactory{componentKey: componentKey{"extension", "known"},
		Signals: map[string]string{"extension": "beta"}, DefaultConfig: []byte(`{"a": 1}`)}
	made, err := one.newFactory(known)
	require.NoError(t, err)
	require.Equal(t, component.StabilityLevelBeta, made.(extension.Factory).Stability())
}

func TestEveryStatusHasAWord(t *testing.T) {
	for status := componentstatus.StatusStarting; status <= componentstatus.StatusStopped; status++ {
		require.NotEmpty(t, statusWords[status], status)
	}
	require.Equal(t, "StatusNone", (componentstatus.StatusStopped + 1).String(), "there is no other")
}
