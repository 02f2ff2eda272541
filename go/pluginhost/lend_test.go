package pluginhost

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// A root that nothing else makes escape is a local variable. What is lent of such a one stays where
// it is when the stack grows, as it may while a component logs; what is not lent moves.
func TestARootThatWouldLieOnTheStackIsOnTheHeapWhenItIsLent(t *testing.T) {
	// A goroutine of its own begins with a small stack.
	type places struct{ lentBefore, lentAfter, localBefore, localAfter uintptr }
	found := make(chan places)
	go func() {
		record := newCall(signalLogs, formatView)
		defer record.release()
		var lent, local [3]uintptr
		record.lend(unsafe.Pointer(&lent))
		var seen places
		seen.lentBefore = uintptr(unsafe.Pointer(&lent))
		seen.localBefore = uintptr(unsafe.Pointer(&local))
		local[0] = uintptr(grow(1000))
		seen.lentAfter = uintptr(unsafe.Pointer(&lent))
		seen.localAfter = uintptr(unsafe.Pointer(&local))
		if uint64(record.memory.root) != uint64(seen.lentAfter) {
			seen.lentAfter = 0
		}
		found <- seen
	}()
	seen := <-found
	require.Equal(t, seen.lentBefore, seen.lentAfter)
	require.NotEqual(t, seen.localBefore, seen.localAfter, "the stack did not move")
}
