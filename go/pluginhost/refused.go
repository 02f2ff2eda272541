package pluginhost

import (
	"context"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"
)

// What components call the host for.
const (
	callStatus  = "status"
	callMetrics = "metrics"
)

// refusals are the calls of an instance to the host that could not be done. The first of each sort
// is logged, all are counted.
type refusals struct {
	logged sync.Map
	count  metric.Int64Counter
	of     []attribute.KeyValue
}

// newRefusals makes the counter at once: a call may come while metrics are collected, when none can
// be made.
func newRefusals(provider metric.MeterProvider, kind, id string) *refusals {
	if provider == nil {
		return nil
	}
	count, err := provider.Meter(scopeName).Int64Counter("otelcol_rust_component_refused_calls",
		metric.WithUnit("{calls}"), metric.WithDescription("Calls of Rust components to the Collector "+
			"that it could not do, by component and by what they were for. [Alpha]"))
	if err != nil {
		return nil
	}
	return &refusals{count: count, of: componentAttributes(kind, id)}
}

func componentAttributes(kind, id string) []attribute.KeyValue {
	return []attribute.KeyValue{attribute.String("otelcol.component.kind", kind),
		attribute.String("otelcol.component.id", id)}
}

func (h *health) refuse(call string, err error) {
	if h.refusals == nil {
		h.logger.Error("A call of the component to the Collector was refused", zap.Error(err))
		return
	}
	if _, said := h.refusals.logged.LoadOrStore(call, true); !said {
		h.logger.Error("A call of the component to the Collector was refused; "+
			"further ones are counted", zap.Error(err))
	}
	h.refusals.count.Add(context.Background(), 1, metric.WithAttributes(h.refusals.of...),
		metric.WithAttributes(attribute.String("call", call)))
}
