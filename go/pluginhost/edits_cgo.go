package pluginhost

// #include "host.h"
import "C"

import (
	"fmt"
	"unsafe"
)

const (
	editResource = C.OTELCOL_EDIT_RESOURCE
	editScope    = C.OTELCOL_EDIT_SCOPE
	editMetric   = C.OTELCOL_EDIT_METRIC
	editSet      = C.OTELCOL_EDIT_SET
	editPut      = C.OTELCOL_EDIT_PUT
	editDelete   = C.OTELCOL_EDIT_DELETE
	editRename   = C.OTELCOL_EDIT_RENAME
	editKeep     = C.OTELCOL_EDIT_KEEP
	editDrop     = C.OTELCOL_EDIT_DROP
	editField    = C.OTELCOL_EDIT_FIELD
	editAppend   = C.OTELCOL_EDIT_APPEND

	levelResource = C.OTELCOL_LEVEL_RESOURCE
	levelScope    = C.OTELCOL_LEVEL_SCOPE
	levelMetric   = C.OTELCOL_LEVEL_METRIC
	levelRecord   = C.OTELCOL_LEVEL_RECORD
	levelPoint    = C.OTELCOL_LEVEL_POINT

	valueEmpty  = C.OTELCOL_VALUE_EMPTY
	valueString = C.OTELCOL_VALUE_STRING
	valueBool   = C.OTELCOL_VALUE_BOOL
	valueInt    = C.OTELCOL_VALUE_INT
	valueDouble = C.OTELCOL_VALUE_DOUBLE
	valueBytes  = C.OTELCOL_VALUE_BYTES
	valueOTLP   = C.OTELCOL_VALUE_OTLP

	featureMutates = C.OTELCOL_FEATURE_MUTATES
	featureEdits   = C.OTELCOL_FEATURE_EDITS

	outcomeEdits = C.OTELCOL_OUTCOME_EDITS

	editSize = C.sizeof_otelcol_edit
)

// edits is what the component wants to have changed. The rows are valid until the record is
// released; the text is a copy, of which what changes may keep parts.
func (c *call) edits() (*editList, error) {
	rows, err := c.output(formatEdits)
	if err != nil {
		return nil, err
	}
	if len(rows)%editSize != 0 {
		return nil, breach(fmt.Sprintf("an edit list of %d bytes, of which a row has %d", len(rows),
			editSize))
	}
	start := unsafe.Pointer(unsafe.SliceData(rows))
	if uintptr(start)%unsafe.Alignof(edit{}) != 0 {
		return nil, breach("an edit list that is not aligned")
	}
	text, err := borrowed(c.memory.output.text.ptr, c.memory.output.text.len, C.OTELCOL_LONGEST_DATA)
	if err != nil {
		return nil, err
	}
	list := &c.edited
	list.rows, list.text = nil, c.textOf(text)
	if count := len(rows) / editSize; count > 0 {
		// The memory is that of the Rust side, and lives as long as the record holds the answer.
		list.rows = (*[longestData / editSize]edit)(start)[:count:count]
	}
	return list, nil
}

// shortText is how long a text may be that a record keeps for the calls after this one.
const shortText = 256

// textOf is a text as a string that the batch may keep. Most components write the same into every
// batch: then all of them share one string.
func (c *call) textOf(text []byte) string {
	if string(text) == c.text {
		return c.text
	}
	made := string(text)
	if len(made) <= shortText {
		c.text = made
	}
	return made
}
