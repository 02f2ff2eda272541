package pluginhost

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
)

func TestTheFormatsOfCallsAreThoseThatTheFeaturesAllowInOrder(t *testing.T) {
	formats := func(features uint64, known ...codec[string]) []uint32 {
		chosen, _, err := choose(known, features, viewAuto)
		require.NoError(t, err)
		var formats []uint32
		for _, one := range chosen {
			formats = append(formats, one.format)
		}
		return formats
	}
	view, otlp := codec[string]{format: formatView}, codec[string]{format: formatOTLP}
	view.inPlace = func() (*layout, error) { return &layout{}, nil }
	require.Equal(t, []uint32{formatOTLP}, formats(0, view, otlp))
	require.Equal(t, []uint32{formatView, formatOTLP}, formats(formatFeatures[formatView], view, otlp))
	view.inPlace = func() (*layout, error) { return nil, errUnread }
	require.Equal(t, []uint32{formatOTLP}, formats(formatFeatures[formatView], view, otlp))
	_, _, err := choose([]codec[string]{view}, formatFeatures[formatView], viewAuto)
	require.ErrorContains(t, err, "no format that this Collector has")
}

func TestOffGivesNoAddressAndLearnsNothing(t *testing.T) {
	view := codec[string]{format: formatView, inPlace: func() (*layout, error) {
		t.Fatal("the layout is learnt")
		return nil, nil
	}}
	otlp := codec[string]{format: formatOTLP}
	chosen, encoded, err := choose([]codec[string]{view, otlp}, formatFeatures[formatView], viewOff)
	require.NoError(t, err)
	require.NoError(t, encoded)
	require.Len(t, chosen, 1)
	require.Equal(t, formatOTLP, chosen[0].format)
	// Nor is it for a component that does not offer it.
	_, encoded, err = choose([]codec[string]{view, otlp}, 0, viewAuto)
	require.NoError(t, err)
	require.NoError(t, encoded)
}

func TestNothingIsReadInPlaceWhereTheHeapMoves(t *testing.T) {
	require.False(t, heapObjectsCanMove())
	heapMoves = func() bool { return true }
	t.Cleanup(func() { heapMoves = heapObjectsCanMove })
	view := codec[string]{format: formatView, inPlace: func() (*layout, error) {
		t.Fatal("the layout is learnt")
		return nil, nil
	}}
	otlp := codec[string]{format: formatOTLP}
	both, offered := []codec[string]{view, otlp}, formatFeatures[formatView]
	chosen, encoded, err := choose(both, offered, viewAuto)
	require.NoError(t, err)
	require.ErrorIs(t, encoded, errHeapMoves)
	require.Len(t, chosen, 1)
	_, _, err = choose(both, offered, viewRequired)
	require.ErrorIs(t, err, errHeapMoves)
}

func TestRequiredNamesTheSignalAndTheReason(t *testing.T) {
	why := errors.New("LogRecord.Body lies elsewhere")
	view := codec[string]{signal: signalLogs, format: formatView,
		inPlace: func() (*layout, error) { return nil, why }}
	otlp := codec[string]{signal: signalLogs, format: formatOTLP}
	both, offered := []codec[string]{view, otlp}, formatFeatures[formatView]

	_, _, err := choose(both, offered, viewRequired)
	require.ErrorIs(t, err, why)
	require.ErrorContains(t, err, "logs would not be read in place")
	_, _, err = choose(both, 0, viewRequired)
	require.ErrorIs(t, err, errNotOffered)
	_, _, err = choose(both[1:], offered, viewRequired)
	require.ErrorIs(t, err, errNotInPlace)

	both[0].inPlace = func() (*layout, error) { return &layout{}, nil }
	chosen, encoded, err := choose(both, offered, viewRequired)
	require.NoError(t, err)
	require.NoError(t, encoded)
	require.Len(t, chosen, 2)

	// Where nothing is required the reason is for the log.
	both[0].inPlace = view.inPlace
	_, encoded, err = choose(both, offered, viewAuto)
	require.NoError(t, err)
	require.ErrorIs(t, encoded, why)
}

func TestTheSectionIsTakenOutOfTheConfiguration(t *testing.T) {
	t.Cleanup(func() { pdataView.Store(viewAuto) })
	for text, expected := range map[string]string{
		"{}":                                  viewAuto,
		"runtime:":                            viewAuto,
		"runtime: {rust: }":                   viewAuto,
		"runtime: {rust: {pdata_view: off}}":  viewOff,
		"runtime: {rust: {pdata_view: auto}}": viewAuto,
		"runtime: {rust: {pdata_view: required}}": viewRequired,
	} {
		conf := yaml(t, text+"\n")
		require.NoError(t, takeRuntime(conf), text)
		require.Equal(t, expected, pdataViewNow(), text)
		require.False(t, conf.IsSet(runtimeKey), text)
	}
	for text, complaint := range map[string]string{
		"runtime: {rust: {pdata_view: on}}":     "none of `auto`, `off` and `required`",
		"runtime: {rust: {view: off}}":          "view",
		"runtime: {go: {}}":                     "go",
		"runtime: {rust: {pdata_view: [auto]}}": "pdata_view",
		"runtime: fast":                         "runtime",
	} {
		require.ErrorContains(t, takeRuntime(yaml(t, text)), complaint, text)
	}
}

func yaml(t *testing.T, text string) *confmap.Conf {
	retrieved, err := confmap.NewRetrievedFromYAML([]byte(text))
	require.NoError(t, err)
	conf, err := retrieved.AsConf()
	require.NoError(t, err)
	return conf
}
