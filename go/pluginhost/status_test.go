package pluginhost

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// listening is a host that hears statuses, as the Collector's is.
type listening struct {
	component.Host
	heard chan *componentstatus.Event
}

func (l listening) Report(event *componentstatus.Event) { l.heard <- event }

func (l listening) next(t *testing.T) string {
	t.Helper()
	select {
	case event := <-l.heard:
		return fmt.Sprint(event.Status(), " ", event.Err())
	case <-time.After(time.Minute):
		require.Fail(t, "no status came")
		return ""
	}
}

func reporting(t *testing.T) (*health, uint64, listening) {
	t.Helper()
	made := &health{logger: zap.NewNop()}
	number := addLogger(made)
	t.Cleanup(func() {
		removeLogger(number)
		fatalHandedOver.Store(false)
	})
	host := listening{heard: make(chan *componentstatus.Event, 2*reportsWaiting)}
	made.host.Store(hostBox{host})
	return made, number, host
}

func TestEveryStatusOfTheTableReachesTheCollector(t *testing.T) {
	made, number, host := reporting(t)
	made.stage.Store(int32(running))
	for status, known := range statuses {
		reportStatus(number, status, "no luck")
		want := fmt.Sprint(known, " <nil>")
		if componentstatus.StatusIsError(known) {
			want = fmt.Sprint(known, " no luck")
		}
		require.Equal(t, want, host.next(t))
	}
	require.Len(t, statuses, 7)
	require.Len(t, statusWords, 7)
	reportStatus(number, 3, "")
	require.Equal(t, "StatusRecoverableError the component gave no message", host.next(t))
}

func TestAFatalErrorFailsStartAndIsPermanentOnceShutdownWasAskedFor(t *testing.T) {
	made, number, host := reporting(t)
	reportStatus(number, 5, "at start")
	require.EqualError(t, *made.fatal.Load(), "at start")
	made.stage.Store(int32(stopping))
	reportStatus(number, 5, "at the end")
	require.Equal(t, "StatusPermanentError at the end", host.next(t))
	require.Empty(t, host.heard)
}

func TestOnlyTheFirstFatalErrorOfAProcessIsHandedOver(t *testing.T) {
	first, number, host := reporting(t)
	require.NoError(t, first.started(nil))
	second, other, beside := reporting(t)
	require.NoError(t, second.started(nil))
	reportStatus(number, 5, "first")
	require.Equal(t, "StatusFatalError first", host.next(t))
	for of, host := range map[uint64]listening{number: host, other: beside} {
		reportStatus(of, 5, "more")
		require.Equal(t, "StatusPermanentError more", host.next(t))
	}
}

func TestAStartThatFailedIsNoneWhateverWasReported(t *testing.T) {
	made, number, _ := reporting(t)
	failed := errors.New("no socket")
	require.Equal(t, failed, made.started(failed))
	reportStatus(number, 5, "too late")
	require.EqualError(t, made.started(nil), "too late")
	require.Equal(t, int32(starting), made.stage.Load())
}

func TestAComponentThatHearsStatusDoesNotWaitForItsOwn(t *testing.T) {
	made, number, _ := reporting(t)
	made.hearsStatus = true
	host := listening{heard: make(chan *componentstatus.Event)}
	made.host.Store(hostBox{host})
	for range 3 {
		reportStatus(number, 2, "")
		reportStatus(number, 3, "again")
	}
	for range 3 {
		require.Equal(t, "StatusOK <nil>", host.next(t))
		require.Equal(t, "StatusRecoverableError again", host.next(t))
	}
}

func TestWhatCannotBeReportedIsLoggedOnceAndCountedWithTheComponentsName(t *testing.T) {
	core, logged := observer.New(zapcore.ErrorLevel)
	reader := metric.NewManualReader()
	provider := metric.NewMeterProvider(metric.WithReader(reader))
	number := addLogger(&health{logger: zap.New(core),
		refusals: newRefusals(provider, "processor", "odd/1")})
	defer removeLogger(number)
	reportStatus(number, 99, "")
	reportStatus(number, 2, "")
	require.Equal(t, 1, logged.Len())
	require.Equal(t, "the component reported status 99, which does not exist",
		logged.All()[0].ContextMap()["error"])

	var all metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(t.Context(), &all))
	found := all.ScopeMetrics[0].Metrics[0]
	require.Equal(t, "otelcol_rust_component_refused_calls", found.Name)
	point := found.Data.(metricdata.Sum[int64]).DataPoints[0]
	require.EqualValues(t, 2, point.Value)
	for key, want := range map[string]string{"otelcol.component.kind": "processor",
		"otelcol.component.id": "odd/1", "call": "status"} {
		value, _ := point.Attributes.Value(attribute.Key(key))
		require.Equal(t, want, value.AsString())
	}
	removeLogger(number)
	require.NotPanics(t, func() { reportStatus(number, 2, "late") })
}
