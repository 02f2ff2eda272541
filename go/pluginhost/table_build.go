package pluginhost

import (
	"encoding/binary"
	"fmt"
	"unsafe"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// tableBuild makes telemetry of a table, row by row, and believes none. What is made before a row
// turns out to be broken is garbage: the batch is refused, and nothing else has changed.
//
// What lies in one allocation is freed together: one record that is kept would keep a batch. So
// slabs are small, and hold what a few records need. All memory is of its real type, and all writes
// are those of Go's own types, so that the collector sees the addresses.
type tableBuild struct {
	*plan
	table
	slabs []tableSlab
	texts textSlab
	// valid says that all of the text is UTF-8.
	valid bool
	// decoded are the values that are given as OTLP, in the order of their rows.
	decoded pcommon.Slice
	next    int
	// keys are those of the lists before, by the place in the list.
	keys [64]knownKey
	// problem is what is wrong with the row that is looked at.
	problem wrong

	open  [deepest]buildFrame
	depth int
}

// deepest is more than messages of a batch lie in each other.
const deepest = 12

type knownKey struct {
	at, len uint32
	text    string
}

// buildFrame is a message that is being made, and its list.
type buildFrame struct {
	message *planMessage
	at      unsafe.Pointer
	// seen are the fields that it was given.
	seen uint32
	// left are the messages that its last list still lacks; place is where the next one, or its
	// address, is to lie.
	left     uint32
	pointers bool
	of       *planMessage
	place    unsafe.Pointer
	step     uintptr
}

// into makes the telemetry in an empty message, which is the whole batch.
func (b *tableBuild) into(root uint32, at unsafe.Pointer) error {
	if err := b.survey(); err != nil {
		return err
	}
	b.open[0] = buildFrame{message: &b.messages[root], at: at}
	for index := 0; index < len(b.rows); index++ {
		in, given := &b.open[b.depth], &b.rows[index]
		switch {
		case in.left > 0 || given.kind == rowEnd:
			b.step(in, given)
		case given.kind == rowAttributes:
			if to := b.field(in, given); to != nil {
				index = b.attributes((*sliceHead)(unsafe.Add(in.at, to.offset)), index, given.len)
			}
		default:
			if to := b.field(in, given); to != nil {
				b.give(in, to, given)
			}
		}
		if b.problem != "" {
			return wrongRow(index, b.problem)
		}
	}
	if b.depth > 0 || b.open[0].left > 0 {
		return wrongRow(len(b.rows), "is missing: what began has no end")
	}
	return nil
}

func wrongRow(index int, problem wrong) error {
	return breach(fmt.Sprintf("row %d %s", index, problem))
}

func (b *tableBuild) fail(format string, values ...any) bool {
	b.problem = wrong(fmt.Sprintf(format, values...))
	return false
}

// step begins the next message of a list, or ends a message.
func (b *tableBuild) step(in *buildFrame, given *row) {
	switch {
	case in.left > 0 && given.kind != rowItem:
		b.fail("is of kind %d, and a list lacks %d messages", given.kind, in.left)
	case in.left > 0:
		at := in.place
		if in.left--; in.left > 0 {
			in.place = unsafe.Add(at, in.step)
		}
		if in.pointers {
			made := b.slabs[in.of.slab].next()
			*(*unsafe.Pointer)(at) = made
			at = made
		}
		b.begin(in.of, at)
	case b.depth == 0:
		b.fail("ends what did not begin")
	default:
		b.depth--
	}
}

func (b *tableBuild) begin(message *planMessage, at unsafe.Pointer) {
	if b.depth+1 == deepest {
		b.fail("begins a message in too many others")
		return
	}
	b.depth++
	b.open[b.depth] = buildFrame{message: message, at: at}
}

// field is what a row gives, or nil.
func (b *tableBuild) field(in *buildFrame, given *row) *planField {
	if given.number > fieldLast {
		b.fail("is about a field %d", given.number)
		return nil
	}
	to, bit := &in.message.fields[given.number], uint32(1)<<given.number
	switch {
	case to.wants != given.kind || given.kind == 0:
		b.fail("of kind %d is about a field %d that does not take it", given.kind, given.number)
		return nil
	case in.seen&bit != 0:
		b.fail("gives a field %d a second time", given.number)
		return nil
	}
	in.seen |= bit
	return to
}

func (b *tableBuild) give(in *buildFrame, to *planField, given *row) {
	at := unsafe.Add(in.at, to.offset)
	if to.variant.word != 0 {
		box := b.slabs[to.variant.slab].next()
		setInterface(at, to.variant, box)
		at = unsafe.Add(box, to.variant.offset)
	}
	switch given.kind {
	case rowNumber:
		b.number(at, to.kind, given.bits)
		if to.bit != 0 {
			*(*uint64)(unsafe.Add(in.at, to.set)) |= to.bit
		}
	case rowBytes:
		if to.kind == fieldString {
			b.string((*string)(at), given)
		} else if b.within(given.bits, uint64(given.len)) {
			b.id(at, to.size, b.textOf(given))
		}
	case rowNumbers:
		if b.within(given.bits, 8*uint64(given.len)) {
			text := b.text[given.bits : given.bits+8*uint64(given.len)]
			*(*[]uint64)(at) = numbersOf(text)
		}
	case rowValue:
		b.value(unsafe.Add(at, b.inside), given)
	case rowList:
		b.list(in, to, (*sliceHead)(at), given.len)
	case rowMessage:
		below := &b.messages[to.of]
		if to.kind == fieldPointer {
			made := b.slabs[below.slab].next()
			*(*unsafe.Pointer)(at) = made
			at = made
		}
		b.begin(below, at)
	}
}

// setInterface writes both words. The first one is the address of a type, which is never freed.
func setInterface(at unsafe.Pointer, of planCell, box unsafe.Pointer) {
	*(*uint64)(at) = of.word
	*(*unsafe.Pointer)(unsafe.Add(at, unsafe.Sizeof(of.word))) = box
}

func (b *tableBuild) number(at unsafe.Pointer, kind uint32, bits uint64) {
	switch {
	case kind == field64:
		*(*uint64)(at) = bits
	case bits>>32 != 0:
		b.fail("has a number of more bits than the field")
	case kind == fieldBool:
		*(*bool)(at) = bits != 0
	default:
		*(*uint32)(at) = uint32(bits)
	}
}

func (b *tableBuild) id(at unsafe.Pointer, size uintptr, id string) {
	switch {
	case id != "" && uintptr(len(id)) != size:
		b.fail("is an identifier of %d bytes, not %d", len(id), size)
	case size == 8:
		copy((*[8]byte)(at)[:], id)
	default:
		copy((*[16]byte)(at)[:], id)
	}
}

// numbersOf gives numbers memory of their own; those with a point lie in it as their bits.
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
	if uint64(length) > uint64(len(b.rows)) {
		b.fail("begins a list of more messages than there are rows")
		return
	}
	in.of, in.pointers = &b.messages[to.of], to.kind == fieldPointers
	slab := &b.slabs[in.of.slab]
	slab.left = int(length)
	if in.pointers {
		slab = &b.slabs[in.of.lists]
	}
	in.place, in.left, in.step = slab.take(int(length)), length, slab.size
	*at = sliceHead{in.place, int(length), int(length)}
}
