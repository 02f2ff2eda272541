package pluginhost

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"unsafe"

	"go.opentelemetry.io/collector/featuregate"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// shape is how attributes lie in this process, in the telemetry of all signals alike. Like the
// layout it is learnt from pdata's own types.
type shape struct {
	// list and value are where pcommon.Map holds the address of its slice, and pcommon.Value that of
	// what it stands for.
	list, value uintptr
	// pair is an attribute: its type, its size, and where in it the key, the value's interface and
	// the other fields are, which are numbers.
	pair            reflect.Type
	size, key, held uintptr
	others          []uintptr
	// inner is where the interface is in what a pcommon.Value stands for.
	inner uintptr
	// cells are what the interface holds, by VALUE_….
	cells [valueOTLP]cell
	// items are where the lists of records and points are.
	items itemsOf
}

// cell is the type of what an interface of pdata points to: a struct with one field.
type cell struct {
	name string
	of   reflect.Type
	size uintptr
	// sample is an interface that holds one.
	sample any
}

// sliceHead is a slice, as Go has it in memory.
type sliceHead struct {
	data     unsafe.Pointer
	len, cap int
}

// poolingGate has pdata use its objects again, which is not for those that lie in one allocation.
const poolingGate = "pdata.useProtoPooling"

var pooling = sync.OnceValue(func() (found *featuregate.Gate) {
	featuregate.GlobalRegistry().VisitAll(func(gate *featuregate.Gate) {
		if gate.ID() == poolingGate {
			found = gate
		}
	})
	return found
})

// shapeLearnt is none where pdata is not as expected: then edits are made by the public API.
var shapeLearnt = sync.OnceValues(func() (*shape, error) {
	if pooling() == nil {
		return nil, fmt.Errorf("this Collector has no feature gate %s", poolingGate)
	}
	lies, err := learnShape(reflect.TypeFor[pcommon.Map](), sampleValues())
	if err == nil {
		err = lies.prove()
	}
	if err != nil {
		return nil, err
	}
	return lies, nil
})

// shapeProblem says why edits are not written in place where they ought to be.
func shapeProblem() error {
	if pdataViewNow() == viewOff {
		return nil
	}
	_, err := shapeLearnt()
	return err
}

// preparedShape is none where edits are to be made by the public API.
func preparedShape() *shape {
	if pdataViewNow() == viewOff {
		return nil
	}
	lies, err := shapeLearnt()
	if err != nil || pooling().IsEnabled() {
		return nil
	}
	return lies
}

// sampleValues are values of each kind that lies in a cell, by VALUE_….
func sampleValues() [valueOTLP]pcommon.Value {
	return [valueOTLP]pcommon.Value{
		valueString: pcommon.NewValueStr("text"), valueBool: pcommon.NewValueBool(true),
		valueInt: pcommon.NewValueInt(1), valueDouble: pcommon.NewValueDouble(1),
		valueBytes: pcommon.NewValueBytes(),
	}
}

var cellKinds = [valueOTLP]reflect.Kind{valueString: reflect.String, valueBool: reflect.Bool,
	valueInt: reflect.Int64, valueDouble: reflect.Float64, valueBytes: reflect.Slice}

// learnShape finds out how a public list of attributes lies, and what its values are.
func learnShape(list reflect.Type, samples [valueOTLP]pcommon.Value) (*shape, error) {
	if unsafe.Sizeof(uintptr(0)) != 8 {
		return nil, fmt.Errorf("addresses have %d bytes", unsafe.Sizeof(uintptr(0)))
	}
	if list.Kind() != reflect.Struct || list.NumField() == 0 ||
		list.Field(0).Type.Kind() != reflect.Pointer ||
		list.Field(0).Type.Elem().Kind() != reflect.Slice ||
		list.Field(0).Type.Elem().Elem().Kind() != reflect.Struct {
		return nil, fmt.Errorf("%s does not begin with the address of structs", list)
	}
	root, err := requestOf(reflect.TypeFor[pcommon.Value]())
	if err != nil {
		return nil, err
	}
	value := root.Type.Elem()
	if value.NumField() != 1 || value.Field(0).Type.Kind() != reflect.Interface ||
		value.Field(0).Type.NumMethod() != 0 {
		return nil, fmt.Errorf("%s is more than an interface", value)
	}
	pair := list.Field(0).Type.Elem().Elem()
	lies := &shape{list: list.Field(0).Offset, value: root.Offset, pair: pair, size: pair.Size(),
		inner: value.Field(0).Offset}
	key, held := false, false
	for index := range pair.NumField() {
		switch one := pair.Field(index); {
		case one.Name == "Key" && one.Type.Kind() == reflect.String:
			lies.key, key = one.Offset, true
		case one.Name == "Value" && one.Type == value:
			lies.held, held = one.Offset+lies.inner, true
		case one.Type.Kind() == reflect.Int32:
			lies.others = append(lies.others, one.Offset)
		default:
			return nil, fmt.Errorf("%s.%s is not expected", pair, one.Name)
		}
	}
	if !key || !held {
		return nil, fmt.Errorf("%s has no key or no value", pair)
	}
	for kind := valueString; kind <= valueBytes; kind++ {
		if lies.cells[kind], err = lies.learnCell(samples[kind], cellKinds[kind]); err != nil {
			return nil, err
		}
	}
	lies.items = learnItems(pair)
	return lies, nil
}

func (s *shape) learnCell(sample pcommon.Value, kind reflect.Kind) (cell, error) {
	box := reflect.ValueOf(sample).Field(0).Elem().Field(0).Elem()
	if box.Kind() != reflect.Pointer || box.Type().Elem().Kind() != reflect.Struct ||
		box.Type().Elem().NumField() != 1 {
		return cell{}, fmt.Errorf("a value holds a %s", box.Type())
	}
	of := box.Type().Elem()
	if of.Field(0).Type.Kind() != kind || of.Field(0).Offset != 0 {
		return cell{}, fmt.Errorf("%s does not begin with a %s", of, kind)
	}
	// Within the sample, which the caller holds.
	held := *(*any)(s.valueAt(sample))
	if reflect.TypeOf(held) != box.Type() {
		return cell{}, fmt.Errorf("a %s does not lie as an interface does", box.Type())
	}
	return cell{of.Field(0).Name, of, of.Size(), held}, nil
}

// listAt is the slice of a list; it is valid as long as the batch is held.
func (s *shape) listAt(list pcommon.Map) *sliceHead {
	return *(**sliceHead)(unsafe.Add(unsafe.Pointer(&list), s.list))
}

// at is where an attribute of a list lies.
func (s *shape) at(list *sliceHead, index int) unsafe.Pointer {
	return unsafe.Add(list.data, uintptr(index)*s.size)
}

// valueAt is where the interface of a value lies, within the batch that the caller holds.
func (s *shape) valueAt(value pcommon.Value) unsafe.Pointer {
	return unsafe.Add(*(*unsafe.Pointer)(unsafe.Add(unsafe.Pointer(&value), s.value)), s.inner)
}

var errShape = errors.New("it does not lie where it ought to")
