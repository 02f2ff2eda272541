package pluginhost

import (
	"encoding/binary"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// edit changes an attribute list by the public API. That finds an attribute by its key only, the
// first one of several.
func (e *editor) edit(list pcommon.Map, row *edit) {
	switch row.kind {
	case editSet:
		index := uint32(0)
		for _, value := range list.All() {
			if index == row.index {
				e.into(value, row)
				return
			}
			index++
		}
	case editKeep:
		bitmap, index := e.list.valueOf(row), -1
		list.RemoveIf(func(string, pcommon.Value) bool {
			index++
			return !kept(bitmap, index)
		})
	case editPut:
		key := e.list.keyOf(row)
		if _, taken := list.Get(key); !taken {
			e.into(list.PutEmpty(key), row)
			return
		}
		keys, values := entriesOf(list)
		last := pcommon.NewValueEmpty()
		e.into(last, row)
		rebuild(list, append(keys, key), append(values, last))
	case editRename:
		keys, values := entriesOf(list)
		keys[row.index] = e.list.keyOf(row)
		rebuild(list, keys, values)
	case editDelete:
		keys, values := entriesOf(list)
		if slices.Index(keys, keys[row.index]) == int(row.index) {
			list.Remove(keys[row.index])
			return
		}
		last := len(keys) - 1
		keys[row.index], values[row.index] = keys[last], values[last]
		rebuild(list, keys[:last], values[:last])
	}
}

func entriesOf(list pcommon.Map) (keys []string, values []pcommon.Value) {
	for key, value := range list.All() {
		keys, values = append(keys, key), append(values, value)
	}
	return keys, values
}

// rebuild makes a list of these keys, of which some may be alike: only decoding makes such a list.
func rebuild(list pcommon.Map, keys []string, values []pcommon.Value) {
	var content []byte
	for _, key := range keys {
		content = append(content, tagAttributes)
		content = binary.AppendUvarint(content, uint64(len(framed(nil, tagFirst, key))))
		content = framed(content, tagFirst, key)
	}
	record, err := decodeRecord(string(content))
	if err != nil {
		panic(err)
	}
	index := 0
	for _, value := range record.Attributes().All() {
		values[index].MoveTo(value)
		index++
	}
	record.Attributes().MoveTo(list)
}

// Fields of OTLP as they are encoded, each with a length before its content.
const (
	// tagFirst is field 1: the resources of a batch, the entries of an array, the key of an attribute.
	tagFirst = 1<<3 | 2
	// tagSecond is field 2: the scopes of a resource, the records of a scope.
	tagSecond     = 2<<3 | 2
	tagArray      = 5<<3 | 2
	tagBody       = 5<<3 | 2
	tagAttributes = 6<<3 | 2
)

func framed(to []byte, tag byte, content string) []byte {
	return append(binary.AppendUvarint(append(to, tag), uint64(len(content))), content...)
}

// batchOf is a batch with one scope, which has this content.
func batchOf(scope string) []byte {
	return framed(nil, tagFirst, string(framed(nil, tagSecond, scope)))
}

// decodeRecord gives a log record with this content.
func decodeRecord(content string) (plog.LogRecord, error) {
	data, err := (&plog.ProtoUnmarshaler{}).UnmarshalLogs(batchOf(string(framed(nil, tagSecond,
		content))))
	if err != nil {
		return plog.LogRecord{}, err
	}
	return data.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0), nil
}

// decodeValues gives the values that are given as OTLP, as the entries of one array.
func decodeValues(encoded ...string) (pcommon.Slice, error) {
	var content []byte
	for _, one := range encoded {
		content = framed(content, tagFirst, one)
	}
	record, err := decodeRecord(string(framed(nil, tagBody, string(framed(nil, tagArray,
		string(content))))))
	if err != nil {
		return pcommon.Slice{}, err
	}
	return record.Body().Slice(), nil
}
