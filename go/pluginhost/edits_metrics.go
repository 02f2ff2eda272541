package pluginhost

import (
	"unsafe"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

type metricsPlaces struct {
	heads
	data pmetric.Metrics
	at   pmetric.ResourceMetrics
	list pmetric.MetricSlice
	one  pmetric.Metric
	kind pmetric.MetricType
}

func placesOfMetrics(data pmetric.Metrics, with *applier) places {
	with.metrics.data = data
	return &with.metrics
}

func (p *metricsPlaces) metrics() bool { return true }

func (p *metricsPlaces) lists(lies *shape, level uint8) lists {
	if lies == nil || level != levelMetric {
		return lists{}
	}
	switch of := &lies.items.points[p.kind]; p.kind {
	case pmetric.MetricTypeGauge:
		slice := p.one.Gauge().DataPoints()
		return of.in(unsafe.Pointer(&slice))
	case pmetric.MetricTypeSum:
		slice := p.one.Sum().DataPoints()
		return of.in(unsafe.Pointer(&slice))
	case pmetric.MetricTypeHistogram:
		slice := p.one.Histogram().DataPoints()
		return of.in(unsafe.Pointer(&slice))
	case pmetric.MetricTypeExponentialHistogram:
		slice := p.one.ExponentialHistogram().DataPoints()
		return of.in(unsafe.Pointer(&slice))
	case pmetric.MetricTypeSummary:
		slice := p.one.Summary().DataPoints()
		return of.in(unsafe.Pointer(&slice))
	}
	return lists{}
}

func (p *metricsPlaces) open(level uint8, item int) int {
	switch level {
	case levelResource:
		p.at = p.data.ResourceMetrics().At(item)
		p.resource = p.at.Resource()
		return p.at.ScopeMetrics().Len()
	case levelScope:
		at := p.at.ScopeMetrics().At(item)
		p.scope, p.list = at.Scope(), at.Metrics()
		return p.list.Len()
	case levelMetric:
		p.one = p.list.At(item)
		p.kind = p.one.Type()
		return p.points()
	}
	return p.data.ResourceMetrics().Len()
}

func (p *metricsPlaces) points() int {
	switch p.kind {
	case pmetric.MetricTypeGauge:
		return p.one.Gauge().DataPoints().Len()
	case pmetric.MetricTypeSum:
		return p.one.Sum().DataPoints().Len()
	case pmetric.MetricTypeHistogram:
		return p.one.Histogram().DataPoints().Len()
	case pmetric.MetricTypeExponentialHistogram:
		return p.one.ExponentialHistogram().DataPoints().Len()
	case pmetric.MetricTypeSummary:
		return p.one.Summary().DataPoints().Len()
	}
	return 0
}

// point is what the points of all kinds of metric have.
type point interface {
	Attributes() pcommon.Map
	SetStartTimestamp(pcommon.Timestamp)
	SetTimestamp(pcommon.Timestamp)
	SetFlags(pmetric.DataPointFlags)
}

func (p *metricsPlaces) point(item int) point {
	switch p.kind {
	case pmetric.MetricTypeGauge:
		return p.one.Gauge().DataPoints().At(item)
	case pmetric.MetricTypeSum:
		return p.one.Sum().DataPoints().At(item)
	case pmetric.MetricTypeHistogram:
		return p.one.Histogram().DataPoints().At(item)
	case pmetric.MetricTypeExponentialHistogram:
		return p.one.ExponentialHistogram().DataPoints().At(item)
	}
	return p.one.Summary().DataPoints().At(item)
}

// attributes asks no interface for those of a point, which would allocate one for each.
func (p *metricsPlaces) attributes(level uint8, item int) pcommon.Map {
	if level != levelPoint {
		return p.heads.attributes(level)
	}
	switch p.kind {
	case pmetric.MetricTypeGauge:
		return p.one.Gauge().DataPoints().At(item).Attributes()
	case pmetric.MetricTypeSum:
		return p.one.Sum().DataPoints().At(item).Attributes()
	case pmetric.MetricTypeHistogram:
		return p.one.Histogram().DataPoints().At(item).Attributes()
	case pmetric.MetricTypeExponentialHistogram:
		return p.one.ExponentialHistogram().DataPoints().At(item).Attributes()
	}
	return p.one.Summary().DataPoints().At(item).Attributes()
}

func (p *metricsPlaces) takes(level uint8, _ int, number uint32) takes {
	switch level {
	case levelMetric:
		return takesOf(metricFields, number)
	case levelPoint:
		return takesOf(pointFields[p.kind], number)
	}
	return p.heads.takes(level, number)
}

func (p *metricsPlaces) set(level uint8, item int, number uint32, value given) {
	switch level {
	case levelMetric:
		metricFields[number].set(p.one, value)
	case levelPoint:
		pointFields[p.kind][number].set(p.point(item), value)
	default:
		p.heads.set(level, number, value)
	}
}

func (p *metricsPlaces) further(scope string) (func(), error) {
	data, err := (&pmetric.ProtoUnmarshaler{}).UnmarshalMetrics(batchOf(scope))
	if err != nil {
		return nil, err
	}
	found := data.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics()
	return func() { found.MoveAndAppendTo(p.list) }, nil
}

func (p *metricsPlaces) drop(level uint8, ordinals []uint32) {
	switch level {
	case levelResource:
		remove(p.data.ResourceMetrics(), ordinals)
	case levelScope:
		remove(p.at.ScopeMetrics(), ordinals)
	case levelMetric:
		remove(p.list, ordinals)
	default:
		p.dropPoints(ordinals)
	}
}

func (p *metricsPlaces) dropPoints(ordinals []uint32) {
	switch p.kind {
	case pmetric.MetricTypeGauge:
		remove(p.one.Gauge().DataPoints(), ordinals)
	case pmetric.MetricTypeSum:
		remove(p.one.Sum().DataPoints(), ordinals)
	case pmetric.MetricTypeHistogram:
		remove(p.one.Histogram().DataPoints(), ordinals)
	case pmetric.MetricTypeExponentialHistogram:
		remove(p.one.ExponentialHistogram().DataPoints(), ordinals)
	case pmetric.MetricTypeSummary:
		remove(p.one.Summary().DataPoints(), ordinals)
	}
}
