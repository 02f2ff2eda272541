package pluginhost

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
)

func TestTheFormatOfCallsIsTheFirstThatTheFeaturesAllow(t *testing.T) {
	known := []codec[string]{{format: formatView}, {format: formatOTLP}}
	chosen, err := choose(known, 0)
	require.NoError(t, err)
	require.Equal(t, formatOTLP, chosen.format)
	chosen, err = choose(known, formatFeatures[formatView])
	require.NoError(t, err)
	require.Equal(t, formatView, chosen.format)
	_, err = choose(known[:1], formatFeatures[formatEdits])
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
		encoded, err := logsCodecs[0].marshal(data)
		require.NoError(t, err)
		back, err := logsCodecs[0].unmarshal(encoded)
		require.NoError(t, err)
		again, err := logsCodecs[0].marshal(back)
		require.NoError(t, err)
		require.Equal(t, encoded, again)
	}
}
