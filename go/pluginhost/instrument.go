package pluginhost

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"sync/atomic"
	"unsafe"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

const wordSize = 8

// instrument is one of them. What does not fit its kind is nil.
type instrument struct {
	declaration

	cells cells
	last  []uint64

	addInt      func(context.Context, int64, ...metric.AddOption)
	addFloat    func(context.Context, float64, ...metric.AddOption)
	intGauge    metric.Int64Observable
	floatGauge  metric.Float64Observable
	recordInt   func(context.Context, int64, ...metric.RecordOption)
	recordFloat func(context.Context, float64, ...metric.RecordOption)

	// One of these for each set of attributes, made once.
	added    [][]metric.AddOption
	seen     [][]metric.ObserveOption
	recorded [][]metric.RecordOption
}

// declaration is what a component says of an instrument.
type declaration struct {
	kind        uint32
	floating    bool
	name        string
	unit        string
	description string
	attributes  []attribute.Set
	bounds      []float64
}

// cells are words of the component, which stay until they are released. Refresh lets it bring them
// up to date.
type cells struct {
	bytes   []byte
	refresh func()
	release func()
}

// wordsOf are the words that an instrument has for each set of attributes.
var wordsOf = map[uint32]int{instrumentCounter: 1, instrumentUpDownCounter: 1, instrumentGauge: 2,
	instrumentHistogram: 0}

// read takes what a component says of an instrument; both texts are JSON.
func (d *declaration) read(attributes, bounds []byte) error {
	if len(bounds) > 0 {
		if err := json.Unmarshal(bounds, &d.bounds); err != nil {
			return fmt.Errorf("the bounds cannot be read: %w", err)
		}
	}
	sets := []map[string]any{nil}
	if len(attributes) > 0 {
		if err := json.Unmarshal(attributes, &sets); err != nil {
			return fmt.Errorf("the attributes cannot be read: %w", err)
		}
	}
	for _, set := range sets {
		pairs := make([]attribute.KeyValue, 0, len(set))
		for key, value := range set {
			pair, err := pairOf(key, value)
			if err != nil {
				return err
			}
			pairs = append(pairs, pair)
		}
		d.attributes = append(d.attributes, attribute.NewSet(pairs...))
	}
	return nil
}

func pairOf(key string, value any) (attribute.KeyValue, error) {
	switch value := value.(type) {
	case string:
		return attribute.String(key, value), nil
	case bool:
		return attribute.Bool(key, value), nil
	case float64:
		if whole := int64(value); float64(whole) == value {
			return attribute.Int64(key, whole), nil
		}
		return attribute.Float64(key, value), nil
	}
	return attribute.KeyValue{}, fmt.Errorf("attribute %q is no text, number or boolean", key)
}

// ask has the Collector make the instrument. What is wrong with a name, it says.
func (i *instrument) ask(from metric.Meter) error {
	unit, about := metric.WithUnit(i.unit), metric.WithDescription(i.description)
	switch {
	case i.kind == instrumentCounter && i.floating:
		made, err := from.Float64Counter(i.name, unit, about)
		if err == nil {
			i.addFloat = made.Add
		}
		return err
	case i.kind == instrumentCounter:
		made, err := from.Int64Counter(i.name, unit, about)
		if err == nil {
			i.addInt = made.Add
		}
		return err
	case i.kind == instrumentUpDownCounter && i.floating:
		made, err := from.Float64UpDownCounter(i.name, unit, about)
		if err == nil {
			i.addFloat = made.Add
		}
		return err
	case i.kind == instrumentUpDownCounter:
		made, err := from.Int64UpDownCounter(i.name, unit, about)
		if err == nil {
			i.addInt = made.Add
		}
		return err
	case i.kind == instrumentGauge && i.floating:
		made, err := from.Float64ObservableGauge(i.name, unit, about)
		if err == nil {
			i.floatGauge = made
		}
		return err
	case i.kind == instrumentGauge:
		made, err := from.Int64ObservableGauge(i.name, unit, about)
		if err == nil {
			i.intGauge = made
		}
		return err
	case i.kind == instrumentHistogram && i.floating:
		options := []metric.Float64HistogramOption{unit, about}
		if i.bounds != nil {
			options = append(options, metric.WithExplicitBucketBoundaries(i.bounds...))
		}
		made, err := from.Float64Histogram(i.name, options...)
		if err == nil {
			i.recordFloat = made.Record
		}
		return err
	case i.kind == instrumentHistogram:
		options := []metric.Int64HistogramOption{unit, about}
		if i.bounds != nil {
			options = append(options, metric.WithExplicitBucketBoundaries(i.bounds...))
		}
		made, err := from.Int64Histogram(i.name, options...)
		if err == nil {
			i.recordInt = made.Record
		}
		return err
	}
	return fmt.Errorf("no instrument of kind %d", i.kind)
}

// addSince adds what came to a total since it was last read.
func (i *instrument) addSince(set int) error {
	now, last := i.cells.word(set), i.last[set]
	if now == last {
		return nil
	}
	grows := i.kind == instrumentCounter
	if !i.floating {
		i.last[set] = now
		delta := int64(now - last) //nolint:gosec // the difference counts, whatever it wraps around
		if grows && delta < 0 {
			return fmt.Errorf("the total of counter %q fell by %d", i.name, -delta)
		}
		i.addInt(context.Background(), delta, i.added[set]...)
		return nil
	}
	delta := math.Float64frombits(now) - math.Float64frombits(last)
	if math.IsNaN(delta) || math.IsInf(delta, 0) {
		// What was last is kept: the growth meanwhile counts when the total is a number again.
		return fmt.Errorf("the total of %q changed by %v", i.name, delta)
	}
	i.last[set] = now
	if grows && delta < 0 {
		return fmt.Errorf("the total of %q changed by %v", i.name, delta)
	}
	i.addFloat(context.Background(), delta, i.added[set]...)
	return nil
}

func (i *instrument) observe(to metric.Observer) {
	for set, options := range i.seen {
		if i.cells.word(2*set) == 0 {
			continue
		}
		value := i.cells.word(2*set + 1)
		if i.floating {
			to.ObserveFloat64(i.floatGauge, math.Float64frombits(value), options...)
		} else {
			to.ObserveInt64(i.intGauge, int64(value), options...) //nolint:gosec // it has a sign
		}
	}
}

// word reads what the component writes from its threads. The memory is the component's and stays
// until it is released.
func (c *cells) word(at int) uint64 {
	return atomic.LoadUint64((*uint64)(unsafe.Pointer(&c.bytes[at*wordSize])))
}
