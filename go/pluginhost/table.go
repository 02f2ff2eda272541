package pluginhost

import (
	"bytes"
	"fmt"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.uber.org/zap"
)

// tables is how telemetry of a signal is built from a table; it is learnt and proved once in a
// process, before the first one.
type tables[T any] struct {
	root  uint32
	empty func() T
	plan  func() (*plan, error)
}

// built gives the telemetry of a table that a component answered. A table that is broken gives
// none.
func (i *instance[T]) built(codec *codec[T], record *call) (made T, err error) {
	given, err := record.table()
	if err != nil {
		return made, i.check(err)
	}
	return i.builtFrom(codec, given)
}

func (i *instance[T]) builtFrom(codec *codec[T], given table) (made T, err error) {
	with, err := codec.preparedPlan()
	if err != nil {
		if _, said := notBuilt.LoadOrStore(i.inUse.signal, true); !said {
			i.logger.Warn("New telemetry of Rust components is encoded and decoded, which is slower: what "+
				"is built of it differs", zap.String("signal", i.inUse.signal), zap.Error(err))
		}
	}
	if with != nil {
		made, err = codec.build(with, given)
		if err != nil {
			return made, i.check(fmt.Errorf("the table of %q: %w", i.id, err))
		}
		return made, nil
	}
	encoded, err := given.encode(codec.signal)
	if err != nil {
		return made, i.check(fmt.Errorf("the table of %q: %w", i.id, err))
	}
	if made, err = codec.unmarshal(encoded); err != nil {
		return made, consumererror.NewPermanent(fmt.Errorf("cannot decode what Rust answered: %w", err))
	}
	return made, nil
}

// preparedPlan is none where telemetry is to be made by the public codec; the error says why, where
// it ought not to be.
func (c *codec[T]) preparedPlan() (*plan, error) {
	if pdataViewNow() == viewOff || heapMoves() || pooling() == nil || pooling().IsEnabled() {
		return nil, nil
	}
	return c.tables.plan()
}

// build makes telemetry of a table, or says why it is none.
func (c *codec[T]) build(with *plan, given table) (made T, err error) {
	defer func() {
		// Whatever the rows are, this is a fault of ours. The batch does not go on.
		if said := recover(); said != nil {
			err = fmt.Errorf("it cannot be built: %v", said)
		}
	}()
	building := tableBuild{plan: with, table: given}
	fresh := c.tables.empty()
	if err := building.into(c.tables.root, rootAt(fresh, with.root)); err != nil {
		return made, err
	}
	return fresh, nil
}

// proveTables has Rust make a table of a sample, makes telemetry of that, and compares this with
// the sample.
func proveTables[T any](
	with *plan, lies *layout, otlp *codec[T], sample T, readable func(T) ([]byte, error),
) (*plan, error) {
	expected, err := otlp.marshal(sample)
	if err != nil {
		return nil, err
	}
	record := newCall(otlp.signal, formatView)
	defer record.release()
	record.lend(rootOf(sample, lies))
	var made T
	err = record.asTable(lies.table, func(given table) (err error) {
		made, err = otlp.build(with, given)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("a sample as a table: %w", err)
	}
	found, err := otlp.marshal(made)
	if err == nil && !bytes.Equal(found, expected) {
		err = fmt.Errorf("a sample is not built as what it is: %s",
			firstDifference(sample, made, readable))
	}
	if err != nil {
		return nil, err
	}
	return with, nil
}
