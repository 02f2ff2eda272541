package pluginhost

import (
	"fmt"
	"iter"
	"sync"

	"go.opentelemetry.io/otel/attribute"
)

// tierInUse is how a Rust component gets its telemetry in one pipeline.
type tierInUse struct {
	kind, id, signal, tier string
}

// sentence has all of it: the Collector samples its log by the message.
func (t tierInUse) sentence() string {
	return fmt.Sprintf("%s %q is written in Rust and gets its %s in tier %q", t.kind, t.id, t.signal,
		t.tier)
}

// attributes are named as the Collector's own telemetry names them.
func (t tierInUse) attributes() []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.String("otelcol.component.kind", t.kind),
		attribute.String("otelcol.component.id", t.id),
		attribute.String("otelcol.signal", t.signal),
		attribute.String("tier", t.tier),
	}
}

// tiersInUse are those of the instances that run.
var tiersInUse tierList

// tierList is read while telemetry is collected.
type tierList struct {
	byNumber sync.Map
}

func (l *tierList) store(number uint64, one tierInUse) { l.byNumber.Store(number, one) }

func (l *tierList) remove(number uint64) { l.byNumber.Delete(number) }

// all gives one for each component and signal: in several pipelines they are the same.
func (l *tierList) all() iter.Seq[tierInUse] {
	return func(yield func(tierInUse) bool) {
		seen := map[tierInUse]bool{}
		for _, value := range l.byNumber.Range {
			one, ok := value.(tierInUse)
			if ok && !seen[one] && !yield(one) {
				return
			}
			seen[one] = true
		}
	}
}
