package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
)

// errDropped says that nothing goes on, and that this is not a failure.
var errDropped = errors.New("the component dropped the data")

// errUnread says that the data cannot be read in the format that it was given in.
var errUnread = errors.New("the component cannot read the data where it lies")

// These are said once in a process, and of each signal.
var (
	notLearnt sync.Map
	notBuilt  sync.Map
	notProved sync.Once
)

// instance is a Rust component that is given telemetry of one signal.
type instance[T any] struct {
	life

	features uint64
	codecs   []codec[T]
	// ends is set where nothing goes on from the component.
	ends bool
	// inUse is what the log and the metric tell of it, encoded why nothing is read in place.
	inUse   tierInUse
	encoded error
	unread  sync.Once
}

// newInstance makes a component that takes what is known, and makes `to` of it.
func newInstance[T any](
	factory *rustFactory, known []codec[T], to uint32, id component.ID,
	set component.TelemetrySettings, build component.BuildInfo, cfg component.Config,
) (*instance[T], error) {
	chosen, encoded, err := choose(known, factory.Features, pdataViewNow())
	if err != nil {
		return nil, fmt.Errorf("%q: %w", id, err)
	}
	made := &instance[T]{features: factory.Features, codecs: chosen, encoded: encoded}
	made.inUse = tierInUse{factory.Kind, id.String(), signalWords[chosen[0].signal],
		formatWords[chosen[0].format]}
	made.life, err = newLife(factory, signals{chosen[0].signal, to}, id, set, build, cfg)
	if err != nil {
		return nil, err
	}
	return made, nil
}

// start keeps the host for status reports. The context is not kept, as the Collector demands.
func (i *instance[T]) start(_ context.Context, host component.Host) error {
	if i.encoded != nil {
		if _, said := notLearnt.LoadOrStore(i.inUse.signal, true); !said {
			i.logger.Warn("Rust components get telemetry encoded, which is slower: how it lies in this "+
				"Collector is not as expected", zap.String("signal", i.inUse.signal), zap.Error(i.encoded))
		}
	}
	if edits(i.features) {
		if err := shapeProblem(); err != nil {
			notProved.Do(func() {
				i.logger.Warn("What Rust components edit is written by pdata's API, which is slower: how "+
					"attributes lie in this Collector is not as expected", zap.Error(err))
			})
		}
	}
	err := i.life.start(host)
	if err == nil {
		tiersInUse.store(i.number, i.inUse)
		i.logger.Info(i.inUse.sentence(), zap.String("tier", i.inUse.tier))
	}
	return err
}

// shutdown may be called without start, and more than once.
func (i *instance[T]) shutdown(ctx context.Context) error {
	tiersInUse.remove(i.number)
	return i.life.shutdown(ctx)
}

// consume gives data to Rust and answers with what goes on: the same data, other data, or
// errDropped.
func (i *instance[T]) consume(ctx context.Context, data T) (T, error) {
	for at := range i.codecs {
		next, err := i.consumeAs(ctx, &i.codecs[at], data)
		if !errors.Is(err, errUnread) {
			return next, err
		}
		i.sayUnread()
	}
	var none T
	return none, consumererror.NewPermanent(errUnread)
}

func (i *instance[T]) sayUnread() {
	i.unread.Do(func() {
		i.logger.Warn("The component cannot read some telemetry where it lies; such batches are " +
			"encoded for it")
	})
}

// given is what Rust is given in a call: the encoded data, or how data lies, whose root is lent.
func (c *codec[T]) given(record *call, data T) ([]byte, error) {
	if c.inPlace != nil {
		lies, err := c.lies, error(nil)
		if lies == nil {
			if lies, err = c.inPlace(); err != nil {
				return nil, errUnread
			}
		}
		record.lend(c.root(data, lies))
		return lies.table, nil
	}
	encoded, err := c.marshal(data)
	if err != nil {
		return nil, consumererror.NewPermanent(fmt.Errorf("cannot encode the data for Rust: %w", err))
	}
	if len(encoded) > longestData {
		return nil, consumererror.NewPermanent(fmt.Errorf("the data has %d bytes, of which the C ABI "+
			"takes at most %d", len(encoded), longestData))
	}
	return encoded, nil
}

func (i *instance[T]) consumeAs(ctx context.Context, codec *codec[T], data T) (T, error) {
	record := newCall(codec.signal, codec.format)
	defer record.release()
	outcome, err := i.called(ctx, codec, record, data)
	if err != nil {
		var none T
		return none, err
	}
	return i.answered(ctx, codec, record, data, outcome)
}

// called gives data to Rust. The answer is in the record.
func (i *instance[T]) called(
	ctx context.Context, codec *codec[T], record *call, data T,
) (int32, error) {
	if err := i.outOfService(); err != nil {
		return 0, err
	}
	given, err := codec.given(record, data)
	if err != nil {
		return 0, err
	}
	forward(ctx, record)
	record.watch.begin(ctx)
	outcome := i.component.consume(record, given)
	record.watch.end()
	// What it logged meanwhile may have been too much.
	return outcome, i.outOfService()
}

// answered is what goes on after a call.
func (i *instance[T]) answered(
	ctx context.Context, codec *codec[T], record *call, data T, outcome int32,
) (T, error) {
	var none T
	switch {
	case outcome == outcomeUnread && codec.inPlace != nil:
		return none, errUnread
	case i.ends && outcome == outcomeOK:
		return none, nil
	case i.ends:
	case outcome == outcomePassThrough:
		return data, nil
	case outcome == outcomeDropped:
		return none, errDropped
	case outcome == outcomeEdits:
		return i.edited(codec, record, data)
	case outcome == outcomeReplaced && record.answersTable():
		return i.built(codec, record)
	case outcome == outcomeReplaced:
		output, err := record.output(formatOTLP)
		if err != nil {
			return none, i.check(err)
		}
		changed, err := codec.unmarshal(output)
		if err != nil {
			return none, consumererror.NewPermanent(fmt.Errorf("cannot decode what Rust answered: %w", err))
		}
		return changed, nil
	}
	return none, i.refused(ctx, *codec, record, outcome)
}

// forward writes deadline and span into the record.
func forward(ctx context.Context, record *call) {
	if at, ok := ctx.Deadline(); ok {
		record.setDeadline(at.UnixNano())
	}
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		record.setSpan(span.TraceID(), span.SpanID(), byte(span.TraceFlags()), span.IsRemote())
	}
}

// refused gives the error for an outcome that is none.
func (i *instance[T]) refused(
	ctx context.Context, codec codec[T], record *call, outcome int32,
) error {
	said, err := record.failure()
	if err != nil {
		return i.check(err)
	}
	if outcome == statusPanic || outcome == statusPoisoned {
		err := panicError(said.text())
		i.panicked(err)
		return consumererror.NewPermanent(err)
	}
	if outcome >= 0 {
		return consumererror.NewPermanent(fmt.Errorf("the component answered outcome %d, which is of "+
			"no use here", outcome))
	}
	if said.message == "" && said.flags == 0 {
		return consumererror.NewPermanent(fmt.Errorf("the component answered status %d and no message",
			outcome))
	}
	var partial func(error) error
	if said.has(errorRetryData) {
		data, err := record.retryData()
		if err != nil {
			return i.check(err)
		}
		if rest, err := codec.unmarshal(data); err == nil {
			partial = func(err error) error { return codec.partial(err, rest) }
		} else {
			i.logger.Warn("The part that may be sent again cannot be decoded; all of it counts as failed",
				zap.Error(err))
		}
	}
	return said.toError(ctx, partial)
}
