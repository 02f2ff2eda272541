package pluginhost

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math/bits"
	"reflect"
	"slices"
	"unsafe"
)

// layout is how the telemetry of a signal lies in this process. It differs between versions of
// pdata, which promises none: it is learnt from pdata's own types, and never changes.
type layout struct {
	// root is where the public type holds the address of the export request.
	root uintptr
	// rows are the table, by message and number as the C ABI and OTLP have them. The offset of a
	// variant is from where the second word of its interface leads; the first is its type word.
	rows []field
	// structs are the types of the messages, by number, and boxes those that the interfaces hold the
	// addresses of, by type word: new ones are made of these.
	structs map[uint32]reflect.Type
	boxes   map[uint64]reflect.Type
	// table is the rows as Rust reads them.
	table []byte
}

// field is a row of the table, an otelcol_field.
type field struct {
	Message, Number, Kind, Offset, Of, Size uint32
	Word                                    uint64
}

// rootOf is the address of a batch's export request.
func rootOf[T any](data T, lies *layout) unsafe.Pointer { return rootAt(data, lies.root) }

func rootAt[T any](data T, offset uintptr) unsafe.Pointer {
	// Within data, which is ours; what is read there is what data points to.
	return *(*unsafe.Pointer)(unsafe.Add(unsafe.Pointer(&data), offset))
}

// learn finds out how a public type of pdata holds its telemetry.
func learn(public reflect.Type, messages map[string]meaning) (*layout, error) {
	if unsafe.Sizeof(uintptr(0)) != 8 {
		return nil, fmt.Errorf("addresses have %d bytes", unsafe.Sizeof(uintptr(0)))
	}
	root, err := requestOf(public)
	if err != nil {
		return nil, err
	}
	l := learner{messages, &layout{root: root.Offset, structs: map[uint32]reflect.Type{},
		boxes: map[uint64]reflect.Type{}}}
	if _, err := l.message(root.Type.Elem()); err != nil {
		return nil, err
	}
	for name, one := range messages {
		if l.structs[one.message] == nil {
			return nil, fmt.Errorf("%s has no %s", public, name)
		}
	}
	table, err := binary.Append(nil, binary.NativeEndian, l.rows)
	if err != nil || len(table) != len(l.rows)*fieldSize {
		return nil, fmt.Errorf("%d rows have %d bytes: %w", len(l.rows), len(table), err)
	}
	l.table = table
	return l.layout, nil
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
	*layout
}

// message learns a struct, and all that it holds, once.
func (l *learner) message(t reflect.Type) (uint32, error) {
	is, ok := l.messages[t.Name()]
	if !ok || t.Kind() != reflect.Struct {
		return 0, fmt.Errorf("%s is not expected", t)
	}
	if seen := l.structs[is.message]; seen != nil {
		if seen != t {
			return 0, fmt.Errorf("%s and %s have one name", seen, t)
		}
		return is.message, nil
	}
	l.structs[is.message] = t
	found, set := 0, []reflect.StructField(nil)
	for index := range t.NumField() {
		one := t.Field(index)
		switch kind, _, _ := liesAs(one.Type); kind {
		case fieldOneof:
			variants, err := l.variants(is, t, one)
			if err != nil {
				return 0, err
			}
			found += variants
			continue
		case fieldSet:
			set = append(set, one)
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
	return is.message, l.optional(is, t, set)
}

// liesAs is as what a type lies, the type of the messages that lie there, if any, and so many bytes
// as the kind of row asks for. The kind is 0 for what cannot be read.
func liesAs(t reflect.Type) (kind uint32, below reflect.Type, size int) {
	switch t.Kind() {
	case reflect.Uint64, reflect.Int64, reflect.Float64:
		return field64, nil, 0
	case reflect.Int32:
		return fieldInt32, nil, 0
	case reflect.Uint32:
		return fieldUint32, nil, 0
	case reflect.Bool:
		return fieldBool, nil, 0
	case reflect.String:
		return fieldString, nil, 0
	case reflect.Struct:
		return fieldStruct, t, int(t.Size())
	case reflect.Pointer:
		return fieldPointer, t.Elem(), int(t.Elem().Size())
	case reflect.Interface:
		return fieldOneof, nil, 0
	case reflect.Array:
		switch t.Elem().Kind() {
		case reflect.Uint8:
			return fieldID, nil, t.Len()
		case reflect.Uint64:
			if t.Len() == 1 {
				return fieldSet, nil, 0
			}
		}
	case reflect.Slice:
		switch element := t.Elem(); element.Kind() {
		case reflect.Uint8:
			return fieldBytes, nil, 0
		case reflect.Uint64, reflect.Float64:
			return fieldNumbers, nil, 0
		case reflect.Pointer:
			return fieldPointers, element.Elem(), int(element.Elem().Size())
		default:
			return fieldStructs, element, int(element.Size())
		}
	}
	return 0, nil, 0
}

// add appends the row of a field. A field without a number has only a kind.
func (l *learner) add(row field, t reflect.Type) (err error) {
	kind, below, size := liesAs(t)
	if kind == 0 || kind == fieldOneof || kind == fieldSet {
		return fmt.Errorf("%s cannot be read", t)
	}
	row.Kind = kind
	if row.Number != 0 {
		row.Size = uint32(size)
	}
	if row.Number != 0 && below != nil {
		row.Of, err = l.message(below)
	}
	l.rows = append(l.rows, row)
	return err
}

// variants learns what an interface of pdata may hold, from values that the public API makes. It
// counts them. Others cannot be read: Rust says so when it meets one.
func (l *learner) variants(is meaning, t reflect.Type, oneof reflect.StructField) (int, error) {
	l.rows = append(l.rows, field{Message: is.message, Kind: fieldOneof, Offset: uint32(oneof.Offset)})
	found := map[uint32]bool{}
	for _, sample := range is.variants {
		number, err := l.variant(is, t, oneof, reflect.ValueOf(sample))
		if err != nil {
			return 0, fmt.Errorf("%s.%s: %w", t, oneof.Name, err)
		}
		found[number] = true
	}
	if len(found) == 0 {
		return 0, fmt.Errorf("%s.%s: %s cannot be read", t, oneof.Name, oneof.Type)
	}
	return len(found), nil
}

// heldBy is the struct that a value of the public API stands for, which has to be one of these.
func heldBy(sample reflect.Value, t reflect.Type) (reflect.Value, error) {
	root, err := requestOf(sample.Type())
	if err != nil || root.Type.Elem() != t {
		return reflect.Value{}, fmt.Errorf("%s is no address of %s", sample.Type(), t)
	}
	return sample.Field(0), nil
}

func (l *learner) variant(
	is meaning, t reflect.Type, oneof reflect.StructField, sample reflect.Value,
) (uint32, error) {
	held, err := heldBy(sample, t)
	if err != nil {
		return 0, err
	}
	box := held.Elem().FieldByIndex(oneof.Index).Elem()
	if box.Kind() != reflect.Pointer || box.Type().Elem().Kind() != reflect.Struct ||
		box.Type().Elem().NumField() != 1 {
		return 0, fmt.Errorf("it holds %s", box)
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
	l.boxes[uint64(words[0])] = box.Type().Elem()
	row := field{Message: is.message, Number: number, Offset: uint32(inside.Offset),
		Word: uint64(words[0])}
	return number, l.add(row, inside.Type)
}

// optional learns which bit says of which field that it is set, from values that the public API
// makes. Of other bits Rust knows that it does not know them.
func (l *learner) optional(is meaning, t reflect.Type, set []reflect.StructField) error {
	if len(set) > 1 || len(set) == 0 && len(is.optional) > 0 {
		return fmt.Errorf("%s says in %d fields what is set", t, len(set))
	}
	for _, one := range set {
		row := field{Message: is.message, Kind: fieldSet, Offset: uint32(one.Offset)}
		known := row
		for _, name := range slices.Sorted(maps.Keys(is.optional)) {
			held, err := heldBy(reflect.ValueOf(is.optional[name]), t)
			if err != nil {
				return err
			}
			row.Number, row.Word = is.fields[name], held.Elem().FieldByIndex(one.Index).Index(0).Uint()
			if bits.OnesCount64(row.Word) != 1 || known.Word&row.Word != 0 {
				return fmt.Errorf("%s: %#x does not tell whether %s is set", t, row.Word, name)
			}
			known.Word |= row.Word
			l.rows = append(l.rows, row)
		}
		l.rows = append(l.rows, known)
	}
	return nil
}
