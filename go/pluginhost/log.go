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

// loggers maps the numbers that instances are known by on the Rust side to their health, which has
// the logger. A thread of a component may still write after its instance is gone, so a number that
// is not there is nothing special.
var (
	loggers    sync.Map
	lastLogger atomic.Uint64
)

func addLogger(writer *health) uint64 {
	number := lastLogger.Add(1)
	loggers.Store(number, writer)
	return number
}

// removeLogger is called when the instance is gone, or was never made.
func removeLogger(number uint64) {
	if gone, ok := loggers.Load(number); ok {
		gone.(*health).meter.close()
		loggers.Delete(number)
	}
}

// breakLogger takes the instance out of service that wrote what no instance may write.
func breakLogger(number uint64, err error) {
	if writer, ok := loggers.Load(number); ok {
		_ = writer.(*health).check(err)
	}
}

func logEnabled(number uint64, level int32) bool {
	writer, ok := loggers.Load(number)
	return ok && writer.(*health).logger.Core().Enabled(levelOf(level))
}

func writeLog(number uint64, level int32, message string, fields []byte) {
	writer, ok := loggers.Load(number)
	if !ok {
		return
	}
	if entry := writer.(*health).logger.Check(levelOf(level), message); entry != nil {
		entry.Write(fieldsOf(fields)...)
	}
}

// leastLevel is what a component need not ask for each record: the level of a logger of the
// Collector is that of its configuration.
func leastLevel(enabler zapcore.LevelEnabler) int32 {
	for level := zapcore.DebugLevel; level <= zapcore.ErrorLevel; level++ {
		if enabler.Enabled(level) {
			return int32(level)
		}
	}
	return int32(zapcore.ErrorLevel) + 1
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
