package pluginhost

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensioncapabilities"
	"go.opentelemetry.io/collector/pipeline"
)

// What the Collector finds on an extension by its methods. Each is a type of its own, because an
// extension must not have the methods of what it does not watch.
type (
	pipelineWatcher struct{ of *besides }
	statusWatcher   struct{ of *besides }
	configWatcher   struct{ of *besides }
)

var (
	_ extensioncapabilities.PipelineWatcher       = pipelineWatcher{}
	_ extensioncapabilities.ConfigSnapshotWatcher = configWatcher{}
	_ componentstatus.Watcher                     = statusWatcher{}
)

// watching is an extension with the methods for what its features ask for.
func watching(e *besides, features uint64) extension.Extension {
	pipelines, status, config := pipelineWatcher{e}, statusWatcher{e}, configWatcher{e}
	switch features & (watchPipelines | watchStatus | watchConfig) {
	case watchPipelines:
		return struct {
			*besides
			pipelineWatcher
		}{e, pipelines}
	case watchStatus:
		return struct {
			*besides
			statusWatcher
		}{e, status}
	case watchConfig:
		return struct {
			*besides
			configWatcher
		}{e, config}
	case watchPipelines | watchStatus:
		return struct {
			*besides
			pipelineWatcher
			statusWatcher
		}{e, pipelines, status}
	case watchPipelines | watchConfig:
		return struct {
			*besides
			pipelineWatcher
			configWatcher
		}{e, pipelines, config}
	case watchStatus | watchConfig:
		return struct {
			*besides
			statusWatcher
			configWatcher
		}{e, status, config}
	case watchPipelines | watchStatus | watchConfig:
		return struct {
			*besides
			pipelineWatcher
			statusWatcher
			configWatcher
		}{e, pipelines, status, config}
	}
	return e
}

func (w pipelineWatcher) Ready() error { return w.of.notify(eventReady, nil) }

func (w pipelineWatcher) NotReady() error { return w.of.notify(eventNotReady, nil) }

func (w configWatcher) NotifyConfigSnapshot(
	_ context.Context, snapshot extensioncapabilities.ConfigSnapshot,
) error {
	text, err := json.Marshal(encodable(snapshot.Effective().ToStringMap()))
	if err != nil {
		return err
	}
	return w.of.notify(eventConfig, text)
}

// statusEvent is how a status crosses the FFI boundary.
type statusEvent struct {
	Kind      string   `json:"kind"`
	ID        string   `json:"id"`
	Pipelines []string `json:"pipelines"`
	Status    string   `json:"status"`
	Error     string   `json:"error,omitempty"`
	UnixNs    int64    `json:"unix_ns"`
}

func (w statusWatcher) ComponentStatusChanged(
	source *componentstatus.InstanceID, event *componentstatus.Event,
) {
	word, ok := statusWords[event.Status()]
	if !ok {
		return
	}
	said := statusEvent{Kind: strings.ToLower(source.Kind().String()),
		ID: source.ComponentID().String(), Pipelines: []string{}, Status: word,
		UnixNs: event.Timestamp().UnixNano()}
	if err := event.Err(); err != nil {
		said.Error = err.Error()
	}
	source.AllPipelineIDs(func(id pipeline.ID) bool {
		said.Pipelines = append(said.Pipelines, id.String())
		return true
	})
	text, err := json.Marshal(said)
	if err == nil {
		err = w.of.notify(eventStatus, text)
	}
	if err != nil {
		w.of.logger.Warn("The extension did not take a status: " + err.Error())
	}
}

// notify says what happened around the component. A panic there is reported, and no reason to call
// what happened failed.
func (b *besides) notify(event uint32, text []byte) error {
	if b.outOfService() != nil {
		return nil
	}
	err := b.component.notify(event, text)
	if said, ok := errors.AsType[*hostError](err); ok && said.panicked() {
		b.panicked(panicError(said.Message))
		return nil
	}
	return err
}
