package pluginhost

// #include "host.h"
import "C"

import (
	"context"
	"errors"
	"math"
	"time"
	"unsafe"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/otel/trace"
)

// A component calls this from whatever thread. All memory belongs to it, and is read during the
// call only; what the error record is filled with, C frees when the component gives it back.

//export bimetalGoSend
func bimetalGoSend(next C.uint64_t, given *C.otelcol_context, signal, format C.uint32_t,
	data *C.uint8_t, dataLen C.uint64_t, text *C.uint8_t, textLen C.uint64_t,
	failure *C.otelcol_error) (status C.int32_t) {
	defer func() { _ = recover() }()
	status = C.OTELCOL_STATUS_ERROR
	content, err := borrowed(data, dataLen, C.OTELCOL_LONGEST_DATA)
	if err == nil {
		var words []byte
		words, err = borrowed(text, textLen, C.OTELCOL_LONGEST_DATA)
		if err == nil {
			ctx, cancel := contextOf(given)
			defer cancel()
			err = sendTo(uint64(next), ctx, uint32(signal), uint32(format), content, words)
		}
	}
	if broken, ok := errors.AsType[breach](err); ok {
		breakLogger(uint64(next), broken)
		err = consumererror.NewPermanent(broken)
	}
	if err != nil {
		return sendError(failure, err)
	}
	return C.OTELCOL_STATUS_OK
}

// contextOf is the context that a component gives.
func contextOf(given *C.otelcol_context) (context.Context, context.CancelFunc) {
	ctx := context.Background()
	span := trace.SpanContextConfig{
		// Neither address is kept beyond these lines.
		TraceID:    *(*[16]byte)(unsafe.Pointer(&given.trace_id)),
		SpanID:     *(*[8]byte)(unsafe.Pointer(&given.span_id)),
		TraceFlags: trace.TraceFlags(given.trace_flags),
		Remote:     given.flags&contextRemote != 0,
	}
	if made := trace.NewSpanContext(span); made.IsValid() {
		ctx = trace.ContextWithSpanContext(ctx, made)
	}
	// Beyond what Go has a time for there is no deadline.
	if given.flags&contextDeadline != 0 && given.deadline_unix_ns <= math.MaxInt64 {
		return context.WithDeadline(ctx, time.Unix(0, int64(given.deadline_unix_ns)))
	}
	return ctx, func() {}
}

// sendError fills the component's error record.
func sendError(failure *C.otelcol_error, err error) C.int32_t {
	var flags C.uint64_t
	if consumererror.IsDownstream(err) {
		flags |= errorDownstream
	}
	if _, ok := errors.AsType[*consumererror.Error](err); ok {
		flags |= errorGRPC | errorHTTP
		failure.grpc_code = C.int32_t(consumererror.ToGRPCStatus(err).Code())
		failure.http_status = C.int32_t(consumererror.ToHTTPStatus(err))
	}
	if consumererror.IsPermanent(err) {
		flags |= errorPermanent
	} else {
		flags |= errorRetryable
	}
	text := []byte(err.Error())
	text = text[:min(len(text), C.OTELCOL_LONGEST_TEXT)]
	failure.flags = flags
	C.bimetal_say(failure, (*C.char)(C.CBytes(text)), C.uint64_t(len(text)))
	return C.OTELCOL_STATUS_ERROR
}
