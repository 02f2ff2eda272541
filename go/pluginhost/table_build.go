package pluginhost

import (
	"encoding/binary"
	"strings"
	"unsafe"
)

// tableBuild is the second pass over a table, whose rows are known to be right.
//
// What lies in one allocation is freed together: one record that is kept would keep a batch. So
// slabs are small, and hold what a few records need. All memory is of its real type, and all writes
// are those of Go's own types, so that the collector sees the addresses.
type tableBuild struct {
	*plan
	table
	check *tableCheck
	slabs []tableSlab
	// piece is what is left of the memory that texts are copied to, textPiece and textLeft how large
	// pieces are and how much is still to come.
	piece               []byte
	textPiece, textLeft int
	// keys are those of the lists before, by the place in the list.
	keys [64]knownKey
	next int

	open [deepest]buildFrame
}

type knownKey struct {
	at, len uint32
	text    string
}

// buildFrame is a message that is being made, and its list.
type buildFrame struct {
	message *planMessage
	at      unsafe.Pointer
	// place is where the next message of the list, or its address, is to lie.
	place    unsafe.Pointer
	left     uint32
	of       *planMessage
	step     uintptr
	pointers bool
}

// into makes the telemetry in an empty message, which is the whole batch.
func (b *tableBuild) into(root uint32, at unsafe.Pointer) {
	b.open[0] = buildFrame{message: &b.messages[root], at: at}
	depth := 0
	for index := 0; index < len(b.rows); index++ {
		in, given := &b.open[depth], &b.rows[index]
		switch given.kind {
		case rowItem:
			depth++
			b.open[depth] = buildFrame{message: in.of, at: b.item(in)}
			continue
		case rowEnd:
			// What is here no longer is not to be held.
			b.open[depth] = buildFrame{}
			depth--
			continue
		}
		to := &in.message.fields[given.number]
		at := unsafe.Add(in.at, to.offset)
		if to.variant.word != 0 {
			at = b.variant(at, to.variant)
		}
		switch given.kind {
		case rowNumber:
			setNumber(at, to.kind, given.bits)
			if to.bit != 0 {
				*(*uint64)(unsafe.Add(in.at, to.set)) |= to.bit
			}
		case rowBytes:
			if to.kind == fieldString {
				*(*string)(at) = b.string(b.textOf(given))
			} else {
				setID(at, to.size, b.textOf(given))
			}
		case rowNumbers:
			*(*[]uint64)(at) = numbersOf(b.text64(given))
		case rowValue:
			b.value(unsafe.Add(at, b.inside), given)
		case rowAttributes:
			b.attributes((*sliceHead)(at), index+1, int(given.len))
			index += int(given.len)
		case rowList:
			b.list(in, to, (*sliceHead)(at), given.len)
		case rowMessage:
			below := &b.messages[to.of]
			if to.kind == fieldPointer {
				made := b.take(below.slab, 1)
				*(*unsafe.Pointer)(at) = made
				at = made
			}
			depth++
			b.open[depth] = buildFrame{message: below, at: at}
		}
	}
}

// variant makes the box of an interface, and gives what is in it.
func (b *tableBuild) variant(at unsafe.Pointer, of planCell) unsafe.Pointer {
	box := b.take(of.slab, 1)
	setInterface(at, of, box)
	return unsafe.Add(box, of.offset)
}

// setInterface writes both words. The first one is the address of a type, which is never freed.
func setInterface(at unsafe.Pointer, of planCell, box unsafe.Pointer) {
	*(*uint64)(at) = of.word
	*(*unsafe.Pointer)(unsafe.Add(at, unsafe.Sizeof(of.word))) = box
}

func setNumber(at unsafe.Pointer, kind uint32, bits uint64) {
	switch kind {
	case field64:
		*(*uint64)(at) = bits
	case fieldBool:
		*(*bool)(at) = bits != 0
	default:
		*(*uint32)(at) = uint32(bits)
	}
}

func setID(at unsafe.Pointer, size uintptr, id string) {
	switch size {
	case 8:
		copy((*[8]byte)(at)[:], id)
	case 16:
		copy((*[16]byte)(at)[:], id)
	}
}

// text64 are the bytes of numbers.
func (b *tableBuild) text64(given *row) string {
	return b.table.text[given.bits : given.bits+8*uint64(given.len)]
}

// numbersOf gives them memory of their own; those with a point lie in it as their bits.
func numbersOf(text string) []uint64 {
	if text == "" {
		return nil
	}
	numbers := make([]uint64, len(text)/8)
	for index := range numbers {
		numbers[index] = binary.NativeEndian.Uint64([]byte(text[8*index : 8*index+8]))
	}
	return numbers
}

func (b *tableBuild) list(in *buildFrame, to *planField, at *sliceHead, length uint32) {
	if length == 0 {
		return
	}
	in.of, in.pointers = &b.messages[to.of], to.kind == fieldPointers
	slab := in.of.slab
	if in.pointers {
		slab = in.of.lists
	}
	in.place, in.left = b.take(slab, int(length)), length
	in.step = b.slabs[slab].size
	*at = sliceHead{in.place, int(length), int(length)}
}

// item gives the next message of a list.
func (b *tableBuild) item(in *buildFrame) unsafe.Pointer {
	at := in.place
	if in.left--; in.left > 0 {
		in.place = unsafe.Add(at, in.step)
	}
	if !in.pointers {
		return at
	}
	made := b.take(in.of.slab, 1)
	*(*unsafe.Pointer)(at) = made
	return made
}

func (b *tableBuild) attributes(to *sliceHead, first, length int) {
	if length == 0 {
		return
	}
	pairs := b.messages[messageKeyValue].slab
	at := b.take(pairs, length)
	*to = sliceHead{at, length, length}
	step := b.slabs[pairs].size
	for place := range length {
		given := &b.rows[first+place]
		pair := unsafe.Add(at, uintptr(place)*step)
		*(*string)(unsafe.Add(pair, b.key)) = b.keyAt(place, given)
		b.value(unsafe.Add(pair, b.plan.value), given)
	}
}

// keyAt is the key of an attribute. Records mostly have the same ones in the same order, and a
// batch has each of them once.
func (b *tableBuild) keyAt(place int, given *row) string {
	if place >= len(b.keys) {
		return b.string(b.keyOf(given))
	}
	known := &b.keys[place]
	if known.at != given.key || known.len != given.keyLen || known.text == "" {
		if key := b.keyOf(given); known.text != key {
			known.text = strings.Clone(key)
		}
		known.at, known.len = given.key, given.keyLen
	}
	return known.text
}

// value writes the interface that a value is.
func (b *tableBuild) value(to unsafe.Pointer, given *row) {
	switch given.value {
	case valueEmpty:
		return
	case valueOTLP:
		*(*any)(to) = *(*any)(b.valueAt(b.check.decoded.At(b.next)))
		b.next++
		return
	}
	cell := &b.cells[given.value]
	box := b.take(cell.slab, 1)
	inside := unsafe.Add(box, cell.offset)
	switch given.value {
	case valueString:
		*(*string)(inside) = b.string(b.textOf(given))
	case valueBool:
		*(*bool)(inside) = given.bits == 1
	case valueBytes:
		*(*[]byte)(inside) = b.copied(b.textOf(given))
	default:
		*(*uint64)(inside) = given.bits
	}
	setInterface(to, *cell, box)
}
