package pluginhost

// #include "host.h"
import "C"

import (
	"fmt"
	"runtime"
	"unsafe"
)

const (
	rowNumber     = C.OTELCOL_ROW_NUMBER
	rowBytes      = C.OTELCOL_ROW_BYTES
	rowNumbers    = C.OTELCOL_ROW_NUMBERS
	rowValue      = C.OTELCOL_ROW_VALUE
	rowAttributes = C.OTELCOL_ROW_ATTRIBUTES
	rowAttribute  = C.OTELCOL_ROW_ATTRIBUTE
	rowList       = C.OTELCOL_ROW_LIST
	rowItem       = C.OTELCOL_ROW_ITEM
	rowMessage    = C.OTELCOL_ROW_MESSAGE
	rowEnd        = C.OTELCOL_ROW_END

	rowSize = C.sizeof_otelcol_row
)

// answersTable says whether the component answered a table.
func (c *call) answersTable() bool { return uint32(c.memory.output.format) == formatTable }

// table is the new telemetry of the answer. It is valid until the record is released.
func (c *call) table() (table, error) {
	return borrowedTable(&c.memory.output.data, &c.memory.output.text)
}

func borrowedTable(rows, text *C.otelcol_buffer) (table, error) {
	lent, err := borrowed(rows.ptr, rows.len, C.OTELCOL_LONGEST_DATA)
	if err != nil {
		return table{}, err
	}
	words, err := borrowed(text.ptr, text.len, C.OTELCOL_LONGEST_DATA)
	if err != nil {
		return table{}, err
	}
	return tableOf(lent, words)
}

// tableOf is rows and text as they lie in memory of the Rust side, which keeps them.
func tableOf(rows, text []byte) (table, error) {
	if len(rows)%rowSize != 0 {
		return table{}, breach(fmt.Sprintf("a table of %d bytes, of which a row has %d", len(rows),
			rowSize))
	}
	start := unsafe.Pointer(unsafe.SliceData(rows))
	if uintptr(start)%unsafe.Alignof(row{}) != 0 {
		return table{}, breach("a table that is not aligned")
	}
	// A string begins as a slice does, and Rust leaves these bytes as they are.
	found := table{text: *(*string)(unsafe.Pointer(&text)), lent: [2][]byte{rows, text}}
	if count := len(rows) / rowSize; count > 0 {
		// As above, no longer than they do.
		found.rows = (*[longestData / rowSize]row)(start)[:count:count]
	}
	return found, nil
}

// encode gives the table as OTLP.
func (t table) encode(signal uint32) ([]byte, error) {
	var out C.otelcol_buffer
	defer C.bimetal_buffer_free(&out)
	rows, text := t.lent[0], t.lent[1]
	// Both are memory without addresses.
	status := C.bimetal_table_encode(C.uint32_t(signal), bytesOf(rows), C.uint64_t(len(rows)),
		bytesOf(text), C.uint64_t(len(text)), &out)
	answer, err := borrowed(out.ptr, out.len, C.OTELCOL_LONGEST_DATA)
	if err != nil {
		return nil, err
	}
	if status != 0 {
		return nil, breach(string(answer))
	}
	return append([]byte(nil), answer...), nil
}

// asTable gives a use of the table that Rust makes of what is lent, which lies as the layout says.
func (c *call) asTable(layout []byte, use func(table) error) error {
	var rows, text C.otelcol_buffer
	defer C.bimetal_buffer_free(&rows)
	defer C.bimetal_buffer_free(&text)
	status := C.bimetal_view_table(c.memory.signal, bytesOf(layout), C.uint64_t(len(layout)),
		c.memory.root, &rows, &text)
	runtime.KeepAlive(c)
	if status != 0 {
		return errUnread
	}
	found, err := borrowedTable(&rows, &text)
	if err != nil {
		return err
	}
	return use(found)
}
