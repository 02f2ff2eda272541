package pluginhost

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/collector/component/componentstatus"
)

// reportsWaiting is how many reports of one instance may wait for the Collector.
const reportsWaiting = 100

// reports are what waits to be handed to the Collector, in order.
type reports struct {
	mu      sync.Mutex
	waiting []*componentstatus.Event
	handing bool
}

// reportStatus is called by a component from whatever thread. An instance that is gone says no
// more.
func reportStatus(number uint64, status int32, message string) {
	if reporter, ok := loggers.Load(number); ok {
		reporter.(*health).reportStatus(status, message)
	}
}

func (h *health) reportStatus(number int32, message string) {
	status, ok := statuses[number]
	if !ok {
		h.refuse(callStatus, fmt.Errorf("the component reported status %d, which does not exist", number))
		return
	}
	host, ok := h.host.Load().(hostBox)
	if !ok || host.Host == nil {
		h.refuse(callStatus, fmt.Errorf("the component reported status %s before it was started",
			statusWords[status]))
		return
	}
	var err error
	if componentstatus.StatusIsError(status) {
		err = errors.New(message)
		if message == "" {
			err = errors.New("the component gave no message")
		}
	}
	if status == componentstatus.StatusFatalError {
		switch h.stageOfFatal(&err) {
		case starting:
			return
		case stopping:
			// The Collector does not listen any more.
			status = componentstatus.StatusPermanentError
		case running:
			// It ends for the first one, and what came after would wait for it for ever.
			if !fatalHandedOver.CompareAndSwap(false, true) {
				status = componentstatus.StatusPermanentError
			}
		}
	}
	h.handOver(host, componentstatus.NewEvent(status, componentstatus.WithError(err)))
}

// fatalHandedOver says that this process ends.
var fatalHandedOver atomic.Bool

// stageOfFatal is when a fatal error comes. While the component starts, the Collector is not there
// yet to hear of it and would wait for itself: then it is the error of the start.
func (h *health) stageOfFatal(err *error) stage {
	h.deciding.Lock()
	defer h.deciding.Unlock()
	at := stage(h.stage.Load())
	if at == starting {
		h.fatal.CompareAndSwap(nil, err)
	}
	return at
}

// started ends the start, which failed if the component said so in either way.
func (h *health) started(err error) error {
	h.deciding.Lock()
	defer h.deciding.Unlock()
	if fatal := h.fatal.Load(); fatal != nil && err == nil {
		err = *fatal
	}
	if err == nil {
		h.stage.CompareAndSwap(int32(starting), int32(running))
	}
	return err
}

// handOver gives an event to the Collector, which calls those that watch before it answers, and for
// a fatal error waits until it is heard.
func (h *health) handOver(host hostBox, event *componentstatus.Event) {
	if !h.hearsStatus && event.Status() != componentstatus.StatusFatalError {
		componentstatus.ReportStatus(host.Host, event)
		return
	}
	h.reports.mu.Lock()
	defer h.reports.mu.Unlock()
	if len(h.reports.waiting) == reportsWaiting {
		h.refuse(callStatus, fmt.Errorf("the component reported %d statuses that still wait",
			reportsWaiting))
		return
	}
	h.reports.waiting = append(h.reports.waiting, event)
	if !h.reports.handing {
		h.reports.handing = true
		go h.reports.hand(host)
	}
}

func (r *reports) hand(host hostBox) {
	for {
		r.mu.Lock()
		waiting := r.waiting
		r.waiting = nil
		r.handing = len(waiting) > 0
		r.mu.Unlock()
		if len(waiting) == 0 {
			return
		}
		for _, event := range waiting {
			componentstatus.ReportStatus(host.Host, event)
		}
	}
}
