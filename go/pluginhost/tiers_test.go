package pluginhost

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
)

func TestTheFormatsOfCallsAreThoseThatTheFeaturesAllowInOrder(t *testing.T) {
	formats := func(features uint64, known ...codec[string]) []uint32 {
		chosen, err := choose(known, features)
		require.NoError(t, err)
		var formats []uint32
		for _, one := range chosen {
			formats = append(formats, one.format)
		}
		return formats
	}
	view, otlp := codec[string]{format: formatView}, codec[string]{format: formatOTLP}
	view.inPlace = func() *layout { return &layout{} }
	require.Equal(t, []uint32{formatOTLP}, formats(0, view, otlp))
	require.Equal(t, []uint32{formatView, formatOTLP}, formats(formatFeatures[formatView], view, otlp))
	view.inPlace = func() *layout { return nil }
	require.Equal(t, []uint32{formatOTLP}, formats(formatFeatures[formatView], view, otlp))
	_, err := choose([]codec[string]{view}, formatFeatures[formatView])
	require.ErrorContains(t, err, "no format that this Collector has")
}

// What Rust answers is read here: a record of a batch that holds a value of any depth must come
// back, whatever was changed beside it.
func TestAValueOfAnyDepthIsReadBack(t *testing.T) {
	for _, depth := range []int{60, 1_000} {
		data := plog.NewLogs()
		record := data.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
		value := record.Body()
		for range depth {
			value = value.SetEmptySlice().AppendEmpty()
		}
		value.SetStr("deep")
		encoded, err := logsCodecs[1].marshal(data)
		require.NoError(t, err)
		back, err := logsCodecs[1].unmarshal(encoded)
		require.NoError(t, err)
		again, err := logsCodecs[1].marshal(back)
		require.NoError(t, err)
		require.Equal(t, encoded, again)
	}
}
