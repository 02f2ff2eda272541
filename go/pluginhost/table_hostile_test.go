package pluginhost

import (
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/zap"
)

// listed begins the resources of a batch, one of them.
var listed = []row{{kind: rowList, number: 1, len: 1}, {kind: rowItem}}

func TestTableThatIsBrokenIsRefusedWithItsRow(t *testing.T) {
	b := builderOf(t, logsCodecs[1], logsMessages)
	resource := func(rows ...row) []row { return append(append([]row{}, listed...), rows...) }
	header := func(rows ...row) []row {
		return resource(append([]row{{kind: rowMessage, number: 1}}, rows...)...)
	}
	attributes := func(rows ...row) []row {
		return header(append([]row{{kind: rowAttributes, number: 1, len: 1}}, rows...)...)
	}
	for says, test := range map[string]struct {
		rows []row
		text string
	}{
		"row 0 ends what did not begin":                    {[]row{{kind: rowEnd}}, ""},
		"row 0 of kind 0 is about a field 0":               {[]row{{}}, ""},
		"row 0 is about a field 17":                        {[]row{{kind: rowNumber, number: 17}}, ""},
		"row 0 of kind 1 is about a field 1 that does not": {[]row{{kind: rowNumber, number: 1}}, ""},
		"row 2 is missing: what began has no end":          {listed, ""},
		"row 1 is of kind 10, and a list lacks 1 messages": {[]row{listed[0], {kind: rowEnd}}, ""},
		"row 3 gives a field 1 a second time": {
			append(resource(row{kind: rowEnd}), listed[0]), ""},
		"row 0 begins a list of more messages than there are": {
			[]row{{kind: rowList, number: 1, len: 1 << 31}}, ""},
		"row 2 refers to 2 bytes at 0 of a text of 1": {
			resource(row{kind: rowBytes, number: 3, len: 2}), "a"},
		"row 2 refers to 1 bytes at 18446744073709551615 of a text of 1": {
			resource(row{kind: rowBytes, number: 3, len: 1, bits: 1<<64 - 1}), "a"},
		"row 2 has a text that is not UTF-8": {resource(row{kind: rowBytes, number: 3, len: 1}), "é"},
		"row 3 has a number of more bits than the field": {
			header(row{kind: rowNumber, number: 2, bits: 1 << 32}), ""},
		"row 3 begins more attributes than there are rows": {attributes(), ""},
		"row 4 is of kind 10, and a list lacks attributes": {attributes(row{kind: rowEnd}), ""},
		"row 4 has value kind 7, which is none": {
			attributes(row{kind: rowAttribute, value: 7}), ""},
		"row 4 has the truth value 2": {
			attributes(row{kind: rowAttribute, value: valueBool, bits: 2}), ""},
		"row 4 has an `AnyValue` that cannot be decoded": {
			attributes(row{kind: rowAttribute, value: valueOTLP, len: 1}), "\xff"},
		"row 4 has a text that is not UTF-8": {attributes(row{kind: rowAttribute, keyLen: 1}), "\xff"},
		"row 4 refers to 9 bytes at 4 of a text of 1": {
			attributes(row{kind: rowAttribute, key: 4, keyLen: 9}), "a"},
	} {
		_, err := b.build(b.plan, table{rows: test.rows, text: test.text})
		require.ErrorContains(t, err, says)
	}
	made, err := b.build(b.plan, table{})
	require.NoError(t, err)
	require.Zero(t, made.ResourceLogs().Len())
}

// damagedIsRefusedOrBuilt looks at what became of a table that may be any rows.
func damagedIsRefusedOrBuilt(t *testing.T, b builder[plog.Logs], given table) (refused bool) {
	made, err := b.build(b.plan, given)
	if err != nil {
		require.ErrorContains(t, err, "row")
		return true
	}
	encoded := b.encoded(t, made)
	decoded, err := b.unmarshal(encoded)
	require.NoError(t, err)
	require.Equal(t, encoded, b.encoded(t, decoded))
	return false
}

func TestTableThatWasDamagedIsRefusedOrBuilt(t *testing.T) {
	b := builderOf(t, logsCodecs[1], logsMessages)
	refused := 0
	for seed := range uint64(20_000) {
		by := &chance{rand.New(rand.NewPCG(seed, 17)), &writing{}, false, nil}
		given := b.tableOf(by.someLogs())
		for range 1 + by.IntN(3) {
			damage(by, &given)
		}
		if damagedIsRefusedOrBuilt(t, b, given) {
			refused++
		}
	}
	require.Greater(t, refused, 5_000)
	require.Less(t, refused, 19_000)
}

// damage changes a row, or which rows there are.
func damage(by *chance, given *table) {
	if len(given.rows) == 0 {
		return
	}
	at := by.IntN(len(given.rows))
	one := &given.rows[at]
	switch by.IntN(9) {
	case 0:
		one.kind = uint8(by.IntN(13))
	case 1:
		one.value = uint8(by.IntN(9))
	case 2:
		one.number = uint16(by.IntN(20))
	case 3:
		one.len = uint32(by.IntN(1 << by.IntN(32)))
	case 4:
		one.bits = by.Uint64() >> by.IntN(64)
	case 5:
		one.key, one.keyLen = uint32(by.IntN(40)), uint32(by.IntN(40))
	case 6:
		given.rows = append(given.rows[:at], given.rows[at+1:]...)
	case 7:
		given.rows = given.rows[:at]
	case 8:
		given.rows = append(given.rows, given.rows[at:]...)
	}
}

// FuzzTable takes any rows and any text.
func FuzzTable(f *testing.F) {
	b := builderOf(f, logsCodecs[1], logsMessages)
	for _, data := range []plog.Logs{sampleLogs(), usualLogs(2)} {
		given := b.tableOf(data)
		rows, err := binary.Append(nil, binary.NativeEndian, plainRows(given.rows))
		require.NoError(f, err)
		f.Add(rows, given.text)
	}
	f.Fuzz(func(t *testing.T, rows []byte, text string) {
		plain := make([]plainRow, len(rows)/rowSize)
		_, err := binary.Decode(rows, binary.NativeEndian, plain)
		require.NoError(t, err)
		given := table{text: text}
		for _, one := range plain {
			given.rows = append(given.rows, one.row())
		}
		damagedIsRefusedOrBuilt(t, b, given)
	})
}

// plainRow is a row as package binary takes it.
type plainRow struct {
	Kind, Value      uint8
	Number           uint16
	Key, KeyLen, Len uint32
	Bits             uint64
}

func (p plainRow) row() row {
	return row{p.Kind, p.Value, p.Number, p.Key, p.KeyLen, p.Len, p.Bits}
}

func plainRows(rows []row) []plainRow {
	plain := make([]plainRow, 0, len(rows))
	for _, one := range rows {
		plain = append(plain, plainRow{one.kind, one.value, one.number, one.key, one.keyLen, one.len,
			one.bits})
	}
	return plain
}

// madeBy is a call that a component answered with this table.
func madeBy(t *testing.T, rows []row, text string) *call {
	record := newCall(signalLogs, formatOTLP)
	output := &record.memory.output
	output.format = _Ctype_uint32_t(formatTable)
	var pinned runtime.Pinner
	t.Cleanup(func() {
		record.release()
		pinned.Unpin()
	})
	lent, err := binary.Append(nil, binary.NativeEndian, plainRows(rows))
	require.NoError(t, err)
	pinned.Pin(&lent[0])
	output.data.ptr, output.data.len = bytesOf(lent), _Ctype_uint64_t(len(lent))
	if text != "" {
		words := []byte(text)
		pinned.Pin(&words[0])
		output.text.ptr, output.text.len = bytesOf(words), _Ctype_uint64_t(len(words))
	}
	return record
}

func TestAComponentWhoseTableIsNoGoodIsOutOfService(t *testing.T) {
	b := builderOf(t, logsCodecs[1], logsMessages)
	b.tables.plan = func() (*plan, error) { return b.plan, nil }
	given := b.tableOf(usualLogs(3))
	sound := instanceOf[plog.Logs](0)
	none := plog.NewLogs()
	made, err := sound.answered(t.Context(), b.codec, madeBy(t, given.rows, given.text), none,
		outcomeReplaced)
	require.NoError(t, err)
	require.Equal(t, b.encoded(t, usualLogs(3)), b.encoded(t, made))

	broken := instanceOf[plog.Logs](0)
	_, err = broken.answered(t.Context(), b.codec, madeBy(t, given.rows[1:], given.text), none,
		outcomeReplaced)
	require.ErrorContains(t, err, `the table of "edits/some": the component broke the contract of `+
		`the C ABI: row 0 `)
	require.True(t, consumererror.IsPermanent(err))
	require.Equal(t, err, broken.outOfService())

	cut := madeBy(t, given.rows, given.text)
	cut.memory.output.data.len--
	_, err = instanceOf[plog.Logs](0).answered(t.Context(), b.codec, cut, none, outcomeReplaced)
	require.ErrorContains(t, err, "of which a row has 24")
}

// Where the Rust side is not linked in, no table has an encoding.
func TestATableThatMayNotBeBuiltGoesByTheCodec(t *testing.T) {
	b := builderOf(t, logsCodecs[1], logsMessages)
	b.tables.plan = func() (*plan, error) { return nil, errShape }
	given := b.tableOf(usualLogs(3))
	warned := instanceOf[plog.Logs](0)
	warned.logger = zap.NewNop()
	with, err := b.preparedPlan()
	require.Nil(t, with)
	require.ErrorIs(t, err, errShape)
	pdataView.Store(viewOff)
	defer pdataView.Store(viewAuto)
	with, err = b.preparedPlan()
	require.Nil(t, with)
	require.NoError(t, err)
	_, err = warned.built(b.codec, madeBy(t, given.rows, given.text))
	require.ErrorContains(t, err, `the table of "edits/some"`)
}
