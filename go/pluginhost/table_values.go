package pluginhost

import (
	"strings"
	"unicode/utf8"
	"unsafe"
)

// attributes makes a list of those in the rows that follow, and gives the number of the last one.
func (b *tableBuild) attributes(to *sliceHead, index int, length uint32) int {
	if length == 0 {
		return index
	}
	if uint64(length) > uint64(len(b.rows)-index-1) {
		b.fail("begins more attributes than there are rows")
		return index
	}
	pairs := &b.slabs[b.messages[messageKeyValue].slab]
	at := pairs.take(int(length))
	*to = sliceHead{at, int(length), int(length)}
	key, value, step := b.key, b.plan.value, pairs.size
	text := b.cells[valueString]
	texts := &b.slabs[text.slab]
	rows := b.rows[index+1 : index+1+int(length)]
	for place := range rows {
		given := &rows[place]
		known := &b.keys[place%len(b.keys)]
		if given.kind != rowAttribute {
			b.fail("is of kind %d, and a list lacks attributes", given.kind)
			return index + 1 + place
		}
		if known.at != given.key || known.len != given.keyLen {
			b.newKey(known, given)
		}
		*(*string)(unsafe.Add(at, key)) = known.text
		if given.value == valueString {
			// By far the most.
			box := texts.next()
			b.string((*string)(unsafe.Add(box, text.offset)), given)
			setInterface(unsafe.Add(at, value), text, box)
		} else {
			b.value(unsafe.Add(at, value), given)
		}
		if b.problem != "" {
			return index + 1 + place
		}
		key += step
		value += step
	}
	return index + int(length)
}

// newKey remembers a key. Records mostly have the same ones in the same order, and a batch has each
// of them once.
func (b *tableBuild) newKey(known *knownKey, given *row) {
	if !b.within(uint64(given.key), uint64(given.keyLen)) {
		return
	}
	key := b.keyOf(given)
	if !utf8.ValidString(key) {
		b.problem = notText
		return
	}
	if known.text != key {
		known.text = strings.Clone(key)
	}
	known.at, known.len = given.key, given.keyLen
}

// value writes the interface that a value is.
func (b *tableBuild) value(to unsafe.Pointer, given *row) {
	if given.value > valueOTLP {
		b.fail("has value kind %d, which is none", given.value)
		return
	}
	cell := &b.cells[given.value%valueOTLP]
	switch given.value {
	case valueEmpty:
		return
	case valueOTLP:
		*(*any)(to) = *(*any)(b.valueAt(b.decoded.At(b.next)))
		b.next++
		return
	}
	box := b.slabs[cell.slab].next()
	inside := unsafe.Add(box, cell.offset)
	switch given.value {
	case valueString:
		b.string((*string)(inside), given)
	case valueBool:
		if given.bits > 1 {
			b.fail("has the truth value %d", given.bits)
		}
		*(*bool)(inside) = given.bits == 1
	case valueBytes:
		if b.within(given.bits, uint64(given.len)) {
			*(*[]byte)(inside) = b.texts.bytes(b.textOf(given))
		}
	default:
		*(*uint64)(inside) = given.bits
	}
	setInterface(to, *cell, box)
}

// string writes a text that is checked.
func (b *tableBuild) string(to *string, given *row) {
	start, length := given.bits, uint64(given.len)
	if all := uint64(len(b.text)); start > all || length > all-start {
		b.within(start, length)
		return
	}
	end := start + length
	if b.valid && b.isEdge(start) && b.isEdge(end) || utf8.ValidString(b.text[start:end]) {
		*to = b.texts.string(b.text, start, length)
		return
	}
	b.problem = notText
}

const notText wrong = "has a text that is not UTF-8"

// isEdge says whether no letter of a text that is UTF-8 lies on both sides of a place in it.
func (b *tableBuild) isEdge(at uint64) bool {
	return at == uint64(len(b.text)) || utf8.RuneStart(b.text[at])
}

func (b *tableBuild) within(start, length uint64) bool {
	if all := uint64(len(b.text)); start > all || length > all-start {
		return b.fail("refers to %d bytes at %d of a text of %d", length, start, all)
	}
	return true
}
