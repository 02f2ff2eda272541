package pluginhost

import (
	"math"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

func TestARecordHoldsNothingOfTheCallBefore(t *testing.T) {
	text := []byte("another component's words")
	var pinned runtime.Pinner
	defer pinned.Unpin()
	pinned.Pin(&text[0])
	record := newCall(signalLogs, formatOTLP)
	record.setDeadline(7)
	record.setSpan([16]byte{1}, [8]byte{2}, 1, true)
	record.cancelFlag().Store(1)
	memory := record.memory
	memory.output.format = 1
	memory.output.data.ptr, memory.output.data.len = bytesOf(text), 5
	memory.error.flags, memory.error.http_status = errorHTTP, 503
	memory.error.retry_after_ns, memory.error.grpc_code, memory.error.signal = 9, 4, 3
	memory.error.message.ptr, memory.error.message.len = bytesOf(text), 7
	memory.error.retry_data.ptr, memory.error.retry_data.len = bytesOf(text), 3
	said, err := record.failure()
	require.NoError(t, err)
	require.Equal(t, "another", said.message)

	// No buffer has a `release`: the Rust side is not asked, which the stand-in would not survive.
	record.release()
	require.Equal(t, record.empty, *record.words())
	said, err = record.failure()
	require.NoError(t, err)
	require.Equal(t, failureRecord{}, said)
	require.NotZero(t, memory.error.struct_size)
	require.NotZero(t, memory.output.struct_size)
	require.NotZero(t, memory.context.struct_size)
}

func TestANullWithALengthAndALengthThatCannotBeMeantAreNoBytes(t *testing.T) {
	text := []byte("hello")
	got, err := borrowed(bytesOf(text), 5, 5)
	require.NoError(t, err)
	require.Equal(t, text, got)
	got, err = borrowed(nil, 0, 5)
	require.NoError(t, err)
	require.Empty(t, got)

	_, err = borrowed(nil, 5, 5)
	require.EqualError(t, err,
		"the component broke the contract of the C ABI: a null pointer to 5 bytes")
	_, err = borrowed(bytesOf(text), 5, 4)
	require.ErrorContains(t, err, "a length of 5 bytes, at most 4 are allowed")
	for _, limit := range []uint64{5, math.MaxUint64} {
		_, err = borrowed(bytesOf(text), 1<<63, limit)
		require.ErrorContains(t, err, "a length of 9223372036854775808 bytes")
	}
}

func TestWhatCCallsReportsABreachOnceAndPanicsNever(t *testing.T) {
	core, seen := observer.New(zapcore.InfoLevel)
	state := &health{logger: zap.New(core)}
	number := addLogger(state)
	defer removeLogger(number)
	text := []byte("hello")

	require.NoError(t, state.outOfService())
	logged := func(messageLen, fieldsLen uint64) {
		bimetalGoLog(_Ctype_uint64_t(number), 0, bytesOf(text), _Ctype_uint64_t(messageLen), nil,
			_Ctype_uint64_t(fieldsLen))
	}
	logged(5, 0)
	require.NoError(t, state.outOfService())
	logged(5, 3)
	logged(1<<63, 0)
	logged(5, 4)
	err := state.outOfService()
	require.ErrorContains(t, err, "a null pointer to 3 bytes; it is out of service")
	require.True(t, consumererror.IsPermanent(err))

	levels := []zapcore.Level{}
	for _, record := range seen.All() {
		levels = append(levels, record.Level)
	}
	require.Equal(t, []zapcore.Level{zapcore.InfoLevel, zapcore.ErrorLevel}, levels)

	// A logger that panics.
	loggers.Store(number, &health{})
	require.NotPanics(t, func() { logged(5, 0) })
	require.NotPanics(t, func() { logged(5, 3) })
}
