package pluginhost

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// patience is how long a call runs before it is looked whether its caller still waits, and how
// often that is done again.
const patience = 2 * time.Millisecond

// watch sets the word that a component polls when the caller of a call waits no longer.
//
// It is a timer that looks, because a call costs less than `context.AfterFunc` does: that allocates
// five times and locks the parent's context, for each batch from a network receiver. Most calls are
// over before anybody could cancel them, and pay two atomic operations here. `Done` is not asked
// for: it makes a channel, and a lock guards it.
type watch struct {
	// idle is free exactly while a call runs: who holds it in a call keeps that from ending, so that
	// nothing is written into the record of a call that is over.
	idle sync.Mutex
	ctx  context.Context
	word *atomic.Uint32
	// armed says that the timer will look once more.
	armed atomic.Bool
	timer *time.Timer
}

// newWatch gives the watch of a record, which has no call yet.
func newWatch(word *atomic.Uint32) *watch {
	made := &watch{word: word}
	made.idle.Lock()
	made.timer = time.AfterFunc(time.Hour, made.look)
	made.timer.Stop()
	return made
}

// begin is said before the call, end after it.
func (w *watch) begin(ctx context.Context) {
	if ctx.Err() != nil {
		w.word.Store(1)
		return
	}
	w.ctx = ctx
	w.idle.Unlock()
	w.arm()
}

func (w *watch) end() {
	if w.ctx == nil {
		return
	}
	w.idle.Lock()
	w.ctx = nil
}

// arm does nothing in most calls: the timer goes on from one call to the next, and sets itself off
// when it finds none.
func (w *watch) arm() {
	if !w.armed.Load() && w.armed.CompareAndSwap(false, true) {
		w.timer.Reset(patience)
	}
}

func (w *watch) look() {
	if w.lookAtCall() {
		w.timer.Reset(patience)
		return
	}
	w.armed.Store(false)
	// A call that began just now may have found the timer armed.
	if w.lookAtCall() {
		w.arm()
	}
}

// lookAtCall says whether there is a call that must be looked at again.
func (w *watch) lookAtCall() bool {
	if !w.idle.TryLock() {
		return false
	}
	defer w.idle.Unlock()
	if w.ctx.Err() == nil {
		return true
	}
	w.word.Store(1)
	return false
}
