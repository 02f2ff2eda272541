package pluginhost

// #include "host.h"
import "C"

import (
	"bytes"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"
)

// consume gives data to the instance. The record holds the answer until it is reset.
func (c *rustComponent) consume(record *call, data []byte) int32 {
	// data is memory without pointers, which cgo keeps in place during the call.
	outcome := C.bimetal_component_consume(c.address, record.address, bytesOf(data),
		C.uint64_t(len(data)))
	runtime.KeepAlive(c)
	runtime.KeepAlive(record)
	return int32(outcome)
}

// call is a record of one `consume`; its memory belongs to the Rust side, which allocated it, until
// it is freed.
type call struct {
	memory *C.bimetal_call
	// address is that of memory. As a number it costs no check when it is passed.
	address C.uintptr_t
	// empty is the record as a component finds it: sizes, and zeros.
	empty words
	// root is telemetry that Rust reads in place. Being here it lies on Go's heap, where nothing
	// moves, and no part of it on a stack, which may; and it lives as long as the call.
	root  unsafe.Pointer
	watch *watch
	// edited is the answer, where that is an edit list.
	edited  editList
	applier applier
	// text is that of a short edit list which came before.
	text string
}

// words is a record as numbers. Copied as what it is, with addresses in it, it would pass Go's
// write barrier, which has no business with C's memory.
// The room for answers behind it stays as it is.
type words [unsafe.Offsetof(C.bimetal_call{}.room) / 8]uint64

var calls = sync.Pool{New: func() any {
	memory := C.bimetal_call_new()
	// The address is not one of Go's memory.
	made := &call{memory: memory, address: C.uintptr_t(uintptr(unsafe.Pointer(memory)))}
	made.empty = *made.words()
	made.watch = newWatch(made.cancelFlag())
	runtime.AddCleanup(made, func(memory *C.bimetal_call) { C.bimetal_call_free(memory) }, made.memory)
	return made
}}

func newCall(signal, format uint32) *call {
	record := calls.Get().(*call)
	record.memory.signal = C.uint32_t(signal)
	record.memory.format = C.uint32_t(format)
	return record
}

// lend lets Rust read telemetry in place during the call. Its address crosses as a number: cgo's
// checks would walk all of it. docs/concepts/in-place.md says what this rests on.
func (c *call) lend(root unsafe.Pointer) {
	c.root = root
	c.memory.root = C.uint64_t(uintptr(root))
}

// encode gives what Rust reads of what is lent, which lies as the table says, as OTLP.
func (c *call) encode(table []byte) ([]byte, error) {
	var out C.otelcol_buffer
	defer C.bimetal_buffer_free(&out)
	status := C.bimetal_view_encode(c.memory.signal, bytesOf(table), C.uint64_t(len(table)),
		c.memory.root, &out)
	runtime.KeepAlive(c)
	if status != 0 {
		return nil, errUnread
	}
	encoded, err := borrowed(out.ptr, out.len, C.OTELCOL_LONGEST_DATA)
	return bytes.Clone(encoded), err
}

// release puts the record back, with nothing of this call in it: the next component that is given
// it may be another one. With nothing in it that Rust would have to free, that costs no call.
func (c *call) release() {
	memory := c.memory
	if memory.output.data.release != nil || memory.output.text.release != nil ||
		memory.error.message.release != nil || memory.error.retry_data.release != nil {
		C.bimetal_call_reset(memory)
	}
	*c.words() = c.empty
	c.root, c.edited = nil, editList{}
	calls.Put(c)
}

func (c *call) words() *words {
	return (*words)(unsafe.Pointer(c.memory)) // Lives as long as the record.
}

func (c *call) setDeadline(unixNs int64) {
	c.memory.context.flags |= contextDeadline
	c.memory.context.deadline_unix_ns = C.uint64_t(unixNs)
}

func (c *call) setSpan(traceID [16]byte, spanID [8]byte, flags byte, remote bool) {
	context := &c.memory.context
	*(*[16]byte)(unsafe.Pointer(&context.trace_id)) = traceID // Not kept beyond this line.
	*(*[8]byte)(unsafe.Pointer(&context.span_id)) = spanID    // As above.
	context.trace_flags = C.uint32_t(flags)
	if remote {
		context.flags |= contextRemote
	}
}

// cancelFlag is the word that Rust reads to learn that no caller waits any more.
func (c *call) cancelFlag() *atomic.Uint32 {
	return (*atomic.Uint32)(unsafe.Pointer(&c.memory.cancelled)) // Lives as long as the record.
}

// output is what the component answered. It is valid until the record is released.
func (c *call) output(format uint32) ([]byte, error) {
	output := &c.memory.output
	if uint32(output.format) != format {
		return nil, errors.New("the component answered in a format that this Collector does not know")
	}
	return borrowed(output.data.ptr, output.data.len, C.OTELCOL_LONGEST_DATA)
}

// failure is what the component said about an error, copied.
func (c *call) failure() (failureRecord, error) {
	record := &c.memory.error
	message, err := borrowed(record.message.ptr, record.message.len, C.OTELCOL_LONGEST_TEXT)
	if err != nil {
		return failureRecord{}, err
	}
	return failureRecord{
		message:      string(message),
		flags:        uint64(record.flags),
		httpStatus:   int32(record.http_status),
		grpcCode:     int32(record.grpc_code),
		retryAfterNs: uint64(record.retry_after_ns),
	}, nil
}

// retryData is the part that may be sent again. It is valid until the record is released.
func (c *call) retryData() ([]byte, error) {
	rest := &c.memory.error.retry_data
	return borrowed(rest.ptr, rest.len, C.OTELCOL_LONGEST_DATA)
}
