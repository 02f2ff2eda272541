//go:build bimetal_host_only

package pluginhost

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// These link the Rust side: the conformance tests build it and run them.

func TestInPlaceEachSignalIsBuiltAsProved(t *testing.T) {
	t.Run("logs", func(t *testing.T) { isBuiltAsProved(t, logsInPlace) })
	t.Run("traces", func(t *testing.T) { isBuiltAsProved(t, tracesInPlace) })
	t.Run("metrics", func(t *testing.T) { isBuiltAsProved(t, metricsInPlace) })
}

func isBuiltAsProved[T any](t *testing.T, s signalInPlace[T]) {
	started := time.Now()
	with, err := s.codecs[1].tables.plan()
	require.NoError(t, err)
	t.Logf("learnt and proved in %s", time.Since(started))
	prove := func(with *plan) error {
		_, err := proveTables(with, s.learnt(t), &s.codecs[1], s.sample(), s.readable)
		return err
	}
	require.NoError(t, prove(with))
	// Two fields of a message that are of a kind, each where the other one is.
	for message := range with.messages {
		for one := range with.messages[message].fields {
			for other := range one {
				wrong := *with
				fields := &wrong.messages[message].fields
				if fields[one].wants == 0 || fields[one].kind != fields[other].kind ||
					fields[one].of != fields[other].of || fields[one].size != fields[other].size ||
					fields[one].variant != fields[other].variant {
					continue
				}
				fields[one].offset, fields[other].offset = fields[other].offset, fields[one].offset
				require.Error(t, prove(&wrong), "%d: %d and %d", message, one, other)
			}
		}
	}
}

func TestInPlaceWhatRustMakesATableOfIsBuiltAndEncodedAlike(t *testing.T) {
	withoutBad := slices.Clone(someTexts)
	defer func(texts []string) { someTexts = texts }(someTexts)
	someTexts = slices.DeleteFunc(withoutBad, func(text string) bool { return text == "\xff" })
	t.Run("logs", func(t *testing.T) { isBuiltAndEncodedAlike(t, logsInPlace) })
	t.Run("traces", func(t *testing.T) { isBuiltAndEncodedAlike(t, tracesInPlace) })
	t.Run("metrics", func(t *testing.T) { isBuiltAndEncodedAlike(t, metricsInPlace) })
}

func isBuiltAndEncodedAlike[T any](t *testing.T, s signalInPlace[T]) {
	lies, codec := s.learnt(t), &s.codecs[1]
	with, err := codec.tables.plan()
	require.NoError(t, err)
	built, refused := 0, 0
	for seed := range uint64(2_000) {
		by := filler{rand.New(rand.NewPCG(seed, 19)), lies}
		data := s.empty()
		by.fill(s.message, rootOf(data, lies), 9)
		expected, err := codec.marshal(data)
		require.NoError(t, err)
		record := newCall(codec.signal, formatView)
		record.lend(rootOf(data, lies))
		err = record.asTable(lies.table, func(given table) error {
			made, err := codec.build(with, given)
			require.NoError(t, err)
			found, err := codec.marshal(made)
			require.NoError(t, err)
			require.Equal(t, s.again(t, expected), found, "seed %d", seed)
			for range 20 {
				if sameOfDamaged(t, s, with, by.Rand, given) {
					built++
				} else {
					refused++
				}
			}
			return nil
		})
		require.NoError(t, err)
		record.release()
	}
	require.Greater(t, refused, 1_000)
	t.Logf("of the damaged %d were built, %d refused", built, refused)
}

// sameOfDamaged builds a damaged table, and has it encoded: it is refused both ways, or built
// alike.
func sameOfDamaged[T any](
	t *testing.T, s signalInPlace[T], with *plan, by *rand.Rand, given table,
) bool {
	rows := bytes.Clone(given.lent[0])
	if len(rows) == 0 {
		return true
	}
	for range 1 + by.IntN(2) {
		rows[by.IntN(len(rows))] ^= byte(1) << by.IntN(8)
	}
	// So large an allocation is aligned as Rust's are.
	damaged, err := tableOf(rows, given.lent[1])
	require.NoError(t, err)
	codec := &s.codecs[1]
	made, wrongToBuild := codec.build(with, damaged)
	encoded, wrongToEncode := damaged.encode(codec.signal)
	decoded := s.empty()
	if wrongToEncode == nil {
		decoded, wrongToEncode = codec.unmarshal(encoded)
	}
	if wrongToBuild != nil {
		require.ErrorContains(t, wrongToBuild, "row")
	}
	require.Equal(t, wrongToBuild == nil, wrongToEncode == nil, "%v; %v", wrongToBuild, wrongToEncode)
	if wrongToBuild != nil {
		return false
	}
	found, err := codec.marshal(made)
	require.NoError(t, err)
	expected, err := codec.marshal(decoded)
	require.NoError(t, err)
	require.Equal(t, expected, found)
	return true
}
