package pluginhost

import (
	"reflect"
	"unsafe"
)

// needs is what the rows of a list need of memory, which the first pass counts.
type needs struct {
	// cells are counted by VALUE_…, bytes are those of all byte values.
	cells [valueOTLP + 1]int
	bytes int
}

// slabs hold what an edit list adds to a batch: one allocation for all of a kind, and few for the
// lists that have to grow. Each cell, each part of the bytes and each list becomes part of one
// attribute only. A slab lives as long as any part of it.
type slabs struct {
	lies  *shape
	cells [valueOTLP]slab
	bytes []byte
	// pairs are room for lists; room is how many attributes there is still room for.
	pairs slab
	room  int
}

// slab is memory of one type, of which the first ones are taken.
type slab struct {
	start unsafe.Pointer
	taken uintptr
}

func (s *slabs) make(lies *shape, needs *needs) {
	s.lies, s.bytes = lies, make([]byte, needs.bytes)
	for kind := valueString; kind <= valueBytes; kind++ {
		s.cells[kind] = newSlab(lies.cells[kind].of, needs.cells[kind])
	}
}

// newSlab makes memory of the real type, so that the collector finds the addresses in it.
func newSlab(of reflect.Type, count int) slab {
	switch count {
	case 0:
		return slab{}
	case 1:
		// A slice has a head, which is an allocation too.
		return slab{start: reflect.New(of).UnsafePointer()}
	}
	return slab{start: reflect.MakeSlice(reflect.SliceOf(of), count, count).UnsafePointer()}
}

// edit changes an attribute list where it lies. All writes are those of Go's own types, so that the
// collector sees them.
func (s *slabs) edit(to *sliceHead, e *editor, index int) {
	row := &e.list.rows[index]
	switch row.kind {
	case editSet:
		s.set(unsafe.Add(s.lies.at(to, int(row.index)), s.lies.held), e, row)
	case editPut:
		if to.len == to.cap {
			s.grow(to, e.list.rows[index:])
		}
		at := s.lies.at(to, to.len)
		s.rename(at, e.list.keyOf(row))
		s.set(unsafe.Add(at, s.lies.held), e, row)
		to.len++
	case editDelete:
		last := to.len - 1
		s.move(to, last, int(row.index))
		s.clear(to, last)
	case editRename:
		s.rename(s.lies.at(to, int(row.index)), e.list.keyOf(row))
	case editKeep:
		bitmap, stay, length := e.list.valueOf(row), 0, to.len
		for from := range length {
			if kept(bitmap, from) {
				s.move(to, from, stay)
				stay++
			}
		}
		for gone := length - 1; gone >= stay; gone-- {
			s.clear(to, gone)
		}
	}
}

// rename writes the key, and that it is no other: what lay there may be of an attribute that was
// removed.
func (s *slabs) rename(at unsafe.Pointer, key string) {
	*(*string)(unsafe.Add(at, s.lies.key)) = key
	for _, other := range s.lies.others {
		*(*int32)(unsafe.Add(at, other)) = 0
	}
}

// set writes the interface that a value is.
func (s *slabs) set(to unsafe.Pointer, e *editor, row *edit) {
	switch row.value {
	case valueEmpty:
		*(*any)(to) = nil
		return
	case valueOTLP:
		*(*any)(to) = *(*any)(s.lies.valueAt(e.takeDecoded()))
		return
	}
	cell := s.take(row.value)
	switch row.value {
	case valueString:
		*(*string)(cell) = e.list.valueOf(row)
	case valueBool:
		*(*bool)(cell) = row.bits == 1
	case valueInt:
		*(*int64)(cell) = int64(row.bits)
	case valueDouble:
		*(*float64)(cell) = doubleOf(row)
	case valueBytes:
		length := int(row.valueLen)
		*(*[]byte)(cell) = s.bytes[:length:length]
		copy(s.bytes, e.list.valueOf(row))
		s.bytes = s.bytes[length:]
	}
	held := s.lies.cells[row.value].sample
	(*[2]unsafe.Pointer)(unsafe.Pointer(&held))[1] = cell
	*(*any)(to) = held
}

// take gives a cell that nothing else has. No address beyond the slab is ever made.
func (s *slabs) take(kind uint8) unsafe.Pointer {
	from := &s.cells[kind]
	cell := unsafe.Add(from.start, from.taken*s.lies.cells[kind].size)
	from.taken++
	return cell
}

// move writes an attribute over another one of the list.
func (s *slabs) move(list *sliceHead, from, to int) {
	if from == to {
		return
	}
	source, target := s.lies.at(list, from), s.lies.at(list, to)
	s.copy(target, source)
}

func (s *slabs) copy(target, source unsafe.Pointer) {
	lies := s.lies
	*(*string)(unsafe.Add(target, lies.key)) = *(*string)(unsafe.Add(source, lies.key))
	*(*any)(unsafe.Add(target, lies.held)) = *(*any)(unsafe.Add(source, lies.held))
	for _, other := range lies.others {
		*(*int32)(unsafe.Add(target, other)) = *(*int32)(unsafe.Add(source, other))
	}
}

// clear makes the list end before the attribute at index, and keeps nothing of it alive.
func (s *slabs) clear(list *sliceHead, index int) {
	at := s.lies.at(list, index)
	*(*any)(unsafe.Add(at, s.lies.held)) = nil
	s.rename(at, "")
	list.len = index
}

// pairsAtOnce is room of as much as Go allocates without much ado. All at once would be written
// twice to memory that is in no cache, and live longer.
const pairsAtOnce = 800

// spare is room that a list which has to grow gets for the components after this one.
const spare = 2

// grow gives a full list more room for the rows about it, the first of which adds to it.
func (s *slabs) grow(list *sliceHead, rows []edit) {
	capacity := list.len + spare
	for index := range rows {
		row := &rows[index]
		if row.level != rows[0].level || row.item != rows[0].item {
			break
		}
		if row.kind == editPut {
			capacity++
		}
	}
	if s.room < capacity {
		s.room = max(capacity, min(pairsAtOnce, capacity*len(rows)))
		s.pairs = newSlab(s.lies.pair, s.room)
	}
	start := unsafe.Add(s.pairs.start, s.pairs.taken*s.lies.size)
	s.pairs.taken += uintptr(capacity)
	s.room -= capacity
	for index := range list.len {
		offset := uintptr(index) * s.lies.size
		s.copy(unsafe.Add(start, offset), unsafe.Add(list.data, offset))
	}
	list.data, list.cap = start, capacity
}
