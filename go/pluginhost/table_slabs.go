package pluginhost

import (
	"reflect"
	"unsafe"
)

// tableSlab is memory of one type, and what of it is still wanted.
type tableSlab struct {
	of          reflect.Type
	array       reflect.Type
	size        uintptr
	at          unsafe.Pointer
	room        int
	piece, left int
}

// together is for so many records one slab of each type.
const together = 3

func (b *tableBuild) make() {
	pieceOf := func(need int) int {
		return (together*need + b.check.ones - 1) / max(1, b.check.ones)
	}
	b.slabs = make([]tableSlab, len(b.kinds))
	for index, of := range b.kinds {
		need := b.check.needs[index]
		b.slabs[index] = tableSlab{of: of, size: of.Size(), piece: pieceOf(need), left: need}
	}
	b.textPiece, b.textLeft = pieceOf(b.check.bytes), b.check.bytes
}

// take gives memory that nothing else has, for so many values that lie one after the other.
func (b *tableBuild) take(slab, count int) unsafe.Pointer {
	from := &b.slabs[slab]
	if from.room < count {
		from.fill(count)
	}
	taken := from.at
	from.room -= count
	from.left -= count
	if from.room > 0 {
		// No address beyond the slab is ever made.
		from.at = unsafe.Add(taken, uintptr(count)*from.size)
	}
	return taken
}

// arraysUpTo is how long an array gets a type of its own, which stays for ever. A slice has a head,
// which is an allocation too.
const arraysUpTo = 64

func (s *tableSlab) fill(count int) {
	s.room = max(count, min(s.piece, s.left))
	switch {
	case s.room == 1:
		s.at = reflect.New(s.of).UnsafePointer()
	case s.room == s.piece && s.piece <= arraysUpTo:
		if s.array == nil {
			s.array = reflect.ArrayOf(s.piece, s.of)
		}
		s.at = reflect.New(s.array).UnsafePointer()
	default:
		s.at = reflect.MakeSlice(reflect.SliceOf(s.of), s.room, s.room).UnsafePointer()
	}
}

// copied gives a copy of a text that keeps nothing of another record alive but its neighbours.
func (b *tableBuild) copied(text string) []byte {
	length := len(text)
	if length > len(b.piece) {
		b.piece = make([]byte, max(length, min(b.textPiece, b.textLeft)))
	}
	to := b.piece[:length:length]
	copy(to, text)
	b.piece = b.piece[length:]
	b.textLeft -= length
	return to
}

func (b *tableBuild) string(text string) string {
	if text == "" {
		return ""
	}
	to := b.copied(text)
	// A string begins as a slice does; nothing else has these bytes.
	return *(*string)(unsafe.Pointer(&to))
}
