// Package pluginhost puts Rust components and plugins of both languages into a Go Collector.
//
// In: the Collector's own factories, flags, resolved configurations. Out: factories, and a
// converter that loads what is used. Invariant: Rust decides what may be loaded; `plugin.Open` and
// the loader of Rust plugins are given nothing that Rust did not verify. All cgo is in the files
// that end with _cgo.go, and in host.c.
package pluginhost

/*
#cgo LDFLAGS: -lgcc_s -lutil -lrt -lpthread -lm -ldl
#include "host.h"
*/
import "C"

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"runtime"
	"sync"
	"unsafe"
)

const (
	statusPanic    = C.OTELCOL_STATUS_PANIC
	statusPoisoned = C.OTELCOL_STATUS_POISONED

	outcomeOK          = C.OTELCOL_OUTCOME_OK
	outcomePassThrough = C.OTELCOL_OUTCOME_PASS_THROUGH
	outcomeReplaced    = C.OTELCOL_OUTCOME_REPLACED
	outcomeDropped     = C.OTELCOL_OUTCOME_DROPPED
	outcomeUnread      = C.OTELCOL_OUTCOME_UNREAD

	eventReady    = C.OTELCOL_EVENT_READY
	eventNotReady = C.OTELCOL_EVENT_NOT_READY
	eventStatus   = C.OTELCOL_EVENT_STATUS
	eventConfig   = C.OTELCOL_EVENT_CONFIG

	watchStatus    = C.OTELCOL_FEATURE_WATCH_STATUS
	watchPipelines = C.OTELCOL_FEATURE_WATCH_PIPELINES
	watchConfig    = C.OTELCOL_FEATURE_WATCH_CONFIG

	contextRemote   = C.OTELCOL_CONTEXT_REMOTE
	contextDeadline = C.OTELCOL_CONTEXT_DEADLINE

	longestData = C.OTELCOL_LONGEST_DATA

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

func hostVerifyFiles(trial []byte, answer any) error {
	return ask(answer, func(out *C.otelcol_buffer) C.int32_t {
		return C.bimetal_host_verify_files(bytesOf(trial), C.uint64_t(len(trial)), out)
	})
}

// processChanges says what was done to the handling of signals since the last call.
func processChanges() []string {
	var found changes
	err := ask(&found, func(out *C.otelcol_buffer) C.int32_t {
		return C.bimetal_process_changes(out)
	})
	if err != nil {
		return nil
	}
	return found.Signals
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

func (c *rustComponent) notify(event uint32, text []byte) error {
	defer runtime.KeepAlive(c)
	return ask(nil, func(out *C.otelcol_buffer) C.int32_t {
		return C.bimetal_component_notify(c.address, C.uint32_t(event), bytesOf(text),
			C.uint64_t(len(text)), out)
	})
}

// ask calls the Rust side and reads its answer, which is copied before the buffer is given back.
func ask(answer any, question func(*C.otelcol_buffer) C.int32_t) error {
	var out C.otelcol_buffer
	status := question(&out)
	defer C.bimetal_buffer_free(&out)
	text, broken := borrowed(out.ptr, out.len, C.OTELCOL_LONGEST_DATA)
	if status != 0 {
		failure := &hostError{status: int32(status)}
		err := json.Unmarshal(text, &failure.hostFailure)
		if broken != nil || err != nil || failure.Message == "" {
			failure.Message = "the Rust side of the Collector failed without a message"
		}
		return failure
	}
	if answer == nil || broken != nil {
		return broken
	}
	return json.Unmarshal(text, answer)
}

// borrowed looks at memory of the other side, valid until it is given back or, for what a function
// was given, until that returns. It is the one place where an address and a length become bytes.
func borrowed(ptr *C.uint8_t, length C.uint64_t, limit uint64) ([]byte, error) {
	switch {
	case length == 0:
		return nil, nil
	case ptr == nil:
		return nil, breach(fmt.Sprintf("a null pointer to %d bytes", uint64(length)))
	case uint64(length) > min(limit, math.MaxInt):
		return nil, breach(fmt.Sprintf("a length of %d bytes, at most %d are allowed", uint64(length),
			limit))
	}
	return unsafe.Slice((*byte)(ptr), int(length)), nil
}

// bytesOf is the address of Go memory without pointers in it; cgo keeps it in place for the call
// that it is given to.
func bytesOf(data []byte) *C.uint8_t {
	return (*C.uint8_t)(unsafe.SliceData(data))
}

// A component calls these from whatever thread: a panic that left them would end the process, or
// unwind over the component's frames.

//export bimetalGoLog
func bimetalGoLog(component C.uint64_t, level C.int32_t, message *C.uint8_t, messageLen C.uint64_t,
	fields *C.uint8_t, fieldsLen C.uint64_t) {
	defer func() { _ = recover() }()
	// The memory belongs to the component and is valid during this call: both texts are copied.
	text, err := borrowed(message, messageLen, C.OTELCOL_LONGEST_TEXT)
	if err != nil {
		breakLogger(uint64(component), err)
		return
	}
	details, err := borrowed(fields, fieldsLen, C.OTELCOL_LONGEST_TEXT)
	if err != nil {
		breakLogger(uint64(component), err)
		return
	}
	writeLog(uint64(component), int32(level), string(text), bytes.Clone(details))
}

//export bimetalGoLogEnabled
func bimetalGoLogEnabled(component C.uint64_t, level C.int32_t) C.int32_t {
	defer func() { _ = recover() }()
	if logEnabled(uint64(component), int32(level)) {
		return 1
	}
	return 0
}

//export bimetalGoReportStatus
func bimetalGoReportStatus(component C.uint64_t, status C.int32_t, message *C.uint8_t,
	messageLen C.uint64_t) {
	defer func() { _ = recover() }()
	// As above: the text is copied.
	text, err := borrowed(message, messageLen, C.OTELCOL_LONGEST_TEXT)
	if err != nil {
		breakLogger(uint64(component), err)
		return
	}
	reportStatus(uint64(component), int32(status), string(text))
}
