package pluginhost

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"
)

// contexts are those that a component in a pipeline is called with.
func contexts(t *testing.T) map[string]context.Context {
	cancellable, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	timed, cancel := context.WithTimeout(cancellable, time.Hour)
	t.Cleanup(cancel)
	span := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1},
		SpanID: trace.SpanID{2}, Remote: true})
	return map[string]context.Context{
		"background":        context.Background(),
		"cancellable":       cancellable,
		"deadline":          timed,
		"deadline and span": trace.ContextWithSpanContext(timed, span),
	}
}

func TestACallAllocatesNothingWhateverItsContext(t *testing.T) {
	for name, ctx := range contexts(t) {
		allocated := testing.AllocsPerRun(1000, func() {
			record := newCall(signalLogs, formatView)
			forward(ctx, record)
			record.watch.begin(ctx)
			record.watch.end()
			record.release()
		})
		require.Zero(t, allocated, name)
	}
}

func TestACallSeesThatItsCallerNoLongerWaits(t *testing.T) {
	for range 20 {
		record := newCall(signalLogs, formatView)
		ctx, cancel := context.WithCancel(t.Context())
		record.watch.begin(ctx)
		require.Zero(t, record.cancelFlag().Load())
		cancel()
		for record.cancelFlag().Load() == 0 {
			runtime.Gosched()
		}
		record.watch.end()
		record.release()
		require.Zero(t, record.cancelFlag().Load())
	}
}

func TestACallWhoseCallerIsGoneSeesItAtOnce(t *testing.T) {
	record := newCall(signalLogs, formatView)
	defer record.release()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	record.watch.begin(ctx)
	defer record.watch.end()
	require.NotZero(t, record.cancelFlag().Load())
}

func TestWhatIsCancelledAfterACallIsNotWrittenIntoTheNextOne(t *testing.T) {
	record := newCall(signalLogs, formatView)
	defer record.release()
	ctx, cancel := context.WithCancel(t.Context())
	record.watch.begin(ctx)
	record.watch.end()
	cancel()
	record.watch.look()
	require.Zero(t, record.cancelFlag().Load())
	require.False(t, record.watch.armed.Load())

	record.watch.begin(t.Context())
	record.watch.look()
	require.True(t, record.watch.armed.Load())
	require.Zero(t, record.cancelFlag().Load())
	record.watch.end()
}
