package pluginhost

import (
	"unsafe"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// heads are what all signals have above their records.
type heads struct {
	resource pcommon.Resource
	scope    pcommon.InstrumentationScope
}

func (h *heads) attributes(level uint8) pcommon.Map {
	if level == levelResource {
		return h.resource.Attributes()
	}
	return h.scope.Attributes()
}

func (h *heads) takes(level uint8, number uint32) takes {
	if level == levelResource {
		return takesOf(resourceFields, number)
	}
	return takesOf(scopeFields, number)
}

func (h *heads) set(level uint8, number uint32, value given) {
	if level == levelResource {
		resourceFields[number].set(h.resource, value)
	} else {
		scopeFields[number].set(h.scope, value)
	}
}

type logsPlaces struct {
	heads
	data    plog.Logs
	at      plog.ResourceLogs
	records plog.LogRecordSlice
}

func placesOfLogs(data plog.Logs, with *applier) places {
	with.logs.data = data
	return &with.logs
}

func (p *logsPlaces) metrics() bool { return false }

func (p *logsPlaces) lists(lies *shape, level uint8) lists {
	if lies == nil || level != levelScope {
		return lists{}
	}
	return lies.items.logs.in(unsafe.Pointer(&p.records))
}

func (p *logsPlaces) open(level uint8, item int) int {
	switch level {
	case levelResource:
		p.at = p.data.ResourceLogs().At(item)
		p.resource = p.at.Resource()
		return p.at.ScopeLogs().Len()
	case levelScope:
		at := p.at.ScopeLogs().At(item)
		p.scope, p.records = at.Scope(), at.LogRecords()
		return p.records.Len()
	}
	return p.data.ResourceLogs().Len()
}

func (p *logsPlaces) attributes(level uint8, item int) pcommon.Map {
	if level == levelRecord {
		return p.records.At(item).Attributes()
	}
	return p.heads.attributes(level)
}

func (p *logsPlaces) takes(level uint8, _ int, number uint32) takes {
	if level == levelRecord {
		return takesOf(logFields, number)
	}
	return p.heads.takes(level, number)
}

func (p *logsPlaces) set(level uint8, item int, number uint32, value given) {
	if level == levelRecord {
		logFields[number].set(p.records.At(item), value)
	} else {
		p.heads.set(level, number, value)
	}
}

func (p *logsPlaces) further(scope string) (func(), error) {
	data, err := (&plog.ProtoUnmarshaler{}).UnmarshalLogs(batchOf(scope))
	if err != nil {
		return nil, err
	}
	found := data.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
	return func() { found.MoveAndAppendTo(p.records) }, nil
}

func (p *logsPlaces) drop(level uint8, ordinals []uint32) {
	switch level {
	case levelResource:
		remove(p.data.ResourceLogs(), ordinals)
	case levelScope:
		remove(p.at.ScopeLogs(), ordinals)
	default:
		remove(p.records, ordinals)
	}
}

type tracesPlaces struct {
	heads
	data  ptrace.Traces
	at    ptrace.ResourceSpans
	spans ptrace.SpanSlice
}

func placesOfTraces(data ptrace.Traces, with *applier) places {
	with.traces.data = data
	return &with.traces
}

func (p *tracesPlaces) metrics() bool { return false }

func (p *tracesPlaces) lists(lies *shape, level uint8) lists {
	if lies == nil || level != levelScope {
		return lists{}
	}
	return lies.items.spans.in(unsafe.Pointer(&p.spans))
}

func (p *tracesPlaces) open(level uint8, item int) int {
	switch level {
	case levelResource:
		p.at = p.data.ResourceSpans().At(item)
		p.resource = p.at.Resource()
		return p.at.ScopeSpans().Len()
	case levelScope:
		at := p.at.ScopeSpans().At(item)
		p.scope, p.spans = at.Scope(), at.Spans()
		return p.spans.Len()
	}
	return p.data.ResourceSpans().Len()
}

func (p *tracesPlaces) attributes(level uint8, item int) pcommon.Map {
	if level == levelRecord {
		return p.spans.At(item).Attributes()
	}
	return p.heads.attributes(level)
}

func (p *tracesPlaces) takes(level uint8, _ int, number uint32) takes {
	if level == levelRecord {
		return takesOf(spanFields, number)
	}
	return p.heads.takes(level, number)
}

func (p *tracesPlaces) set(level uint8, item int, number uint32, value given) {
	if level == levelRecord {
		spanFields[number].set(p.spans.At(item), value)
	} else {
		p.heads.set(level, number, value)
	}
}

func (p *tracesPlaces) further(scope string) (func(), error) {
	data, err := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(batchOf(scope))
	if err != nil {
		return nil, err
	}
	found := data.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
	return func() { found.MoveAndAppendTo(p.spans) }, nil
}

func (p *tracesPlaces) drop(level uint8, ordinals []uint32) {
	switch level {
	case levelResource:
		remove(p.data.ResourceSpans(), ordinals)
	case levelScope:
		remove(p.at.ScopeSpans(), ordinals)
	default:
		remove(p.spans, ordinals)
	}
}

// remove takes the messages with these ordinals, which rise, out of a list.
func remove[E any, L interface{ RemoveIf(func(E) bool) }](from L, ordinals []uint32) {
	at, next := uint32(0), 0
	from.RemoveIf(func(E) bool {
		gone := next < len(ordinals) && ordinals[next] == at
		if gone {
			next++
		}
		at++
		return gone
	})
}
