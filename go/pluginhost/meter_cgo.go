package pluginhost

/*
#include "host.h"
*/
import "C"

import "errors"

const mostAttributeSets = C.OTELCOL_MOST_ATTRIBUTE_SETS

// bimetalGoDeclare answers the number of an instrument, or a negative status with a text. What the
// record points to is valid during this call; its cells are ours from now on.
//
//export bimetalGoDeclare
func bimetalGoDeclare(component C.uint64_t, instrument *C.otelcol_instrument,
	failure *C.otelcol_error) (answer C.int32_t) {
	defer func() { _ = recover() }()
	answer = C.OTELCOL_STATUS_ERROR
	if instrument == nil || instrument.struct_size < C.sizeof_otelcol_instrument {
		return C.OTELCOL_STATUS_INVALID
	}
	number, err := declare(uint64(component), instrument)
	if err != nil {
		if broken, ok := errors.AsType[breach](err); ok {
			breakLogger(uint64(component), broken)
		}
		text := err.Error()
		C.bimetal_say(failure, C.CString(text), C.uint64_t(len(text)))
		return C.OTELCOL_STATUS_ERROR
	}
	return C.int32_t(number) //nolint:gosec // there are at most some thousand
}

func declare(component uint64, instrument *C.otelcol_instrument) (int, error) {
	words, err := cellsOf(instrument)
	if err != nil {
		words.release()
		return 0, err
	}
	what, err := declarationOf(instrument)
	if err != nil {
		words.release()
		return 0, err
	}
	return declareMetric(component, what, words)
}

func declarationOf(instrument *C.otelcol_instrument) (declaration, error) {
	what := declaration{kind: uint32(instrument.kind), floating: instrument.floating != 0}
	texts := [5][]byte{}
	for at, slice := range []C.otelcol_slice{instrument.name, instrument.unit, instrument.description,
		instrument.attributes, instrument.bounds} {
		text, err := borrowed(slice.ptr, slice.len, C.OTELCOL_LONGEST_TEXT)
		if err != nil {
			return what, err
		}
		texts[at] = text
	}
	what.name, what.unit, what.description = string(texts[0]), string(texts[1]), string(texts[2])
	return what, what.read(texts[3], texts[4])
}

// cellsOf are the words of a component, which stay where they are until they are released.
func cellsOf(instrument *C.otelcol_instrument) (cells, error) {
	buffer, refresh := instrument.cells, instrument.refresh
	made := cells{
		refresh: func() {
			if refresh != nil {
				C.bimetal_refresh(refresh, buffer.owner)
			}
		},
		release: func() { C.bimetal_release(buffer) },
	}
	var err error
	made.bytes, err = borrowed(buffer.ptr, buffer.len, C.OTELCOL_LONGEST_TEXT)
	return made, err
}

//export bimetalGoRecord
func bimetalGoRecord(component C.uint64_t, instrument, set C.uint32_t, values *C.uint8_t,
	length C.uint64_t) {
	defer func() { _ = recover() }()
	// The memory belongs to the component and is valid during this call, in which it is read.
	words, err := borrowed(values, length, C.OTELCOL_LONGEST_TEXT)
	if err != nil {
		breakLogger(uint64(component), err)
		return
	}
	recordValues(uint64(component), uint32(instrument), uint32(set), words)
}
