package pluginhost

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.uber.org/zap"
)

func receivedLogs(
	t *testing.T, consume func(context.Context, plog.Logs) error,
) *received[plog.Logs] {
	t.Helper()
	set := receiver.Settings{ID: component.MustNewID("known"),
		TelemetrySettings: componenttest.NewNopTelemetrySettings()}
	report, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{
		ReceiverID: set.ID, ReceiverCreateSettings: set})
	require.NoError(t, err)
	made := &received[plog.Logs]{report: report, signal: signalLogs, do: operation[plog.Logs]{
		(*receiverhelper.ObsReport).StartLogsOp, (*receiverhelper.ObsReport).EndLogsOp,
		plog.Logs.LogRecordCount, consume}}
	made.life = life{health: &health{logger: zap.NewNop()}, number: addLogger(nil)}
	made.codecs = logsCodecs[len(logsCodecs)-1:]
	outlets.Store(made.number, made)
	t.Cleanup(func() { outlets.Delete(made.number) })
	return made
}

func oneRecord(t *testing.T) []byte {
	data := plog.NewLogs()
	data.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	encoded, err := (&plog.ProtoMarshaler{}).MarshalLogs(data)
	require.NoError(t, err)
	return encoded
}

func TestWhatAReceiverSendsReachesItsPipelineAndTheAnswerComesBack(t *testing.T) {
	var records int
	answer := errors.New("full")
	made := receivedLogs(t, func(_ context.Context, data plog.Logs) error {
		records += data.LogRecordCount()
		return answer
	})
	err := sendTo(made.number, t.Context(), signalLogs, formatOTLP, oneRecord(t), nil)
	require.ErrorIs(t, err, answer)
	answer = nil
	require.NoError(t, sendTo(made.number, t.Context(), signalLogs, formatOTLP, oneRecord(t), nil))
	require.Equal(t, 2, records)
}

func TestWhatCannotBeTelemetryOfAReceiverReachesNoPipeline(t *testing.T) {
	made := receivedLogs(t, func(context.Context, plog.Logs) error { panic("not to be called") })
	for _, wrong := range []struct {
		signal, format uint32
		data           string
		text           string
	}{
		{signalLogs, formatOTLP, "x", "cannot decode"},
		{signalLogs, formatView, "", "format 3"},
		{signalLogs, formatTable, "x", "a table of 1 bytes"},
	} {
		err := sendTo(made.number, t.Context(), wrong.signal, wrong.format, []byte(wrong.data), nil)
		require.ErrorContains(t, err, wrong.text)
		require.True(t, consumererror.IsPermanent(err))
	}
	other := receivedLogs(t, nil)
	err := sendTo(other.number, t.Context(), signalTraces, formatOTLP, nil, nil)
	require.ErrorContains(t, err, "telemetry of signal 1 from a receiver of")
	require.ErrorContains(t, sendTo(other.number, t.Context(), signalLogs, formatOTLP, nil, nil),
		"out of service")
}

func TestAPanicOfAPipelineIsAnErrorForTheReceiver(t *testing.T) {
	made := receivedLogs(t, func(context.Context, plog.Logs) error { panic("no luck") })
	for range 2 {
		err := sendTo(made.number, t.Context(), signalLogs, formatOTLP, oneRecord(t), nil)
		require.ErrorContains(t, err, "a pipeline panicked: no luck")
		require.True(t, consumererror.IsPermanent(err))
	}
}

func TestAReceiverThatDoesNotRunSendsNothing(t *testing.T) {
	made := receivedLogs(t, func(context.Context, plog.Logs) error { panic("not to be called") })
	outlets.Delete(made.number)
	err := sendTo(made.number, t.Context(), signalLogs, formatOTLP, oneRecord(t), nil)
	require.ErrorIs(t, err, errNotReceiving)
	made.closed = true
	err = made.take(t.Context(), signalLogs, formatOTLP, oneRecord(t), nil)
	require.ErrorIs(t, err, errNotReceiving)
}
