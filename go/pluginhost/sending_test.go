package pluginhost

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/xconfmap"
	"go.opentelemetry.io/collector/exporter"
)

var allKeys = []string{timeoutKey, queueKey, retryKey}

const sendingDefaults = `{"path": "x", "timeout": "30s",
	"sending_queue": {"enabled": true, "queue_size": 7, "sizer": "items", "num_consumers": 2,
		"batch": {"enabled": false, "min_size": 5}},
	"retry_on_failure": {"enabled": false, "multiplier": 3.0}}`

func exporterConfig(t *testing.T, defaults string, keys []string, written map[string]any) (
	*config, error,
) {
	t.Helper()
	settings, err := newConfigSettings([]byte(defaults), nil, func([]byte) error { return nil })
	require.NoError(t, err)
	require.NoError(t, settings.take(keys))
	made := settings.newConfig().(*config)
	require.NoError(t, componenttest.CheckConfigStruct(made))
	return made, made.Unmarshal(confmap.NewFromStringMap(written))
}

func TestAnExportersDefaultsLieOverThoseOfExporterhelper(t *testing.T) {
	cfg, err := exporterConfig(t, sendingDefaults, allKeys, nil)
	require.NoError(t, err)
	require.Equal(t, 30*time.Second, cfg.sending.Timeout.Timeout)
	queue := cfg.sending.Queue.Get()
	require.Equal(t, int64(7), queue.QueueSize)
	require.Equal(t, 2, queue.NumConsumers)
	require.False(t, queue.Batch.HasValue())
	require.False(t, cfg.sending.Retry.Enabled)
	require.InDelta(t, 3, cfg.sending.Retry.Multiplier, 0)
	require.Equal(t, 5*time.Second, cfg.sending.Retry.InitialInterval, "exporterhelper's own")
	require.NoError(t, cfg.Validate())
}

func TestWhatAUserWritesIsTheHostsAndIsNotGivenToRust(t *testing.T) {
	cfg, err := exporterConfig(t, sendingDefaults, allKeys, map[string]any{
		"path":    "y",
		"timeout": xconfmap.ExpandedValue{Value: "1s", Original: "1s"},
		"sending_queue": map[string]any{"queue_size": 9, "storage": "file_storage/one",
			"batch": map[string]any{"max_size": 50}},
		"retry_on_failure": map[string]any{"enabled": true},
	})
	require.NoError(t, err)
	require.NoError(t, cfg.Validate())
	require.Equal(t, time.Second, cfg.sending.Timeout.Timeout)
	require.True(t, cfg.sending.Retry.Enabled)
	queue := cfg.sending.Queue.Get()
	require.Equal(t, component.MustNewIDWithName("file_storage", "one"), *queue.StorageID)
	require.Equal(t, int64(5), queue.Batch.Get().MinSize, "the component's, once it is on")
	text, err := cfg.section()
	require.NoError(t, err)
	require.JSONEq(t, `{"path": "y"}`, string(text))
}

func TestPrintedSectionsHaveTheHostsKeysAndTheirDefaults(t *testing.T) {
	cfg, err := exporterConfig(t, sendingDefaults, allKeys, map[string]any{"timeout": "1s"})
	require.NoError(t, err)
	printed := confmap.New()
	require.NoError(t, printed.Marshal(cfg))
	shown := printed.ToStringMap()
	require.Equal(t, "x", shown["path"])
	require.Equal(t, time.Second, shown["timeout"], "written as Go components' durations are")
	queue := shown["sending_queue"].(map[string]any)
	require.EqualValues(t, 7, queue["queue_size"])
	require.Equal(t, false, queue["block_on_overflow"])
	require.Equal(t, 30*time.Second, shown["retry_on_failure"].(map[string]any)["max_interval"])
}

func TestAQueueThatIsOffByDefaultHasItsDefaultsWhenItIsTurnedOn(t *testing.T) {
	const defaults = `{"sending_queue": {"enabled": false, "queue_size": 7}}`
	keys := []string{queueKey}
	cfg, err := exporterConfig(t, defaults, keys, nil)
	require.NoError(t, err)
	require.False(t, cfg.sending.Queue.HasValue())
	for _, section := range []any{nil, map[string]any{"num_consumers": 1}} {
		cfg, err = exporterConfig(t, defaults, keys, map[string]any{queueKey: section})
		require.NoError(t, err)
		require.NoError(t, cfg.Validate())
		require.Equal(t, int64(7), cfg.sending.Queue.Get().QueueSize)
	}
	cfg, err = exporterConfig(t, sendingDefaults, allKeys,
		map[string]any{queueKey: map[string]any{"enabled": false}})
	require.NoError(t, err)
	require.False(t, cfg.sending.Queue.HasValue())
}

func TestAKeyThatAnExporterDoesWithoutIsRusts(t *testing.T) {
	cfg, err := exporterConfig(t, `{"timeout": "5s"}`, []string{timeoutKey},
		map[string]any{"retry_on_failure": map[string]any{"enabled": true}})
	require.NoError(t, err)
	text, err := cfg.section()
	require.NoError(t, err)
	require.JSONEq(t, `{"retry_on_failure": {"enabled": true}}`, string(text),
		"Rust refuses it as unknown")
	require.False(t, cfg.sending.Queue.HasValue())
}

func TestExporterhelpersOwnChecksAreMade(t *testing.T) {
	_, err := exporterConfig(t, sendingDefaults, allKeys,
		map[string]any{queueKey: map[string]any{"size": 3}})
	require.ErrorContains(t, err, "size")
	for _, wrong := range []struct {
		section map[string]any
		text    string
	}{
		{map[string]any{"timeout": "-1s"}, "timeout"},
		{map[string]any{queueKey: map[string]any{"queue_size": 0}},
			"sending_queue: `queue_size` must be positive"},
	} {
		cfg, err := exporterConfig(t, sendingDefaults, allKeys, wrong.section)
		require.NoError(t, err)
		require.ErrorContains(t, cfg.Validate(), wrong.text)
	}
}

func TestAKeyOfTheHostThatItDoesNotKnowAndDefaultsThatItCannotReadAreErrors(t *testing.T) {
	one := &rustFactory{componentKey: componentKey{"exporter", "known"}, HostKeys: []string{"tls"}}
	_, err := one.newFactory(known)
	require.ErrorContains(t, err, "`tls`")
	one.HostKeys = []string{timeoutKey}
	one.DefaultConfig = []byte(`{"timeout": "soon"}`)
	_, err = one.newFactory(known)
	require.ErrorContains(t, err, "defaults of what the Collector does for it")
}

func TestARustExporterOffersTheSignalsOfItsTable(t *testing.T) {
	one := &rustFactory{componentKey: componentKey{"exporter", "known"}, HostKeys: allKeys,
		Signals: map[string]string{"traces": "beta"}, DefaultConfig: []byte(sendingDefaults)}
	made, err := one.newFactory(known)
	require.NoError(t, err)
	rust := made.(exporter.Factory)
	require.Equal(t, component.StabilityLevelBeta, rust.TracesStability())
	_, err = rust.CreateLogs(t.Context(), exporter.Settings{ID: component.NewID(known)}, nil)
	require.Error(t, err)
}
