package pluginhost

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"sync"
	"unsafe"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// layout is how the telemetry of a signal lies in this process. It differs between versions of
// pdata, which promises none: it is learnt from pdata's own types.
type layout struct {
	// root is where the public type holds the address of the export request.
	root uintptr
	// table is rows of otelcol_field, for Rust.
	table []byte
}

// field is a row of the table, an otelcol_field.
type field struct {
	Message, Number, Kind, Offset, Of, Size uint32
	Word                                    uint64
}

// meaning is what a struct of pdata stands for: its number at the C ABI, and those of its fields in
// OTLP. Of a value the fields are the variants.
type meaning struct {
	message uint32
	fields  map[string]uint32
}

// logsMessages are the structs that a batch of logs is made of, by their names in pdata. The names
// are those of OTLP, and so are the numbers.
var logsMessages = map[string]meaning{
	"ExportLogsServiceRequest": {messageLogs, map[string]uint32{"ResourceLogs": 1}},
	"ResourceLogs": {messageResourceLogs, map[string]uint32{
		"Resource": 1, "ScopeLogs": 2, "SchemaUrl": 3}},
	"Resource": {messageResource, map[string]uint32{"Attributes": 1, "DroppedAttributesCount": 2}},
	"ScopeLogs": {messageScopeLogs, map[string]uint32{
		"Scope": 1, "LogRecords": 2, "SchemaUrl": 3}},
	"InstrumentationScope": {messageScope, map[string]uint32{
		"Name": 1, "Version": 2, "Attributes": 3, "DroppedAttributesCount": 4}},
	"LogRecord": {messageLogRecord, map[string]uint32{
		"TimeUnixNano": 1, "SeverityNumber": 2, "SeverityText": 3, "Body": 5, "Attributes": 6,
		"DroppedAttributesCount": 7, "Flags": 8, "TraceId": 9, "SpanId": 10,
		"ObservedTimeUnixNano": 11, "EventName": 12}},
	"KeyValue": {messageKeyValue, map[string]uint32{"Key": 1, "Value": 2}},
	"AnyValue": {messageAnyValue, map[string]uint32{
		"StringValue": 1, "BoolValue": 2, "IntValue": 3, "DoubleValue": 4, "ArrayValue": 5,
		"KvlistValue": 6, "BytesValue": 7}},
	"ArrayValue":   {messageArray, map[string]uint32{"Values": 1}},
	"KeyValueList": {messageMap, map[string]uint32{"Values": 1}},
}

// logsLearnt is no layout where pdata is not as expected: then logs go as OTLP.
var logsLearnt = sync.OnceValues(func() (*layout, error) {
	learnt, err := learn(reflect.TypeFor[plog.Logs](), logsMessages)
	if err == nil {
		err = proveLogs(learnt)
	}
	if err != nil {
		return nil, err
	}
	return learnt, nil
})

// learn finds out how a public type of pdata holds its telemetry.
func learn(public reflect.Type, messages map[string]meaning) (*layout, error) {
	if unsafe.Sizeof(uintptr(0)) != 8 {
		return nil, fmt.Errorf("addresses have %d bytes", unsafe.Sizeof(uintptr(0)))
	}
	root, err := requestOf(public)
	if err != nil {
		return nil, err
	}
	l := learner{messages: messages, seen: map[uint32]reflect.Type{}}
	if _, err := l.message(root.Type.Elem()); err != nil {
		return nil, err
	}
	for name, one := range messages {
		if l.seen[one.message] == nil {
			return nil, fmt.Errorf("%s has no %s", public, name)
		}
	}
	table, err := binary.Append(nil, binary.NativeEndian, l.rows)
	if err != nil || len(table) != len(l.rows)*fieldSize {
		return nil, fmt.Errorf("%d rows have %d bytes: %w", len(l.rows), len(table), err)
	}
	return &layout{root.Offset, table}, nil
}

// requestOf is the first field of a public type, which is the address of what it stands for.
func requestOf(public reflect.Type) (reflect.StructField, error) {
	if public.Kind() != reflect.Struct || public.NumField() == 0 ||
		public.Field(0).Type.Kind() != reflect.Pointer ||
		public.Field(0).Type.Elem().Kind() != reflect.Struct {
		return reflect.StructField{}, fmt.Errorf("%s does not begin with the address of a struct", public)
	}
	return public.Field(0), nil
}

type learner struct {
	messages map[string]meaning
	seen     map[uint32]reflect.Type
	rows     []field
}

// message learns a struct, and all that it holds, once.
func (l *learner) message(t reflect.Type) (uint32, error) {
	is, ok := l.messages[t.Name()]
	if !ok || t.Kind() != reflect.Struct {
		return 0, fmt.Errorf("%s is not expected", t)
	}
	if seen := l.seen[is.message]; seen != nil {
		if seen != t {
			return 0, fmt.Errorf("%s and %s have one name", seen, t)
		}
		return is.message, nil
	}
	l.seen[is.message] = t
	found := 0
	for index := range t.NumField() {
		one := t.Field(index)
		if one.Type.Kind() == reflect.Interface {
			variants, err := l.variants(is, t, one)
			if err != nil {
				return 0, err
			}
			found += variants
			continue
		}
		row := field{Message: is.message, Number: is.fields[one.Name], Offset: uint32(one.Offset)}
		if err := l.add(row, one.Type); err != nil {
			return 0, fmt.Errorf("%s.%s: %w", t, one.Name, err)
		}
		if row.Number != 0 {
			found++
		}
	}
	if found != len(is.fields) {
		return 0, fmt.Errorf("%s has %d of %d fields", t, found, len(is.fields))
	}
	return is.message, nil
}

// add appends the row of a field. A field without a number has only a kind.
func (l *learner) add(row field, t reflect.Type) (err error) {
	below := func(kind uint32, of reflect.Type) {
		row.Kind = kind
		if row.Number != 0 {
			row.Size = uint32(of.Size())
			row.Of, err = l.message(of)
		}
	}
	switch kind := t.Kind(); {
	case kind == reflect.Uint64 || kind == reflect.Int64 || kind == reflect.Float64:
		row.Kind = field64
	case kind == reflect.Int32:
		row.Kind = fieldInt32
	case kind == reflect.Uint32:
		row.Kind = fieldUint32
	case kind == reflect.Bool:
		row.Kind = fieldBool
	case kind == reflect.String:
		row.Kind = fieldString
	case kind == reflect.Array && t.Elem().Kind() == reflect.Uint8:
		row.Kind, row.Size = fieldID, uint32(t.Len())
	case kind == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		row.Kind = fieldBytes
	case kind == reflect.Struct:
		below(fieldStruct, t)
	case kind == reflect.Slice && t.Elem().Kind() == reflect.Pointer:
		below(fieldPointers, t.Elem().Elem())
	case kind == reflect.Slice:
		below(fieldStructs, t.Elem())
	case kind == reflect.Pointer:
		below(fieldPointer, t.Elem())
	default:
		return fmt.Errorf("%s cannot be read", t)
	}
	l.rows = append(l.rows, row)
	return err
}

// variants learns what an interface of pdata may hold, from values that the public API makes. It
// counts them. Others cannot be read: Rust says so when it meets one.
func (l *learner) variants(is meaning, t reflect.Type, oneof reflect.StructField) (int, error) {
	if is.message != messageAnyValue {
		return 0, fmt.Errorf("%s.%s: %s cannot be read", t, oneof.Name, oneof.Type)
	}
	l.rows = append(l.rows, field{Message: is.message, Kind: fieldOneof, Offset: uint32(oneof.Offset)})
	samples := []pcommon.Value{
		pcommon.NewValueStr("text"), pcommon.NewValueBool(true), pcommon.NewValueInt(1),
		pcommon.NewValueDouble(1), pcommon.NewValueSlice(), pcommon.NewValueMap(),
		pcommon.NewValueBytes(),
	}
	found := map[uint32]bool{}
	for _, sample := range samples {
		number, err := l.variant(is, t, oneof, reflect.ValueOf(sample))
		if err != nil {
			return 0, fmt.Errorf("%s.%s: %w", t, oneof.Name, err)
		}
		found[number] = true
	}
	return len(found), nil
}

func (l *learner) variant(
	is meaning, t reflect.Type, oneof reflect.StructField, sample reflect.Value,
) (uint32, error) {
	root, err := requestOf(sample.Type())
	if err != nil || root.Type.Elem() != t {
		return 0, fmt.Errorf("%s is no address of it", sample.Type())
	}
	held := sample.Field(0)
	box := held.Elem().FieldByIndex(oneof.Index).Elem()
	if box.Kind() != reflect.Pointer || box.Type().Elem().Kind() != reflect.Struct ||
		box.Type().Elem().NumField() != 1 {
		return 0, fmt.Errorf("it holds a %s", box.Type())
	}
	// Within the sample, which its caller holds.
	words := (*[2]uintptr)(unsafe.Add(held.UnsafePointer(), oneof.Offset))
	if words[1] != box.Pointer() || words[0] == 0 {
		return 0, fmt.Errorf("a %s does not lie as an interface does", box.Type())
	}
	inside := box.Type().Elem().Field(0)
	number := is.fields[inside.Name]
	if number == 0 {
		return 0, fmt.Errorf("%s is not expected", box.Type())
	}
	row := field{Message: is.message, Number: number, Offset: uint32(inside.Offset),
		Word: uint64(words[0])}
	return number, l.add(row, inside.Type)
}
