package pluginhost

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

func TestRecordsOfComponentsReachTheirLoggerWithTheirFields(t *testing.T) {
	core, seen := observer.New(zapcore.InfoLevel)
	number := addLogger(&health{logger: zap.New(core)})
	defer removeLogger(number)

	require.False(t, logEnabled(number, -1))
	require.True(t, logEnabled(number, 0))
	writeLog(number, -1, "hidden", nil)
	writeLog(number, 1, "shown", []byte(`{"b": 2, "a": "x"}`))
	writeLog(number, 1, "odd fields", []byte(`[1`))

	records := seen.All()
	require.Len(t, records, 2)
	require.Equal(t, "shown", records[0].Message)
	require.Equal(t, zapcore.WarnLevel, records[0].Level)
	require.Equal(t, map[string]any{"a": "x", "b": 2.0}, records[0].ContextMap())
	require.Equal(t, map[string]any{"fields": "[1"}, records[1].ContextMap())
}

func TestAComponentIsGivenTheLeastLevelOfItsLogger(t *testing.T) {
	for _, level := range []zapcore.Level{zapcore.DebugLevel, zapcore.WarnLevel, zapcore.ErrorLevel} {
		core, _ := observer.New(level)
		require.Equal(t, int32(level), leastLevel(core))
	}
	require.Equal(t, int32(3), leastLevel(zapcore.NewNopCore()))
}

func TestALevelAboveErrorDoesNotEndTheProcess(t *testing.T) {
	core, seen := observer.New(zapcore.DebugLevel)
	number := addLogger(&health{logger: zap.New(core)})
	defer removeLogger(number)
	for _, level := range []int32{-100, 3, 4, 5, 100} {
		writeLog(number, level, "x", nil)
	}
	levels := []zapcore.Level{}
	for _, record := range seen.All() {
		levels = append(levels, record.Level)
	}
	require.Equal(t, []zapcore.Level{
		zapcore.DebugLevel, zapcore.ErrorLevel, zapcore.ErrorLevel, zapcore.ErrorLevel,
		zapcore.ErrorLevel,
	}, levels)
}

func TestAnInstanceThatIsGoneMayStillWrite(t *testing.T) {
	number := addLogger(&health{logger: zap.NewNop()})
	removeLogger(number)
	require.False(t, logEnabled(number, 2))
	require.NotPanics(t, func() { writeLog(number, 2, "late", nil) })
}
