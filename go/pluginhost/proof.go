package pluginhost

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// prove lets Rust read a sample as it lies, before the first batch, and compares that with the
// sample. In it no two fields of a kind are alike, so that none stands for another.
func prove[T any](
	lies *layout, otlp codec[T], sample T, readable func(T) ([]byte, error),
) error {
	if err := lies.followable(); err != nil {
		return err
	}
	expected, err := otlp.marshal(sample)
	if err != nil {
		return err
	}
	record := newCall(otlp.signal, formatView)
	defer record.release()
	record.lend(rootOf(sample, lies))
	encoded, err := record.encode(lies.table)
	if err != nil {
		return fmt.Errorf("a sample in place: %w", err)
	}
	read, err := otlp.unmarshal(encoded)
	if err != nil {
		return err
	}
	// Two encodings of the same may differ, but not if one encoder wrote both.
	found, err := otlp.marshal(read)
	if err == nil && !bytes.Equal(found, expected) {
		err = fmt.Errorf("a sample in place is not read as what it is: %s",
			firstDifference(sample, read, readable))
	}
	return err
}

// followable says whether each row is about a field of its kind. Then Rust meets no address that is
// none, whatever else may be wrong.
func (l *layout) followable() error {
	for _, row := range l.rows {
		in := l.structs[row.Message]
		if row.Word != 0 && row.Kind != fieldSet {
			in = l.boxes[row.Word]
		}
		if in == nil || !l.isField(row, in) {
			return fmt.Errorf("%s: a field of kind %d does not lie at %d", in, row.Kind, row.Offset)
		}
	}
	return nil
}

func (l *layout) isField(row field, in reflect.Type) bool {
	for index := range in.NumField() {
		one := in.Field(index)
		if kind, below, size := liesAs(one.Type); one.Offset == uintptr(row.Offset) {
			return kind == row.Kind && (row.Number == 0 || row.Kind == fieldSet ||
				below == l.structs[row.Of] && uint32(size) == row.Size)
		}
	}
	return false
}

// firstDifference names a field by the way to it in JSON.
func firstDifference[T any](want, got T, readable func(T) ([]byte, error)) string {
	var both [2]any
	for index, one := range []T{want, got} {
		text, err := readable(one)
		if err == nil {
			err = json.Unmarshal(text, &both[index])
		}
		if err != nil {
			return "the field has no name in JSON: " + err.Error()
		}
	}
	return "see " + strings.TrimPrefix(difference(both[0], both[1]), ".")
}

// difference is the way to the first thing in which two JSON values differ.
func difference(left, right any) string {
	switch left := left.(type) {
	case map[string]any:
		right, _ := right.(map[string]any)
		both := maps.Clone(left)
		maps.Copy(both, right)
		for _, key := range slices.Sorted(maps.Keys(both)) {
			if !reflect.DeepEqual(left[key], right[key]) {
				return "." + key + difference(left[key], right[key])
			}
		}
	case []any:
		right, _ := right.([]any)
		for index := range min(len(left), len(right)) {
			if !reflect.DeepEqual(left[index], right[index]) {
				return fmt.Sprintf("[%d]", index) + difference(left[index], right[index])
			}
		}
	}
	return ""
}
