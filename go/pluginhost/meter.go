package pluginhost

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// meter is what one instance measures. Totals are read where the component keeps them whenever
// metrics are collected, and what was added since is added to instruments of the Collector: these
// outlive the instance, and several instances share them.
type meter struct {
	of   *health
	from metric.Meter
	// common is in every set of attributes: the Collector's reader for Prometheus gives no page at
	// all where two components have the same metric with the same attributes.
	common []attribute.KeyValue
	// all is replaced where one is added: a histogram records while mu is held.
	all atomic.Pointer[[]*instrument]

	// mu is held while the component's words are read. Where it is, the Collector is asked for
	// nothing that waits for the end of a collection, which waits for mu.
	mu sync.Mutex
	// made is set when the instance is, and nothing may be declared any more.
	made         atomic.Bool
	closed       bool
	names        map[string]bool
	sets         int
	observed     []metric.Observable
	registration metric.Registration
}

// newMeter makes the meter of an instance that is being made.
func newMeter(
	of *health, provider metric.MeterProvider, scope string, common ...attribute.KeyValue,
) *meter {
	if provider == nil {
		return nil
	}
	made := &meter{of: of, from: provider.Meter(scope), common: common, names: map[string]bool{}}
	made.all.Store(&[]*instrument{})
	return made
}

// declareMetric is called by a component while it is created.
func declareMetric(number uint64, what declaration, words cells) (int, error) {
	if owner, ok := loggers.Load(number); ok {
		if meter := owner.(*health).meter; meter != nil {
			return meter.declare(what, words)
		}
	}
	words.release()
	return 0, errors.New("there is no such component")
}

// recordValues is called by a component from whatever thread. An instance that is gone records no
// more.
func recordValues(number uint64, instrument, set uint32, words []byte) {
	owner, ok := loggers.Load(number)
	if !ok {
		return
	}
	of := owner.(*health)
	if of.meter == nil {
		return
	}
	if err := of.meter.record(instrument, set, words); err != nil {
		of.refuse(callMetrics, err)
	}
}

// declare takes the cells over, whatever it answers.
func (m *meter) declare(what declaration, words cells) (int, error) {
	// Before the lock: a closure that is asked for a value may do this while its values are read.
	if m.made.Load() {
		words.release()
		return 0, errors.New("metrics are declared while the component is created")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	made, err := m.instrument(what, words)
	if err != nil {
		words.release()
		return 0, err
	}
	known := *m.all.Load()
	all := append(slices.Clip(known), made)
	m.all.Store(&all)
	return len(known), nil
}

func (m *meter) instrument(what declaration, words cells) (*instrument, error) {
	name := strings.ToLower(what.name)
	m.sets += len(what.attributes)
	perSet, known := wordsOf[what.kind]
	wanted := len(what.attributes) * perSet * wordSize
	switch {
	case !known:
		return nil, fmt.Errorf("the component declares an instrument of kind %d, which does not exist",
			what.kind)
	case m.names[name]:
		return nil, errors.New("it is declared twice")
	case m.sets > mostAttributeSets:
		return nil, fmt.Errorf("the component declares %d sets of attributes, at most %d are allowed",
			m.sets, mostAttributeSets)
	case len(words.bytes) != wanted:
		return nil, breach(fmt.Sprintf("a metric with %d bytes of values, not %d", len(words.bytes),
			wanted))
	case uintptr(unsafe.Pointer(unsafe.SliceData(words.bytes)))%wordSize != 0:
		return nil, breach("values of a metric that are not aligned")
	}
	made := &instrument{declaration: what, cells: words, last: make([]uint64, len(what.attributes))}
	for _, set := range what.attributes {
		option := metric.WithAttributeSet(attribute.NewSet(append(set.ToSlice(), m.common...)...))
		made.added = append(made.added, []metric.AddOption{option})
		made.seen = append(made.seen, []metric.ObserveOption{option})
		made.recorded = append(made.recorded, []metric.RecordOption{option})
	}
	if err := made.ask(m.from); err != nil {
		return nil, err
	}
	if made.intGauge != nil {
		m.observed = append(m.observed, made.intGauge)
	}
	if made.floatGauge != nil {
		m.observed = append(m.observed, made.floatGauge)
	}
	m.names[name] = true
	return made, nil
}

// begin lets the Collector read what was declared. The callback of a meter must be about something
// that is observed; a component may have nothing of that sort, so there is always one more, which
// has no values.
func (m *meter) begin() error {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	m.made.Store(true)
	m.mu.Unlock()
	if len(*m.all.Load()) == 0 {
		return nil
	}
	none, err := m.from.Int64ObservableGauge("otelcol_rust_component_collected",
		metric.WithDescription("Has no values. [Alpha]"))
	if err != nil {
		return err
	}
	m.registration, err = m.from.RegisterCallback(func(_ context.Context, to metric.Observer) error {
		m.read(to)
		return nil
	}, append(m.observed, none)...)
	return err
}

// read takes what has changed; without an observer, gauges are left out.
func (m *meter) read(to metric.Observer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return
	}
	for _, one := range *m.all.Load() {
		one.cells.refresh()
		switch one.kind {
		case instrumentCounter, instrumentUpDownCounter:
			for set := range one.added {
				if err := one.addSince(set); err != nil {
					m.of.refuse(callMetrics, err)
				}
			}
		case instrumentGauge:
			if to != nil {
				one.observe(to)
			}
		}
	}
}

// close reads the last values and gives the component's words back.
func (m *meter) close() {
	if m == nil {
		return
	}
	m.read(nil)
	m.mu.Lock()
	already := m.closed
	m.closed = true
	m.mu.Unlock()
	if already {
		return
	}
	if m.registration != nil {
		if err := m.registration.Unregister(); err != nil {
			m.of.refuse(callMetrics, err)
		}
	}
	for _, one := range *m.all.Load() {
		one.cells.release()
	}
}

// record takes values of a histogram, from any thread.
func (m *meter) record(number, set uint32, words []byte) error {
	all := *m.all.Load()
	if uint64(number) >= uint64(len(all)) {
		return fmt.Errorf("the component recorded in metric %d, which it did not declare", number)
	}
	one := all[number]
	if one.kind != instrumentHistogram || uint64(set) >= uint64(len(one.recorded)) {
		return fmt.Errorf("the component recorded in set %d of metric %q, which has none", set, one.name)
	}
	options := one.recorded[set]
	for ; len(words) >= wordSize; words = words[wordSize:] {
		word := binary.NativeEndian.Uint64(words)
		if !one.floating {
			one.recordInt(context.Background(), int64(word), options...) //nolint:gosec // it has a sign
			continue
		}
		if value := math.Float64frombits(word); !math.IsNaN(value) && !math.IsInf(value, 0) {
			one.recordFloat(context.Background(), value, options...)
		}
	}
	return nil
}
