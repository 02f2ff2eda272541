package pluginhost

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.uber.org/zap"
)

// health is whether an instance may still be given data, and who hears when it may not. It knows
// nothing of the Rust side, so that what refers to it from there keeps no instance alive.
type health struct {
	logger   *zap.Logger
	host     atomic.Value
	reported sync.Once
	broken   atomic.Pointer[error]
	// hearsStatus: the Collector may wait for the component inside of a report, and would wait for
	// ever if that made another one.
	hearsStatus bool
	stage       atomic.Int32
	// fatal is what was reported within start, which fails with it.
	fatal atomic.Pointer[error]
	// deciding is held while one of the two decides about the other.
	deciding sync.Mutex
	reports  reports
	refusals *refusals
	meter    *meter
}

// stage is where an instance is in its life.
type stage int32

const (
	starting stage = iota
	running
	stopping
)

// hostBox gives all hosts one type, as atomic.Value demands.
type hostBox struct{ component.Host }

// breach is how a component broke the contract of the C ABI.
type breach string

func (b breach) Error() string {
	return "the component broke the contract of the C ABI: " + string(b)
}

// check takes the instance out of service if err is a breach: such a component may have done other
// things that cannot be seen. It gives the error that callers of the instance get.
func (h *health) check(err error) error {
	if _, ok := errors.AsType[breach](err); !ok {
		return consumererror.NewPermanent(err)
	}
	err = fmt.Errorf("%w; it is out of service", err)
	h.broken.CompareAndSwap(nil, &err)
	h.report("The component broke the contract of the C ABI and is out of service until the "+
		"Collector restarts or reloads", err)
	return h.outOfService()
}

// outOfService is why the instance may not be given data.
func (h *health) outOfService() error {
	if err := h.broken.Load(); err != nil {
		return consumererror.NewPermanent(*err)
	}
	return nil
}

// panicked says once that this instance does nothing any more.
func (h *health) panicked(err panicError) {
	h.report("The component panicked and is out of use until the Collector restarts or reloads", err)
}

func (h *health) report(message string, err error) {
	h.reported.Do(func() {
		h.logger.Error(message, zap.Error(err))
		box, ok := h.host.Load().(hostBox)
		if !ok || box.Host == nil {
			return
		}
		h.handOver(box, componentstatus.NewPermanentErrorEvent(err))
	})
}
