package pluginhost

import (
	"fmt"
	"reflect"
	"unsafe"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// plan is how a table becomes telemetry of a signal: the layout, by message and number.
type plan struct {
	root     uintptr
	messages [messageLast + 1]planMessage
	// key and value are where an attribute has them; value is the place of its interface.
	key, value uintptr
	// cells are what the interface of a value holds, by VALUE_….
	cells [valueOTLP]planCell
	// held is where a public value has the address of what it stands for, inside where the interface
	// is in that.
	held, inside uintptr
	// kinds are the types of which slabs are made, by their number.
	kinds []reflect.Type
}

const (
	messageLast = messageExemplar
	// fieldLast is the greatest number of a field.
	fieldLast = 16
)

type planMessage struct {
	fields [fieldLast + 1]planField
	// slab is the number of its type, lists that of its address.
	slab, lists int
}

// planField is what a field takes, and where.
type planField struct {
	// wants is the ROW_… that gives it; 0 if the field is not known.
	wants  uint8
	kind   uint32
	offset uintptr
	size   uintptr
	of     uint32
	// set is the place of the bits that say what is set, bit the one of this field, if there is one.
	set uintptr
	bit uint64
	// variant is set for a field in a box of an interface, whose first word is this.
	variant planCell
}

// planCell is the type of what an interface holds the address of.
type planCell struct {
	word   uint64
	slab   int
	offset uintptr
}

var rowsOfKinds = map[uint32]uint8{
	field64: rowNumber, fieldInt32: rowNumber, fieldUint32: rowNumber, fieldBool: rowNumber,
	fieldString: rowBytes, fieldID: rowBytes, fieldNumbers: rowNumbers, fieldStruct: rowMessage,
	fieldPointer: rowMessage, fieldStructs: rowList, fieldPointers: rowList,
}

// cellsOfNumbers are the kinds of values by the numbers of their fields.
var cellsOfNumbers = map[uint32]struct {
	value uint8
	kind  uint32
}{
	1: {valueString, fieldString}, 2: {valueBool, fieldBool}, 3: {valueInt, field64},
	4: {valueDouble, field64}, 7: {valueBytes, fieldBytes},
}

// planOf makes a plan of a layout that was proved.
func planOf(lies *layout) (*plan, error) {
	p := &plan{root: lies.root}
	for message, of := range lies.structs {
		here := &p.messages[message]
		here.slab = p.add(of)
		here.lists = p.add(reflect.PointerTo(of))
	}
	oneof := map[uint32]uintptr{}
	for _, row := range lies.rows {
		if row.Kind == fieldOneof {
			oneof[row.Message] = uintptr(row.Offset)
		}
	}
	for _, row := range lies.rows {
		if err := p.field(lies, row, oneof); err != nil {
			return nil, err
		}
	}
	held, err := requestOf(reflect.TypeFor[pcommon.Value]())
	if err != nil {
		return nil, err
	}
	p.held, p.inside = held.Offset, oneof[messageAnyValue]
	pair := &p.messages[messageKeyValue]
	if pair.fields[1].kind != fieldString || pair.fields[2].kind != fieldStruct {
		return nil, fmt.Errorf("%s is not expected", lies.structs[messageKeyValue])
	}
	p.key, p.value = pair.fields[1].offset, pair.fields[2].offset+p.inside
	for value, cell := range p.cells {
		if cell.word == 0 && value != valueEmpty {
			return nil, fmt.Errorf("there is no value of kind %d", value)
		}
	}
	return p, nil
}

func (p *plan) add(of reflect.Type) int {
	p.kinds = append(p.kinds, of)
	return len(p.kinds) - 1
}

func (p *plan) field(lies *layout, row field, oneof map[uint32]uintptr) error {
	if row.Number == 0 {
		return nil
	}
	if row.Number > fieldLast {
		return fmt.Errorf("%s has a field %d", lies.structs[row.Message], row.Number)
	}
	if row.Message == messageAnyValue {
		if as, ok := cellsOfNumbers[row.Number]; ok && row.Kind == as.kind {
			p.cells[as.value] = planCell{row.Word, p.add(lies.boxes[row.Word]), uintptr(row.Offset)}
		}
		return nil
	}
	to := &p.messages[row.Message].fields[row.Number]
	if row.Kind == fieldSet {
		to.set, to.bit = uintptr(row.Offset), row.Word
		return nil
	}
	*to = planField{wants: rowsOfKinds[row.Kind], kind: row.Kind, offset: uintptr(row.Offset),
		size: uintptr(row.Size), of: row.Of}
	switch {
	case row.Of == messageAnyValue:
		to.wants = rowValue
	case row.Of == messageKeyValue:
		to.wants = rowAttributes
	}
	if row.Word != 0 {
		to.variant = planCell{row.Word, p.add(lies.boxes[row.Word]), uintptr(row.Offset)}
		to.offset = oneof[row.Message]
	}
	if to.wants == 0 || to.wants == rowAttributes && row.Kind != fieldStructs ||
		row.Kind == fieldID && row.Size != 8 && row.Size != 16 {
		return fmt.Errorf("%s.%d cannot be built", lies.structs[row.Message], row.Number)
	}
	return nil
}

// valueAt is where the interface of a public value lies, which its caller holds.
func (p *plan) valueAt(value pcommon.Value) unsafe.Pointer {
	return unsafe.Add(*(*unsafe.Pointer)(unsafe.Add(unsafe.Pointer(&value), p.held)), p.inside)
}
