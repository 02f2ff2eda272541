package pluginhost

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
)

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
