package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.uber.org/zap"
)

// errNotReceiving is the answer to what comes before `start` or after `shutdown`.
var errNotReceiving = consumererror.NewPermanent(errors.New("the receiver does not run"))

// outlets maps the numbers of receivers that run to where their telemetry goes.
var outlets sync.Map

// outlet is where the telemetry of a receiver goes, whatever its signal.
type outlet interface {
	take(ctx context.Context, signal, format uint32, data, text []byte) error
}

// sendTo gives telemetry of a receiver to its pipelines. data and text belong to the component, and
// are read during the call only.
func sendTo(number uint64, ctx context.Context, signal, format uint32, data, text []byte) error {
	found, ok := outlets.Load(number)
	if !ok {
		return errNotReceiving
	}
	return found.(outlet).take(ctx, signal, format, data, text)
}

// operation is what a receiver does with telemetry of one signal.
type operation[T any] struct {
	start   func(*receiverhelper.ObsReport, context.Context) context.Context
	end     func(*receiverhelper.ObsReport, context.Context, string, int, error)
	count   func(T) int
	consume func(context.Context, T) error
}

// received is a receiver in Rust in one pipeline.
type received[T any] struct {
	instance[T]

	do     operation[T]
	report *receiverhelper.ObsReport
	format string
	signal uint32
	// taking is held by each call, and by the end of all.
	taking sync.RWMutex
	closed bool
}

func newReceived[T any](
	f *rustFactory, set receiver.Settings, cfg component.Config, known []codec[T], do operation[T],
) (*received[T], error) {
	report, err := receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{
		ReceiverID: set.ID, ReceiverCreateSettings: set})
	if err != nil {
		return nil, err
	}
	signal := known[0].signal
	life, err := newLife(f, signals{from: signal}, set.ID, set.TelemetrySettings, set.BuildInfo, cfg)
	if err != nil {
		return nil, err
	}
	made := &received[T]{do: do, report: report, format: f.Type, signal: signal}
	made.life, made.inUse = life, tierInUse{signal: signalWords[signal]}
	made.codecs = known[len(known)-1:]
	return made, nil
}

// Start lets the component send from its own start on: the pipelines run by then.
func (r *received[T]) Start(_ context.Context, host component.Host) error {
	outlets.Store(r.number, r)
	err := r.life.start(host)
	if err != nil {
		outlets.Delete(r.number)
	}
	return err
}

// Shutdown may be called without Start, and more than once. When it has returned, nothing of the
// component reaches a pipeline any more.
func (r *received[T]) Shutdown(ctx context.Context) error {
	err := r.life.shutdown(ctx)
	outlets.Delete(r.number)
	ended := make(chan struct{})
	go func() {
		r.taking.Lock()
		r.closed = true
		r.taking.Unlock()
		close(ended)
	}()
	select {
	case <-ended:
		return err
	case <-ctx.Done():
		return errors.Join(err, fmt.Errorf("the receiver still sends: %w", context.Cause(ctx)))
	}
}

func (r *received[T]) take(
	ctx context.Context, signal, format uint32, data, text []byte,
) (err error) {
	// The caller is a thread of the component, in which a panic would end the process.
	count, began := 0, false
	defer func() {
		if said := recover(); said != nil {
			r.logger.Error("A pipeline panicked", zap.Any("reason", said), zap.Stack("stack"))
			err = consumererror.NewPermanent(fmt.Errorf("a pipeline panicked: %v", said))
		}
		if began {
			r.do.end(r.report, ctx, r.format, count, err)
		}
	}()
	r.taking.RLock()
	defer r.taking.RUnlock()
	if r.closed {
		return errNotReceiving
	}
	if err := r.outOfService(); err != nil {
		return err
	}
	if signal != r.signal {
		return r.check(breach(fmt.Sprintf("telemetry of signal %d from a receiver of %s", signal,
			r.inUse.signal)))
	}
	ctx, began = r.do.start(r.report, ctx), true
	batch, err := r.decoded(format, data, text)
	if err != nil {
		return err
	}
	// Others may change it while they have it.
	count = r.do.count(batch)
	return r.do.consume(ctx, batch)
}

func (r *received[T]) decoded(format uint32, data, text []byte) (batch T, err error) {
	codec := &r.codecs[0]
	switch format {
	case formatOTLP:
		if batch, err = codec.unmarshal(data); err != nil {
			err = consumererror.NewPermanent(fmt.Errorf("cannot decode what the receiver sent: %w", err))
		}
		return batch, err
	case formatTable:
		given, err := tableOf(data, text)
		if err != nil {
			return batch, r.check(err)
		}
		return r.builtFrom(codec, given)
	}
	return batch, consumererror.NewPermanent(fmt.Errorf("the receiver sent telemetry in format %d, "+
		"which this Collector does not take", format))
}
