package pluginhost

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
)

// firstAddress is the address of the first byte of an image, as the fuzz target `view` has it.
const firstAddress = 0x1_0000

// recorder copies what a value leads to, and puts addresses of the copy in it.
type recorder struct {
	t      *testing.T
	memory []byte
	placed map[unsafe.Pointer]uint64
}

// keep copies a value to the end of the memory, and all that it leads to.
func (r *recorder) keep(value reflect.Value) uint64 {
	for len(r.memory)%8 != 0 {
		r.memory = append(r.memory, 0)
	}
	at := len(r.memory)
	r.copy(value.Addr().UnsafePointer(), int(value.Type().Size()))
	r.relocate(value, at)
	return firstAddress + uint64(at)
}

// copy takes memory of the value that is being recorded, which its caller holds.
func (r *recorder) copy(from unsafe.Pointer, size int) {
	for at := range size {
		r.memory = append(r.memory, *(*byte)(unsafe.Add(from, at)))
	}
}

func (r *recorder) put(at int, words ...uint64) {
	for index, word := range words {
		binary.NativeEndian.PutUint64(r.memory[at+8*index:], word)
	}
}

// relocate replaces every address in the copy of a value, which lies at `at`.
func (r *recorder) relocate(value reflect.Value, at int) {
	switch value.Kind() {
	case reflect.Struct:
		for index := range value.NumField() {
			r.relocate(value.Field(index), at+int(value.Type().Field(index).Offset))
		}
	case reflect.String:
		text := value.String()
		r.put(at, r.list(len(text), reflect.ValueOf([]byte(text))), uint64(len(text)))
	case reflect.Slice:
		length := value.Len()
		r.put(at, r.list(length, value), uint64(length), uint64(length))
	case reflect.Pointer:
		r.put(at, r.pointer(value))
	case reflect.Interface:
		if !value.IsNil() {
			// The type word stays: the table has it, too.
			r.put(at+8, r.pointer(value.Elem()))
		}
	case reflect.Map, reflect.Func, reflect.Chan, reflect.UnsafePointer:
		r.t.Fatalf("a %s cannot be recorded", value.Type())
	}
}

func (r *recorder) pointer(value reflect.Value) uint64 {
	if value.IsNil() {
		return 0
	}
	if placed, ok := r.placed[value.UnsafePointer()]; ok {
		return placed
	}
	placed := r.keep(value.Elem())
	r.placed[value.UnsafePointer()] = placed
	return placed
}

// list copies the elements side by side, and then what they lead to.
func (r *recorder) list(length int, elements reflect.Value) uint64 {
	if length == 0 {
		return 0
	}
	for len(r.memory)%8 != 0 {
		r.memory = append(r.memory, 0)
	}
	at, size := len(r.memory), int(elements.Type().Elem().Size())
	r.copy(elements.Index(0).Addr().UnsafePointer(), length*size)
	for index := range length {
		r.relocate(elements.Index(index), at+index*size)
	}
	return firstAddress + uint64(at)
}

// recorded is a file for the fuzz target `view`.
func recorded(t *testing.T, signal uint32, public any, lies *layout) []byte {
	value := reflect.ValueOf(public)
	of := value.Type().Field(0).Type.Elem()
	// What the caller's public value holds.
	request := reflect.NewAt(of, value.Field(0).UnsafePointer()).Elem()
	r := &recorder{t, nil, map[unsafe.Pointer]uint64{}}
	root := r.keep(request)
	file := binary.LittleEndian.AppendUint32(nil, signal)
	file = binary.LittleEndian.AppendUint32(file, uint32(len(lies.table)/fieldSize))
	file = append(file, lies.table...)
	file = binary.LittleEndian.AppendUint64(file, root)
	return append(file, r.memory...)
}

// TestTheMemoryOfABatchIsRecorded writes the seeds of the fuzz target `view` where
// BIMETAL_RECORD_DIR names a directory.
func TestTheMemoryOfABatchIsRecorded(t *testing.T) {
	small := plog.NewLogs()
	record := small.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	record.Body().SetStr("body")
	record.Attributes().PutInt("int", 7)
	record.Attributes().PutEmptySlice("list").AppendEmpty().SetStr("text")
	for name, data := range map[string]plog.Logs{"logs": sampleLogs(), "logs-small": small} {
		lies := learntLogs(t)
		file := recorded(t, signalLogs, data, lies)
		header := 8 + len(lies.table) + 8
		root := binary.LittleEndian.Uint64(file[header-8:])
		require.Equal(t, uint64(firstAddress), root)
		memory := string(file[header:])
		require.Equal(t, name == "logs-small", strings.Contains(memory, "body"), name)
		if directory := os.Getenv("BIMETAL_RECORD_DIR"); directory != "" {
			require.NoError(t, os.WriteFile(filepath.Join(directory, name), file, 0o644))
		}
	}
}
