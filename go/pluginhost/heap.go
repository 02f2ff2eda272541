package pluginhost

import (
	"errors"
	// For `go:linkname`.
	_ "unsafe"
)

// heapObjectsCanMove is the runtime's own word for those who rely on a heap that stays in place. A
// release of Go without it does not link.
//
//go:linkname heapObjectsCanMove runtime.heapObjectsCanMove
func heapObjectsCanMove() bool

// heapMoves is another function in tests.
var heapMoves = heapObjectsCanMove

var errHeapMoves = errors.New("the heap of this Go release moves its objects")
