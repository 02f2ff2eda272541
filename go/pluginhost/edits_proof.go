package pluginhost

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"unsafe"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// prove compares, before the first batch, what lies in a sample with what the public API says, and
// then edits in place with those by the public API. Attributes lie alike in all signals.
func (s *shape) prove() error {
	if err := s.proveReading(); err != nil {
		return err
	}
	if err := s.proveItems(); err != nil {
		return err
	}
	for _, step := range proofSteps {
		var answers [2][]byte
		for way, lies := range []*shape{nil, s} {
			answer, err := proofAnswer(step.rows, lies)
			if err != nil {
				return fmt.Errorf("%s: %w", step.name, err)
			}
			answers[way] = answer
		}
		if !bytes.Equal(answers[0], answers[1]) {
			return fmt.Errorf("%s: it is not in the sample that was edited", step.name)
		}
	}
	return nil
}

// proveReading looks at words only, and follows none: they may be anything where something is
// wrong. What it finds right may be written to.
func (s *shape) proveReading() error {
	for kind := valueString; kind <= valueBytes; kind++ {
		if one := s.cells[kind]; reflect.TypeOf(one.sample) != reflect.PointerTo(one.of) ||
			one.size != one.of.Size() || one.of.Field(0).Type.Kind() != cellKinds[kind] {
			return fmt.Errorf("%s: %w", one.name, errShape)
		}
	}
	if s.size != s.pair.Size() || !s.apart() {
		return fmt.Errorf("%s: %w", s.pair, errShape)
	}
	sample := pcommon.NewMap()
	sample.PutStr("text", "text")
	sample.PutBool("bool", true)
	sample.PutInt("int", 1)
	sample.PutDouble("double", 1)
	sample.PutEmptyBytes("bytes")
	list := s.listAt(sample)
	if list.len != sample.Len() || list.cap < list.len {
		return fmt.Errorf("%s: %w", reflect.TypeOf(sample), errShape)
	}
	kind := valueString
	for key, value := range sample.All() {
		at := s.at(list, kind-valueString)
		held := unsafe.Add(at, s.held)
		if *(*[2]uintptr)(unsafe.Add(at, s.key)) != *(*[2]uintptr)(unsafe.Pointer(&key)) {
			return fmt.Errorf("the key of an attribute: %w", errShape)
		}
		if s.valueAt(value) != held {
			return fmt.Errorf("the value of an attribute: %w", errShape)
		}
		if *(*uintptr)(held) != *(*uintptr)(unsafe.Pointer(&s.cells[kind].sample)) {
			return fmt.Errorf("%s: %w", s.cells[kind].name, errShape)
		}
		kind++
	}
	return nil
}

// apart says whether no two fields of an attribute share memory, and all are within it.
func (s *shape) apart() bool {
	ends := map[uintptr]uintptr{
		s.key:  s.key + unsafe.Sizeof(""),
		s.held: s.held + unsafe.Sizeof(any(0)),
	}
	for _, other := range s.others {
		ends[other] = other + unsafe.Sizeof(int32(0))
	}
	for start, end := range ends {
		for other := range ends {
			if end > s.size || start < other && other < end {
				return false
			}
		}
	}
	return len(ends) == 2+len(s.others)
}

// proofAnswer is a sample as it is encoded after it was edited, and once more after the public API
// was used on what the edits left.
func proofAnswer(rows []edit, lies *shape) ([]byte, error) {
	data := plog.NewLogs()
	record := data.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	everyValue(record.Attributes())
	list := editList{append([]edit{{kind: editResource}, {kind: editScope}}, rows...), proofText}
	with := new(applier)
	if err := with.apply(&list, placesOfLogs(data, with), lies); err != nil {
		return nil, err
	}
	edited, err := (&plog.ProtoMarshaler{}).MarshalLogs(data)
	if err != nil {
		return nil, err
	}
	record.Attributes().PutStr("after", "text")
	record.Attributes().PutInt("new", 7)
	if !record.Attributes().Remove("after") {
		return nil, errors.New("an attribute is not found after the edits")
	}
	again, err := (&plog.ProtoMarshaler{}).MarshalLogs(data)
	return append(edited, again...), err
}

// proofText holds a key, a text and an `AnyValue` with a text.
const proofText = "newtext\x0a\x05value"

var proofSteps = []struct {
	name string
	rows []edit
}{
	{"a text", proofOf(valueString, 3, 4)},
	{"a truth value", proofOf(valueBool, 1, 0)},
	{"a whole number", proofOf(valueInt, 1<<63|7, 0)},
	{"a floating-point number", proofOf(valueDouble, 0x3ff8000000000000, 0)},
	{"bytes", proofOf(valueBytes, 3, 4)},
	{"no value", proofOf(valueEmpty, 0, 0)},
	{"a decoded value", proofOf(valueOTLP, 7, 7)},
	{"a key", []edit{{kind: editRename, level: levelRecord, index: 3, key: 0, keyLen: 3}}},
	{"a delete", []edit{
		{kind: editDelete, level: levelRecord, index: 0},
		{kind: editDelete, level: levelRecord, index: 12},
	}},
	{"a list that is cut", []edit{
		{kind: editKeep, level: levelRecord, bits: 3, valueLen: 2},
		{kind: editDelete, level: levelRecord},
	}},
}

// proofOf sets a value, and puts it so often that the list has to grow.
func proofOf(value uint8, bits uint64, length uint32) []edit {
	rows := []edit{{kind: editSet, level: levelRecord, index: 5}}
	for range 20 {
		rows = append(rows, edit{kind: editPut, level: levelRecord, keyLen: 3})
	}
	for index := range rows {
		rows[index].value, rows[index].bits, rows[index].valueLen = value, bits, length
	}
	return rows
}
