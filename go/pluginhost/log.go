package pluginhost

import (
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// loggers maps the numbers that instances are known by on the Rust side to their loggers. A thread
// of a component may still write after its instance is gone, so a number that is not there is
// nothing special.
var (
	loggers    sync.Map
	lastLogger atomic.Uint64
)

func addLogger(logger *zap.Logger) uint64 {
	number := lastLogger.Add(1)
	// The caller that zap would find is this package, which does not help.
	loggers.Store(number, logger.WithOptions(zap.WithCaller(false)))
	return number
}

func removeLogger(number uint64) {
	loggers.Delete(number)
}

func logEnabled(number uint64, level int32) bool {
	logger, ok := loggers.Load(number)
	return ok && logger.(*zap.Logger).Core().Enabled(levelOf(level))
}

// writeLog is called from Rust threads: a panic here would end the process.
func writeLog(number uint64, level int32, message string, fields []byte) {
	defer func() { _ = recover() }()
	logger, ok := loggers.Load(number)
	if !ok {
		return
	}
	entry := logger.(*zap.Logger).Check(levelOf(level), message)
	if entry == nil {
		return
	}
	entry.Write(fieldsOf(fields)...)
}

// levelOf keeps a component from ending the process by a level above error.
func levelOf(level int32) zapcore.Level {
	switch {
	case level <= int32(zapcore.DebugLevel):
		return zapcore.DebugLevel
	case level >= int32(zapcore.ErrorLevel):
		return zapcore.ErrorLevel
	}
	return zapcore.Level(level)
}

func fieldsOf(text []byte) []zap.Field {
	if len(text) == 0 {
		return nil
	}
	values := map[string]any{}
	if err := json.Unmarshal(text, &values); err != nil {
		return []zap.Field{zap.ByteString("fields", text)}
	}
	fields := make([]zap.Field, 0, len(values))
	for _, name := range slices.Sorted(maps.Keys(values)) {
		fields = append(fields, zap.Any(name, values[name]))
	}
	return fields
}
