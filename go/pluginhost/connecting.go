package pluginhost

import (
	"context"
	"errors"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/connector"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
)

// changing makes connectors within one signal: what goes on is what was given, changed or not.
func changing[T, N, R any, P ~func(context.Context, T) error](
	f *rustFactory, known []codec[T], send func(N, context.Context, T) error,
	wrap func(runs, P, consumer.Option) (R, error),
) func(context.Context, connector.Settings, component.Config, N) (R, error) {
	return func(_ context.Context, set connector.Settings, cfg component.Config, next N) (R, error) {
		made, err := newInstance(f, known, known[0].signal, set.ID, set.TelemetrySettings, set.BuildInfo,
			cfg)
		if err != nil {
			var none R
			return none, err
		}
		consume := func(ctx context.Context, data T) error {
			data, err := made.consume(ctx, data)
			if err != nil {
				return unlessDropped(err)
			}
			return send(next, ctx, data)
		}
		return wrap(runs{made.start, made.shutdown}, consume,
			consumer.WithCapabilities(consumer.Capabilities{MutatesData: edits(f.Features)}))
	}
}

// making makes connectors from one signal to another. What Rust made goes on when its call is over.
func making[T, U, N, R any, P ~func(context.Context, T) error](
	f *rustFactory, known []codec[T], to []codec[U], send func(N, context.Context, U) error,
	wrap func(runs, P, consumer.Option) (R, error),
) func(context.Context, connector.Settings, component.Config, N) (R, error) {
	return func(_ context.Context, set connector.Settings, cfg component.Config, next N) (R, error) {
		taken, err := newInstance(f, known, to[0].signal, set.ID, set.TelemetrySettings, set.BuildInfo,
			cfg)
		if err != nil {
			var none R
			return none, err
		}
		// The same component. Its answers are of the other signal.
		made := &instance[U]{life: taken.life, inUse: tierInUse{signal: signalWords[to[0].signal]}}
		maker := maker[T, U]{taken, made, &to[len(to)-1]}
		consume := func(ctx context.Context, data T) error {
			answer, err := maker.consume(ctx, data)
			if err != nil {
				return unlessDropped(err)
			}
			return send(next, ctx, answer)
		}
		return wrap(runs{taken.start, taken.shutdown}, consume,
			consumer.WithCapabilities(consumer.Capabilities{MutatesData: false}))
	}
}

func unlessDropped(err error) error {
	if errors.Is(err, errDropped) {
		return nil
	}
	return err
}

// maker makes telemetry of another signal than it takes.
type maker[T, U any] struct {
	taken *instance[T]
	made  *instance[U]
	codec *codec[U]
}

func (m *maker[T, U]) consume(ctx context.Context, data T) (U, error) {
	for at := range m.taken.codecs {
		answer, err := m.consumeAs(ctx, &m.taken.codecs[at], data)
		if !errors.Is(err, errUnread) {
			return answer, err
		}
		m.taken.sayUnread()
	}
	var none U
	return none, consumererror.NewPermanent(errUnread)
}

func (m *maker[T, U]) consumeAs(
	ctx context.Context, codec *codec[T], data T,
) (answer U, err error) {
	record := newCall(codec.signal, codec.format)
	defer record.release()
	outcome, err := m.taken.called(ctx, codec, record, data)
	switch {
	case err != nil:
		return answer, err
	case outcome == outcomeUnread && codec.inPlace != nil:
		return answer, errUnread
	case outcome == outcomeReplaced || outcome == outcomeDropped:
		return m.made.answered(ctx, m.codec, record, answer, outcome)
	}
	return answer, m.taken.refused(ctx, *codec, record, outcome)
}
