package pluginhost

import (
	"fmt"
	"strings"
	"unicode/utf8"
	"unsafe"
)

// tableSlab is memory of one type. left is what of it may still be wanted.
type tableSlab struct {
	// of is where the type is described.
	of    unsafe.Pointer
	size  uintptr
	start unsafe.Pointer
	// taken and end are bytes from the start: no address beyond the slab is ever made.
	taken, end  uintptr
	piece, left int
}

// together is for so many records one slab of each type.
const together = 3

// survey looks at the rows for how large slabs are to be, and decodes the values that are given as
// OTLP.
func (b *tableBuild) survey() error {
	var kinds [rowEnd + 1]int
	var values [valueOTLP + 1]int
	var bytes int
	var otlp []int
	for index := range b.rows {
		given := &b.rows[index]
		kinds[min(given.kind, rowEnd)]++
		if given.kind != rowAttribute && given.kind != rowValue {
			continue
		}
		values[min(given.value, valueOTLP)]++
		switch given.value {
		case valueOTLP:
			if !b.within(given.bits, uint64(given.len)) {
				return wrongRow(index, b.problem)
			}
			otlp = append(otlp, index)
			bytes += int(given.len)
		case valueString, valueBytes:
			bytes += int(given.len)
		}
	}
	if bytes > longestData {
		return breach(fmt.Sprintf("rows that refer to %d bytes, of which the C ABI takes at most %d",
			bytes, longestData))
	}
	b.valid = utf8.ValidString(b.text)
	b.make(&kinds, &values)
	return b.decode(otlp)
}

func (b *tableBuild) make(kinds *[rowEnd + 1]int, values *[valueOTLP + 1]int) {
	items := max(1, kinds[rowItem])
	pieceOf := func(count int) int { return (together*count + items - 1) / items }
	b.slabs = make([]tableSlab, len(b.kinds))
	for index, of := range b.kinds {
		// An interface holds the address of its one type that is no interface.
		described := (*[2]unsafe.Pointer)(unsafe.Pointer(&of))[1]
		b.slabs[index] = tableSlab{of: described, size: of.Size(), piece: together, left: items}
	}
	for value, count := range values[:valueOTLP] {
		if value != valueEmpty {
			slab := &b.slabs[b.cells[value].slab]
			slab.piece, slab.left = pieceOf(count), count
		}
	}
	pairs := &b.slabs[b.messages[messageKeyValue].slab]
	pairs.piece, pairs.left = pieceOf(kinds[rowAttribute]), kinds[rowAttribute]
	b.texts.size = pieceOf(len(b.text))
}

// decode reads the values that are given as OTLP, all at once.
func (b *tableBuild) decode(rows []int) (err error) {
	if len(rows) == 0 {
		return nil
	}
	encoded := make([]string, 0, len(rows))
	for _, index := range rows {
		encoded = append(encoded, b.textOf(&b.rows[index]))
	}
	if b.decoded, err = decodeValues(encoded...); err == nil {
		return nil
	}
	for at, index := range rows {
		if _, err := decodeValues(encoded[at]); err != nil {
			return breach(fmt.Sprintf("row %d has %v: %v", index, errNotDecoded, err))
		}
	}
	return err
}

// next gives memory that nothing else has.
func (s *tableSlab) next() unsafe.Pointer {
	if s.taken == s.end {
		s.fill(1)
	}
	at := unsafe.Add(s.start, s.taken)
	s.taken += s.size
	return at
}

// take gives it for so many values that lie one after the other.
func (s *tableSlab) take(count int) unsafe.Pointer {
	if s.end-s.taken < uintptr(count)*s.size {
		s.fill(count)
	}
	at := unsafe.Add(s.start, s.taken)
	s.taken += uintptr(count) * s.size
	return at
}

func (s *tableSlab) fill(count int) {
	room := max(count, min(s.piece, s.left))
	s.left -= room
	s.taken, s.end = 0, uintptr(room)*s.size
	s.start = newArray(s.of, room)
}

// newArray gives an array that Go's collector knows as one of the type. The public functions of
// reflect allocate the head of a slice, too, or look the type of the array up: a tenth of all. A
// release of Go without this one does not link.
//
//go:linkname newArray reflect.unsafe_NewArray
func newArray(of unsafe.Pointer, length int) unsafe.Pointer

// textSlab is a copy of a part of a text, and where in that it begins; size is how long parts are.
type textSlab struct {
	piece string
	at    uint64
	size  int
	// room is for bytes, which may be written to: they lie in no text.
	room []byte
}

// string is a text of its own. Texts mostly follow each other: those of a few records are copied
// at once. What lies before them is copied alone.
func (s *textSlab) string(text string, at, length uint64) string {
	start, all := at-s.at, uint64(len(s.piece))
	if start <= all && length <= all-start {
		return s.piece[start : start+length]
	}
	if at < s.at {
		return strings.Clone(text[at : at+length])
	}
	end := min(at+max(length, uint64(s.size)), uint64(len(text)))
	s.piece, s.at = strings.Clone(text[at:end]), at
	return s.piece[:length]
}

// bytesAtOnce are so many that no record keeps much.
const bytesAtOnce = 256

func (s *textSlab) bytes(content string) []byte {
	length := len(content)
	if length > len(s.room) {
		s.room = make([]byte, max(length, min(bytesAtOnce, together*length)))
	}
	to := s.room[:length:length]
	copy(to, content)
	s.room = s.room[length:]
	return to
}
