package pluginhost

import (
	"bytes"
	"errors"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// proveLogs lets Rust read a sample as it lies, before the first batch, and compares that with the
// sample. In it no two fields of a kind are alike, so that none stands for another.
func proveLogs(lies *layout) error {
	sample := sampleLogs()
	expected, err := (&plog.ProtoMarshaler{}).MarshalLogs(sample)
	if err != nil {
		return err
	}
	record := newCall(signalLogs, formatView)
	defer record.release()
	record.lend(rootOfLogs(sample, lies))
	encoded, err := record.encode(lies.table)
	if err != nil {
		return err
	}
	read, err := (&plog.ProtoUnmarshaler{}).UnmarshalLogs(encoded)
	if err != nil {
		return err
	}
	// Two encodings of the same may differ, but not if one encoder wrote both.
	found, err := (&plog.ProtoMarshaler{}).MarshalLogs(read)
	if err == nil && !bytes.Equal(found, expected) {
		err = errors.New("a sample in place is not read as what it is")
	}
	return err
}

// sampleLogs has every field, and every kind of value, in each other, empty and missing.
func sampleLogs() plog.Logs {
	data := plog.NewLogs()
	for range 2 {
		resource := data.ResourceLogs().AppendEmpty()
		resource.SetSchemaUrl("resource schema")
		everyValue(resource.Resource().Attributes())
		resource.Resource().SetDroppedAttributesCount(3)
		scope := resource.ScopeLogs().AppendEmpty()
		scope.SetSchemaUrl("scope schema")
		scope.Scope().SetName("name")
		scope.Scope().SetVersion("version")
		scope.Scope().SetDroppedAttributesCount(4)
		everyValue(scope.Scope().Attributes())
		for range 3 {
			record := scope.LogRecords().AppendEmpty()
			record.SetTimestamp(1)
			record.SetObservedTimestamp(2)
			record.SetSeverityNumber(plog.SeverityNumberWarn)
			record.SetSeverityText("warn")
			everyValue(record.Body().SetEmptyMap())
			everyValue(record.Attributes())
			record.SetDroppedAttributesCount(5)
			record.SetFlags(6)
			record.SetTraceID(pcommon.TraceID{1, 15: 2})
			record.SetSpanID(pcommon.SpanID{3, 7: 4})
			record.SetEventName("event")
		}
		scope.LogRecords().AppendEmpty()
		resource.ScopeLogs().AppendEmpty()
	}
	data.ResourceLogs().AppendEmpty()
	return data
}

func everyValue(values pcommon.Map) {
	values.PutStr("text", "é\x00x")
	values.PutStr("no text", "")
	values.PutBool("true", true)
	values.PutBool("false", false)
	values.PutInt("int", -7)
	values.PutInt("zero", 0)
	values.PutDouble("double", 1.5)
	values.PutEmptyBytes("bytes").FromRaw([]byte{0, 255})
	values.PutEmptyBytes("no bytes")
	values.PutEmpty("empty")
	list := values.PutEmptySlice("list")
	list.AppendEmpty()
	list.AppendEmpty().SetEmptySlice().AppendEmpty().SetInt(1)
	values.PutEmptySlice("no list")
	values.PutEmptyMap("map").PutEmptyMap("map").PutStr("deep", "down")
	values.PutEmptyMap("no map")
}
