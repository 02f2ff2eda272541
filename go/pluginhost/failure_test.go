package pluginhost

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"google.golang.org/grpc/codes"
)

func TestErrorsOfComponentsHaveTheCollectorsClasses(t *testing.T) {
	for name, tc := range map[string]struct {
		record    failureRecord
		permanent bool
		retryable bool
		http      int
		grpc      codes.Code
	}{
		"no class": {record: failureRecord{}, http: 500, grpc: codes.Unknown},
		"permanent": {record: failureRecord{flags: errorPermanent}, permanent: true, http: 500,
			grpc: codes.Unknown},
		"retryable": {record: failureRecord{flags: errorRetryable}, retryable: true, http: 503,
			grpc: codes.Unavailable},
		"both at once": {record: failureRecord{flags: errorPermanent | errorRetryable},
			permanent: true, http: 500, grpc: codes.Unknown},
		"throttled by HTTP": {record: failureRecord{flags: errorHTTP, httpStatus: 429}, retryable: true,
			http: 429, grpc: codes.ResourceExhausted},
		"refused by HTTP": {record: failureRecord{flags: errorHTTP, httpStatus: 400}, http: 400,
			grpc: codes.InvalidArgument},
		"HTTP success": {record: failureRecord{flags: errorHTTP, httpStatus: 204}, http: 500,
			grpc: codes.Unknown},
		"HTTP nonsense": {record: failureRecord{flags: errorHTTP, httpStatus: -3}, http: 500,
			grpc: codes.Unknown},
		"unavailable by RPC": {record: failureRecord{flags: errorGRPC,
			grpcCode: int32(codes.Unavailable)}, retryable: true, http: 503, grpc: codes.Unavailable},
		"RPC success": {record: failureRecord{flags: errorGRPC, grpcCode: 0}, http: 500,
			grpc: codes.Unknown},
		"RPC nonsense": {record: failureRecord{flags: errorGRPC, grpcCode: 4711}, http: 500,
			grpc: codes.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			tc.record.message = "said"
			err := tc.record.toError(context.Background(), nil)
			require.ErrorContains(t, err, "said")
			require.Equal(t, tc.permanent, consumererror.IsPermanent(err))
			class, ok := errors.AsType[*consumererror.Error](err)
			require.Equal(t, tc.retryable, ok && class.IsRetryable())
			require.Equal(t, tc.http, consumererror.ToHTTPStatus(err))
			if ok { // The Collector's function takes no other errors.
				require.Equal(t, tc.grpc, consumererror.ToGRPCStatus(err).Code())
			}
		})
	}
}

func TestAnErrorKeepsWhereItCameFromAndWhenToTryAgain(t *testing.T) {
	record := failureRecord{message: "later", flags: errorDownstream | errorRetryAfter,
		retryAfterNs: uint64(2 * time.Second)}
	err := record.toError(context.Background(), nil)
	require.True(t, consumererror.IsDownstream(err))
	require.ErrorContains(t, err, "2s")

	record.retryAfterNs = 1<<64 - 1
	require.NotPanics(t, func() { _ = record.toError(context.Background(), nil).Error() })
}

func TestAnErrorAfterCancellationNamesItsCause(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	gone := errors.New("the client is gone")
	cancel(gone)
	err := failureRecord{message: "stopped half-way"}.toError(ctx, nil)
	require.ErrorIs(t, err, gone)
	require.ErrorContains(t, err, "stopped half-way")
}

func TestThePartThatMayBeSentAgainTravelsWithTheError(t *testing.T) {
	part := errors.New("part")
	wrap := func(err error) error { return errors.Join(err, part) }
	require.ErrorIs(t, failureRecord{flags: errorRetryData}.toError(context.Background(), wrap), part)
	require.NotErrorIs(t, failureRecord{}.toError(context.Background(), wrap), part)
	require.NotPanics(t, func() {
		_ = failureRecord{flags: errorRetryData}.toError(context.Background(), nil)
	})
}

func TestAComponentWithoutMessageStillGivesOne(t *testing.T) {
	require.EqualError(t, failureRecord{}.toError(context.Background(), nil),
		"the component gave no message")
}
