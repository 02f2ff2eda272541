// Package pluginhost puts Rust components and plugins of both languages into a Go Collector.
//
// In: the Collector's own factories, flags, resolved configurations. Out: factories, and a
// converter that loads what is used. Invariant: Rust decides what may be loaded; `plugin.Open` and
// the loader of Rust plugins are given nothing that Rust did not verify. All cgo is in this file
// and in host.c.
package pluginhost

/*
#cgo LDFLAGS: -lgcc_s -lutil -lrt -lpthread -lm -ldl
#include "host.h"
*/
import "C"

import (
	"encoding/json"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"
)

const (
	statusPanic    = C.OTELCOL_STATUS_PANIC
	statusPoisoned = C.OTELCOL_STATUS_POISONED

	outcomePassThrough = C.OTELCOL_OUTCOME_PASS_THROUGH
	outcomeReplaced    = C.OTELCOL_OUTCOME_REPLACED
	outcomeDropped     = C.OTELCOL_OUTCOME_DROPPED

	contextRemote   = C.OTELCOL_CONTEXT_REMOTE
	contextDeadline = C.OTELCOL_CONTEXT_DEADLINE

	errorPermanent  = C.OTELCOL_ERROR_PERMANENT
	errorRetryable  = C.OTELCOL_ERROR_RETRYABLE
	errorDownstream = C.OTELCOL_ERROR_DOWNSTREAM
	errorHTTP       = C.OTELCOL_ERROR_HTTP
	errorGRPC       = C.OTELCOL_ERROR_GRPC
	errorRetryAfter = C.OTELCOL_ERROR_RETRY_AFTER
	errorRetryData  = C.OTELCOL_ERROR_RETRY_DATA
)

// hostError is what the Rust side says when it cannot do what it was asked to.
type hostError struct {
	hostFailure
	status int32
}

func (e *hostError) Error() string {
	if e.Help == "" {
		return e.Message
	}
	return e.Message + "\nhelp: " + e.Help
}

func (e *hostError) panicked() bool {
	return e.status == statusPanic || e.status == statusPoisoned
}

var announce = sync.OnceFunc(func() { C.bimetal_main_init() })

func hostOpen(text []byte, answer any) error {
	announce()
	return ask(answer, func(out *C.otelcol_buffer) C.int32_t {
		return C.bimetal_host_open(bytesOf(text), C.uint64_t(len(text)), C.bimetal_go_table(), out)
	})
}

// noteExit lets a child of `plugins validate --load` say that it was C or Rust code that exited,
// and not Go.
func noteExit() {
	C.bimetal_note_exit()
}

func hostCatalog(answer any) error {
	return ask(answer, func(out *C.otelcol_buffer) C.int32_t { return C.bimetal_host_catalog(out) })
}

func hostVerify(question []byte, answer any) error {
	return ask(answer, func(out *C.otelcol_buffer) C.int32_t {
		return C.bimetal_host_verify(bytesOf(question), C.uint64_t(len(question)), out)
	})
}

func hostVerifyFile(path string, answer any) error {
	text := []byte(path)
	return ask(answer, func(out *C.otelcol_buffer) C.int32_t {
		return C.bimetal_host_verify_file(bytesOf(text), C.uint64_t(len(text)), out)
	})
}

func pluginLoad(handle uint64, answer any) error {
	return ask(answer, func(out *C.otelcol_buffer) C.int32_t {
		return C.bimetal_plugin_load(C.uint64_t(handle), out)
	})
}

func pluginTake(handle uint64, answer any) error {
	return ask(answer, func(out *C.otelcol_buffer) C.int32_t {
		return C.bimetal_plugin_take(C.uint64_t(handle), out)
	})
}

func pluginsRun(command []byte) int {
	return int(C.bimetal_plugins_run(bytesOf(command), C.uint64_t(len(command))))
}

// pluginsInterrupt asks a running `plugins` command to end.
func pluginsInterrupt() {
	C.bimetal_plugins_interrupt()
}

func factoryValidate(factory uint64, text []byte) error {
	return ask(nil, func(out *C.otelcol_buffer) C.int32_t {
		return C.bimetal_factory_validate(C.uint64_t(factory), bytesOf(text), C.uint64_t(len(text)), out)
	})
}

// rustComponent is an instance on the Rust side. It is freed when nothing refers to it any more:
// the Collector creates components that it neither starts nor shuts down, to see whether a
// configuration works.
type rustComponent struct {
	address C.uintptr_t
}

func factoryCreate(factory uint64, text []byte, number uint64) (*rustComponent, error) {
	var address uintptr
	err := ask(&address, func(out *C.otelcol_buffer) C.int32_t {
		return C.bimetal_factory_create(C.uint64_t(factory), bytesOf(text), C.uint64_t(len(text)), out)
	})
	if err != nil {
		return nil, err
	}
	made := &rustComponent{C.uintptr_t(address)}
	gone := func(address C.uintptr_t) {
		C.bimetal_component_free(address)
		removeLogger(number)
	}
	runtime.AddCleanup(made, gone, made.address)
	return made, nil
}

func (c *rustComponent) start() error {
	defer runtime.KeepAlive(c)
	return ask(nil, func(out *C.otelcol_buffer) C.int32_t {
		return C.bimetal_component_start(c.address, out)
	})
}

func (c *rustComponent) shutdown(deadlineUnixNs uint64) error {
	defer runtime.KeepAlive(c)
	return ask(nil, func(out *C.otelcol_buffer) C.int32_t {
		return C.bimetal_component_shutdown(c.address, C.uint64_t(deadlineUnixNs), out)
	})
}

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
}

var calls = sync.Pool{New: func() any {
	memory := C.bimetal_call_new()
	made := &call{memory, C.uintptr_t(uintptr(unsafe.Pointer(memory)))} // Not Go's memory.
	runtime.AddCleanup(made, func(memory *C.bimetal_call) { C.bimetal_call_free(memory) }, made.memory)
	return made
}}

func newCall(signal, format uint32) *call {
	record := calls.Get().(*call)
	record.memory.signal = C.uint32_t(signal)
	record.memory.format = C.uint32_t(format)
	return record
}

// release puts the record back. With nothing in it that Rust would have to free, that costs no
// call.
func (c *call) release() {
	memory := c.memory
	if memory.output.data.release != nil || memory.error.message.release != nil ||
		memory.error.retry_data.release != nil {
		C.bimetal_call_reset(memory)
	} else {
		memory.error.flags = 0
	}
	memory.context.flags = 0
	memory.context.trace_id = [16]C.uint8_t{}
	c.cancelFlag().Store(0)
	calls.Put(c)
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
	if uint32(c.memory.output.format) != format {
		return nil, errors.New("the component answered in a format that this Collector does not know")
	}
	return view(&c.memory.output.data), nil
}

// failure is what the component said about an error, copied.
func (c *call) failure() failureRecord {
	record := &c.memory.error
	return failureRecord{
		message:      string(view(&record.message)),
		flags:        uint64(record.flags),
		httpStatus:   int32(record.http_status),
		grpcCode:     int32(record.grpc_code),
		retryAfterNs: uint64(record.retry_after_ns),
	}
}

// retryData is the part that may be sent again. It is valid until the record is released.
func (c *call) retryData() []byte {
	return view(&c.memory.error.retry_data)
}

// ask calls the Rust side and reads its answer, which is copied before the buffer is given back.
func ask(answer any, question func(*C.otelcol_buffer) C.int32_t) error {
	var out C.otelcol_buffer
	status := question(&out)
	defer C.bimetal_buffer_free(&out)
	text := view(&out)
	if status != 0 {
		failure := &hostError{status: int32(status)}
		if err := json.Unmarshal(text, &failure.hostFailure); err != nil || failure.Message == "" {
			failure.Message = "the Rust side of the Collector failed without a message"
		}
		return failure
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(text, answer)
}

// view looks at memory that belongs to the Rust side, valid until the buffer is given back.
func view(buffer *C.otelcol_buffer) []byte {
	if buffer.ptr == nil {
		return nil
	}
	return unsafe.Slice((*byte)(buffer.ptr), int(buffer.len))
}

// bytesOf is the address of Go memory without pointers in it; cgo keeps it in place for the call
// that it is given to.
func bytesOf(data []byte) *C.uint8_t {
	return (*C.uint8_t)(unsafe.SliceData(data))
}

//export bimetalGoLog
func bimetalGoLog(component C.uint64_t, level C.int32_t, message *C.uint8_t, messageLen C.uint64_t,
	fields *C.uint8_t, fieldsLen C.uint64_t) {
	// The memory belongs to the component and is valid during this call: both texts are copied.
	text := string(unsafe.Slice((*byte)(message), int(messageLen)))
	details := append([]byte(nil), unsafe.Slice((*byte)(fields), int(fieldsLen))...)
	writeLog(uint64(component), int32(level), text, details)
}

//export bimetalGoLogEnabled
func bimetalGoLogEnabled(component C.uint64_t, level C.int32_t) C.int32_t {
	if logEnabled(uint64(component), int32(level)) {
		return 1
	}
	return 0
}
