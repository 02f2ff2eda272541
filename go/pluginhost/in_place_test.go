//go:build bimetal_host_only

package pluginhost

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// These link the Rust side: the conformance tests build it and run them.

// signalInPlace is what the tests below need of a signal.
type signalInPlace[T any] struct {
	message  uint32
	codecs   []codec[T]
	empty    func() T
	sample   func() T
	readable func(T) ([]byte, error)
}

var (
	logsInPlace = signalInPlace[plog.Logs]{messageLogs, logsCodecs, plog.NewLogs, sampleLogs,
		(&plog.JSONMarshaler{}).MarshalLogs}
	tracesInPlace = signalInPlace[ptrace.Traces]{messageTraces, tracesCodecs, ptrace.NewTraces,
		sampleTraces, (&ptrace.JSONMarshaler{}).MarshalTraces}
	metricsInPlace = signalInPlace[pmetric.Metrics]{messageMetrics, metricsCodecs,
		pmetric.NewMetrics, sampleMetrics, (&pmetric.JSONMarshaler{}).MarshalMetrics}
)

func (s signalInPlace[T]) learnt(t *testing.T) *layout {
	lies, err := s.codecs[0].inPlace()
	require.NoError(t, err)
	return lies
}

func (s signalInPlace[T]) prove(lies *layout) error {
	return prove(lies, s.codecs[1], s.sample(), s.readable)
}

// inPlace is what Rust reads of a batch where it lies, as pdata encodes it.
func (s signalInPlace[T]) inPlace(t *testing.T, lies *layout, data T) ([]byte, error) {
	record := newCall(s.codecs[0].signal, formatView)
	defer record.release()
	record.lend(rootOf(data, lies))
	encoded, err := record.encode(lies.table)
	if err != nil {
		return nil, err
	}
	return s.again(t, encoded), nil
}

func (s signalInPlace[T]) again(t *testing.T, encoded []byte) []byte {
	read, err := s.codecs[1].unmarshal(encoded)
	require.NoError(t, err)
	again, err := s.codecs[1].marshal(read)
	require.NoError(t, err)
	return again
}

func TestInPlaceEachSignalIsProved(t *testing.T) {
	t.Run("logs", func(t *testing.T) { isProved(t, logsInPlace) })
	t.Run("traces", func(t *testing.T) { isProved(t, tracesInPlace) })
	t.Run("metrics", func(t *testing.T) { isProved(t, metricsInPlace) })
}

func isProved[T any](t *testing.T, s signalInPlace[T]) {
	lies := s.learnt(t)
	started := time.Now()
	require.NoError(t, s.prove(lies))
	t.Logf("%d rows are proved in %s", len(lies.rows), time.Since(started))
	t.Logf("%T lie as %x", s.empty(), laidOut(lies))
}

// laidOut is the same for layouts that differ in the addresses of types and in nothing else.
func laidOut(lies *layout) [sha256.Size]byte {
	rows := slices.Clone(lies.rows)
	for index := range rows {
		rows[index].Word = 0
	}
	return sha256.Sum256(fmt.Append(nil, rows))
}

func TestInPlaceAnyWrongRowIsCaughtByTheProof(t *testing.T) {
	t.Run("logs", func(t *testing.T) { wrongRowsAreCaught(t, logsInPlace) })
	t.Run("traces", func(t *testing.T) { wrongRowsAreCaught(t, tracesInPlace) })
	t.Run("metrics", func(t *testing.T) { wrongRowsAreCaught(t, metricsInPlace) })
}

func wrongRowsAreCaught[T any](t *testing.T, s signalInPlace[T]) {
	right := s.learnt(t)
	caught := func(change func(rows []field)) {
		wrong := *right
		wrong.rows = slices.Clone(right.rows)
		change(wrong.rows)
		var err error
		wrong.table, err = binary.Append(nil, binary.NativeEndian, wrong.rows)
		require.NoError(t, err)
		require.Error(t, s.prove(&wrong), "%+v", wrong.rows)
	}
	for index, row := range right.rows {
		caught(func(rows []field) { rows[index].Offset += 8 })
		if row.Offset >= 8 {
			caught(func(rows []field) { rows[index].Offset -= 8 })
		}
		for other, like := range right.rows[:index] {
			if like.Message != row.Message || like.Kind != row.Kind {
				continue
			}
			caught(func(rows []field) {
				one, two := &rows[index], &rows[other]
				one.Number, two.Number = two.Number, one.Number
			})
		}
	}
	require.NoError(t, s.prove(right))
}

func TestInPlaceIsReadWhatPdataEncodes(t *testing.T) {
	t.Run("logs", func(t *testing.T) { isReadAsEncoded(t, logsInPlace) })
	t.Run("traces", func(t *testing.T) { isReadAsEncoded(t, tracesInPlace) })
	t.Run("metrics", func(t *testing.T) { isReadAsEncoded(t, metricsInPlace) })
}

func isReadAsEncoded[T any](t *testing.T, s signalInPlace[T]) {
	lies := s.learnt(t)
	bytes := 0
	for seed := range uint64(2_500) {
		data := s.empty()
		by := filler{rand.New(rand.NewPCG(seed, 5)), lies}
		by.fill(s.message, rootOf(data, lies), 14)
		encoded, err := s.codecs[1].marshal(data)
		require.NoError(t, err)
		found, err := s.inPlace(t, lies, data)
		require.NoError(t, err, "seed %d", seed)
		require.Equal(t, s.again(t, encoded), found, "seed %d", seed)
		bytes += len(found)
	}
	t.Logf("a batch has %d bytes on average", bytes/2_500)
}

// filler writes anything at all into telemetry, by the layout alone.
type filler struct {
	*rand.Rand
	lies *layout
}

var someTexts = []string{"", "", "a", "b", "é\x00", "\xff", "a longer text"}

// fill goes so many messages deep.
func (f filler) fill(message uint32, at unsafe.Pointer, depth int) {
	var variants []field
	for _, row := range f.lies.rows {
		switch {
		case row.Message != message:
		case row.Kind == fieldSet:
			if row.Number != 0 && f.IntN(2) == 0 {
				*(*uint64)(unsafe.Add(at, row.Offset)) |= row.Word
			}
		case row.Word != 0:
			variants = append(variants, row)
		case row.Number != 0 && (row.Of != 0 || f.IntN(4) > 0):
			f.field(row, f.lies.structs[message], at, depth)
		}
	}
	for _, row := range f.lies.rows {
		if row.Message != message || row.Kind != fieldOneof || f.IntN(8) == 0 {
			continue
		}
		variant := variants[f.IntN(len(variants))]
		if depth <= 0 && variant.Of != 0 {
			continue
		}
		box := reflect.New(f.lies.boxes[variant.Word])
		if f.IntN(4) > 0 || variant.Of != 0 {
			f.field(variant, box.Type().Elem(), box.UnsafePointer(), depth)
		}
		f.place(row, f.lies.structs[message], at).Set(box)
	}
}

// place is the field of a struct that a row is about.
func (f filler) place(row field, in reflect.Type, at unsafe.Pointer) reflect.Value {
	for index := range in.NumField() {
		if one := in.Field(index); one.Offset == uintptr(row.Offset) {
			return reflect.NewAt(one.Type, unsafe.Add(at, one.Offset)).Elem()
		}
	}
	panic("a row of no field")
}

func (f filler) field(row field, in reflect.Type, at unsafe.Pointer, depth int) {
	place := f.place(row, in, at)
	made := func() reflect.Value {
		one := reflect.New(f.lies.structs[row.Of])
		f.fill(row.Of, one.UnsafePointer(), depth-1)
		return one
	}
	switch row.Kind {
	case field64:
		*(*uint64)(place.Addr().UnsafePointer()) = f.number()
	case fieldInt32, fieldUint32:
		*(*uint32)(place.Addr().UnsafePointer()) = uint32(f.number())
	case fieldBool:
		place.SetBool(f.IntN(2) == 0)
	case fieldString:
		place.SetString(someTexts[f.IntN(len(someTexts))])
	case fieldBytes:
		place.SetBytes([]byte(someTexts[f.IntN(len(someTexts))]))
	case fieldID:
		for index := range place.Len() {
			place.Index(index).SetUint(f.Uint64N(256))
		}
	case fieldStruct:
		f.fill(row.Of, place.Addr().UnsafePointer(), depth-1)
	case fieldPointer:
		place.Set(made())
	case fieldNumbers, fieldStructs, fieldPointers:
		if row.Of != 0 && depth <= 0 {
			return
		}
		count := f.IntN(4)
		place.Set(reflect.MakeSlice(place.Type(), count, count+f.IntN(2)))
		for index := range count {
			switch element := place.Index(index); row.Kind {
			case fieldNumbers:
				*(*uint64)(element.Addr().UnsafePointer()) = f.number()
			case fieldStructs:
				f.fill(row.Of, element.Addr().UnsafePointer(), depth-1)
			default:
				element.Set(made())
			}
		}
	}
}

// number is one of any size.
func (f filler) number() uint64 {
	return [...]uint64{0, 1, f.Uint64N(1 << 20), f.Uint64(), -f.Uint64N(300)}[f.IntN(5)]
}

// A type word that no value of the public API has: the index of a text in a dictionary, which only
// a decoder makes.
func TestInPlaceAValueThatCannotBeReadGoesEncoded(t *testing.T) {
	attribute := []byte{0x0a, 0x07, 0x0a, 0x01, 'k', 0x12, 0x02, 0x40, 0x05}
	header := append([]byte{0x0a, byte(len(attribute))}, attribute...)
	batch := append([]byte{0x0a, byte(len(header))}, header...)
	t.Run("logs", func(t *testing.T) { goesEncoded(t, logsInPlace, batch) })
	t.Run("traces", func(t *testing.T) { goesEncoded(t, tracesInPlace, batch) })
	t.Run("metrics", func(t *testing.T) { goesEncoded(t, metricsInPlace, batch) })
}

func goesEncoded[T any](t *testing.T, s signalInPlace[T], batch []byte) {
	data, err := s.codecs[1].unmarshal(batch)
	require.NoError(t, err)
	_, err = s.inPlace(t, s.learnt(t), data)
	require.ErrorIs(t, err, errUnread)
	chosen, encoded, err := choose(s.codecs, formatFeatures[formatView], viewAuto)
	require.NoError(t, err)
	require.NoError(t, encoded)
	require.Equal(t, formatOTLP, chosen[1].format)
	record := newCall(chosen[1].signal, formatOTLP)
	defer record.release()
	given, err := chosen[1].given(record, data)
	require.NoError(t, err)
	require.Equal(t, s.again(t, batch), given)
}
