package pluginhost

import (
	"testing"

	"github.com/stretchr/testify/require"
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
