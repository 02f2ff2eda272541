package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// failureRecord is what a component says about an error.
type failureRecord struct {
	message      string
	flags        uint64
	httpStatus   int32
	grpcCode     int32
	retryAfterNs uint64
}

// panicError is in the chain of every error of a component that panicked, now or earlier; its text
// is the component's.
type panicError string

func (e panicError) Error() string {
	return string(e)
}

// toError gives the error of a record. `partial` wraps an error together with the part of the data
// that may be sent again; it is nil when there is none.
func (r failureRecord) toError(ctx context.Context, partial func(error) error) error {
	err := errors.New(r.text())
	if cause := context.Cause(ctx); cause != nil {
		err = fmt.Errorf("%w: %s", cause, r.text())
	}
	switch {
	case r.has(errorHTTP) && r.httpStatus >= 300 && r.httpStatus <= 599:
		err = consumererror.NewOTLPHTTPError(err, int(r.httpStatus))
	case r.has(errorGRPC) && r.grpcCode > int32(codes.OK) &&
		r.grpcCode <= int32(codes.Unauthenticated):
		err = consumererror.NewOTLPGRPCError(err, status.New(codes.Code(r.grpcCode), r.text()))
	case r.has(errorRetryable) && !r.has(errorPermanent):
		err = consumererror.NewRetryableError(err)
	}
	if r.has(errorRetryData) && partial != nil {
		err = partial(err)
	}
	if r.has(errorRetryAfter) && !r.has(errorPermanent) {
		err = exporterhelper.NewThrottleRetry(err, delay(r.retryAfterNs))
	}
	if r.has(errorPermanent) {
		err = consumererror.NewPermanent(err)
	}
	if r.has(errorDownstream) {
		err = consumererror.NewDownstream(err)
	}
	return err
}

func (r failureRecord) has(flag uint64) bool {
	return r.flags&flag != 0
}

func (r failureRecord) text() string {
	if r.message == "" {
		return "the component gave no message"
	}
	return r.message
}

func delay(nanoseconds uint64) time.Duration {
	return time.Duration(min(nanoseconds, math.MaxInt64)) //nolint:gosec // it is capped
}
