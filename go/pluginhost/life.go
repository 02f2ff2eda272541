package pluginhost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/attribute"
	"go.uber.org/zap"
)

// life is a Rust component in one place of a Collector, whatever its kind: made, started, shut
// down.
type life struct {
	*health

	id        component.ID
	component *rustComponent
	number    uint64
}

// signals are what an instance takes and what it makes, where that is something else; 0 is none.
type signals struct{ from, to uint32 }

// newLife makes a component for these signals.
func newLife(
	factory *rustFactory, of signals, id component.ID, set component.TelemetrySettings,
	build component.BuildInfo, cfg component.Config,
) (life, error) {
	held, ok := cfg.(*config)
	if !ok {
		return life{}, fmt.Errorf("the configuration of %q is a %T", id, cfg)
	}
	text, err := held.section()
	if err != nil {
		return life{}, err
	}
	resource, err := json.Marshal(set.Resource.Attributes().AsRaw())
	if err != nil {
		return life{}, fmt.Errorf("the Collector's resource cannot be given to Rust: %w", err)
	}
	about, err := json.Marshal(map[string]string{"command": build.Command,
		"description": build.Description, "version": build.Version})
	if err != nil {
		return life{}, err
	}
	// The caller that zap would find is this package, which does not help.
	state := &health{logger: set.Logger.WithOptions(zap.WithCaller(false)),
		refusals: newRefusals(set.MeterProvider, factory.Kind, id.String())}
	common := componentAttributes(factory.Kind, id.String())
	if word, ok := signalWords[of.from]; ok {
		common = append(common, attribute.String("otelcol.signal", word))
	}
	state.meter = newMeter(state, set.MeterProvider, factory.Module, common...)
	made := life{health: state, id: id, number: addLogger(state)}
	request, err := json.Marshal(createRequest{of.from, of.to, made.number,
		leastLevel(state.logger.Core()), id.String(), string(text), string(resource), string(about)})
	if err == nil {
		made.component, err = factoryCreate(factory.Factory, request, made.number)
	}
	if err == nil {
		err = state.meter.begin()
	}
	if err != nil {
		removeLogger(made.number)
		return life{}, err
	}
	return made, nil
}

// start keeps the host for status reports.
func (l *life) start(host component.Host) error {
	l.host.Store(hostBox{host})
	processChanges()
	err := l.started(l.component.start())
	for _, change := range processChanges() {
		l.logger.Warn("The component changed the process when it started: " + change)
	}
	return err
}

// shutdown may be called without start, and more than once.
func (l *life) shutdown(ctx context.Context) error {
	l.stage.Store(int32(stopping))
	var deadline uint64
	if at, ok := ctx.Deadline(); ok && at.UnixNano() > 0 {
		deadline = uint64(at.UnixNano())
	}
	err := l.component.shutdown(deadline)
	if said, ok := errors.AsType[*hostError](err); ok && said.panicked() {
		// The panic was or is reported now. It is no reason to call the whole shutdown failed.
		l.panicked(panicError(said.Message))
		return nil
	}
	if err == nil {
		l.meter.close()
	}
	return err
}
