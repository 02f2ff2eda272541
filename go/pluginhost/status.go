package pluginhost

import (
	"errors"
	"fmt"
	"sync"

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
		switch stage(h.stage.Load()) {
		case starting:
			// The Collector is not there yet to hear of it: it would wait for itself.
			h.fatal.CompareAndSwap(nil, &err)
			return
		case stopping:
			// Nor is it any more.
			status = componentstatus.StatusPermanentError
		case running:
		}
	}
	h.handOver(host, componentstatus.NewEvent(status, componentstatus.WithError(err)))
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
