package pluginhost

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	metricapi "go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// measuring is an instance with a meter, a reader of what it measures, and its log.
type measuring struct {
	*health
	t        *testing.T
	reader   *metric.ManualReader
	provider *metric.MeterProvider
	logged   *observer.ObservedLogs
	number   uint64
	released int
}

// newMeasuring makes an instance in the Collector of another one, or in one of its own.
func newMeasuring(t *testing.T, beside *measuring) *measuring {
	t.Helper()
	core, logged := observer.New(zapcore.ErrorLevel)
	made := &measuring{health: &health{logger: zap.New(core)}, t: t, logged: logged}
	if beside == nil {
		made.reader = metric.NewManualReader()
		made.provider = metric.NewMeterProvider(metric.WithReader(made.reader))
	} else {
		made.reader, made.provider = beside.reader, beside.provider
	}
	made.refusals = newRefusals(made.provider, "processor", "odd")
	made.meter = newMeter(made.health, made.provider, "odd", attribute.String("id", "odd"))
	made.number = addLogger(made.health)
	t.Cleanup(func() { removeLogger(made.number) })
	return made
}

// declare declares an instrument with words of this test's.
func (m *measuring) declare(kind uint32, name string, words []uint64, refresh func(),
	attributes string) (int, error) {
	what := declaration{kind: kind, name: name, unit: "{x}"}
	require.NoError(m.t, what.read([]byte(attributes), nil))
	if refresh == nil {
		refresh = func() {}
	}
	var bytes []byte
	if words != nil {
		all := (*[2 * wordSize]byte)(unsafe.Pointer((*[2]uint64)(words[:2])))
		bytes = all[:len(words)*wordSize]
	}
	return declareMetric(m.number, what, cells{bytes, refresh, func() { m.released++ }})
}

// collected are the points of each metric: attributes and value, or count and sum.
func (m *measuring) collected() map[string][]string {
	var all metricdata.ResourceMetrics
	require.NoError(m.t, m.reader.Collect(m.t.Context(), &all))
	found := map[string][]string{}
	for _, scope := range all.ScopeMetrics {
		for _, one := range scope.Metrics {
			found[one.Name] = points(one.Data)
		}
	}
	return found
}

func points(data metricdata.Aggregation) []string {
	var found []string
	put := func(set attribute.Set, values ...any) {
		found = append(found, set.Encoded(attribute.DefaultEncoder())+fmt.Sprintf("%v", values))
	}
	switch data := data.(type) {
	case metricdata.Sum[int64]:
		for _, point := range data.DataPoints {
			put(point.Attributes, point.Value)
		}
	case metricdata.Sum[float64]:
		for _, point := range data.DataPoints {
			put(point.Attributes, point.Value)
		}
	case metricdata.Gauge[int64]:
		for _, point := range data.DataPoints {
			put(point.Attributes, point.Value)
		}
	case metricdata.Histogram[int64]:
		for _, point := range data.DataPoints {
			put(point.Attributes, point.Count, point.Sum)
		}
	}
	return found
}

func TestTotalsAreReadWhenMetricsAreCollectedAndOutliveTheirInstance(t *testing.T) {
	first := newMeasuring(t, nil)
	words, open := make([]uint64, 2), make([]uint64, 1, 2)
	_, err := first.declare(instrumentCounter, "dropped", words, nil, `[{"why":"old"},{"why":"big"}]`)
	require.NoError(t, err)
	_, err = first.declare(instrumentUpDownCounter, "open", open, nil, "")
	require.NoError(t, err)
	require.NoError(t, first.meter.begin())
	require.Empty(t, first.collected())
	atomic.AddUint64(&words[0], 2)
	atomic.AddUint64(&open[0], ^uint64(0))
	require.Equal(t, map[string][]string{"dropped": {"id=odd,why=old[2]"}, "open": {"id=odd[-1]"}},
		first.collected())

	second := newMeasuring(t, first)
	more := []uint64{7, 0}[:1]
	_, err = second.declare(instrumentCounter, "dropped", more, nil, `[{"why":"old"}]`)
	require.NoError(t, err)
	require.NoError(t, second.meter.begin())
	atomic.AddUint64(&words[0], 3)
	removeLogger(first.number)
	require.Equal(t, 2, first.released)
	atomic.AddUint64(&words[0], 100)
	require.Equal(t, []string{"id=odd,why=old[12]"}, first.collected()["dropped"])
	require.Zero(t, first.logged.Len())
}

func TestAGaugeIsSeenWhileItHasAValueAndItsInstanceLives(t *testing.T) {
	made := newMeasuring(t, nil)
	words := make([]uint64, 2)
	asked := 0
	_, err := made.declare(instrumentGauge, "level", words, func() { asked++ }, "")
	require.NoError(t, err)
	require.NoError(t, made.meter.begin())
	require.Empty(t, made.collected())
	words[0], words[1] = 1, 0
	require.Equal(t, []string{"id=odd[0]"}, made.collected()["level"])
	require.Equal(t, 2, asked)
	made.meter.close()
	require.Empty(t, made.collected())
	require.Equal(t, 3, asked)
	made.meter.close()
	require.Equal(t, 1, made.released)
}

func TestWhatIsDeclaredWhileValuesAreReadIsRefusedAndWaitsForNothing(t *testing.T) {
	made := newMeasuring(t, nil)
	words := []uint64{1, 7}
	var late error
	_, err := made.declare(instrumentGauge, "level", words, func() {
		_, late = made.declare(instrumentCounter, "late", make([]uint64, 1, 2), nil, "")
	}, "")
	require.NoError(t, err)
	require.NoError(t, made.meter.begin())
	require.Equal(t, []string{"id=odd[7]"}, made.collected()["level"])
	require.ErrorContains(t, late, "metrics are declared while the component is created")
	require.Equal(t, 1, made.released)
}

func TestATotalThatIsNoNumberForAWhileLosesNothing(t *testing.T) {
	words := [1]uint64{math.Float64bits(10)}
	bytes := (*[wordSize]byte)(unsafe.Pointer(&words))[:]
	total := 0.0
	made := &instrument{declaration: declaration{kind: instrumentCounter, floating: true},
		cells: cells{bytes, nil, nil}, last: make([]uint64, 1), added: make([][]metricapi.AddOption, 1),
		addFloat: func(_ context.Context, more float64, _ ...metricapi.AddOption) { total += more }}
	require.NoError(t, made.addSince(0))
	words[0] = math.Float64bits(math.NaN())
	require.Error(t, made.addSince(0))
	words[0] = math.Float64bits(25)
	require.NoError(t, made.addSince(0))
	require.InDelta(t, 25, total, 0)
}

func TestAHistogramTakesManyValuesAtOnceAlsoWhileMetricsAreCollected(t *testing.T) {
	made := newMeasuring(t, nil)
	values := func(words ...uint64) (bytes []byte) {
		for _, word := range words {
			bytes = binary.NativeEndian.AppendUint64(bytes, word)
		}
		return bytes
	}
	waiting := values(5, 6)
	number, err := made.declare(instrumentHistogram, "sizes", nil, func() {
		recordValues(made.number, 0, 0, waiting)
		waiting = nil
	}, "")
	require.NoError(t, err)
	require.Zero(t, number)
	require.NoError(t, made.meter.begin())
	recordValues(made.number, 0, 0, values(1, 2, 3))
	require.Equal(t, []string{"id=odd[5 17]"}, made.collected()["sizes"])
	many := values(1, 2, 3)
	require.Zero(t, testing.AllocsPerRun(100, func() { recordValues(made.number, 0, 0, many) }))
}

func TestWhatNoMetricCanBeIsRefused(t *testing.T) {
	for want, declare := range map[string]func(*measuring) error{
		"declared twice": func(m *measuring) error {
			_, err := m.declare(instrumentGauge, "Twice", make([]uint64, 2), nil, "")
			require.NoError(t, err)
			_, err = m.declare(instrumentCounter, "twice", make([]uint64, 1, 2), nil, "")
			return err
		},
		"invalid instrument name": func(m *measuring) error {
			_, err := m.declare(instrumentCounter, "2nd", make([]uint64, 1, 2), nil, "")
			return err
		},
		"kind 9, which does not exist": func(m *measuring) error {
			_, err := m.declare(9, "a", nil, nil, "")
			return err
		},
		"with 8 bytes of values, not 16": func(m *measuring) error {
			_, err := m.declare(instrumentGauge, "a", make([]uint64, 1, 2), nil, "")
			return err
		},
		"at most 2000 are allowed": func(m *measuring) error {
			sets := "[{}" + strings.Repeat(",{}", mostAttributeSets) + "]"
			_, err := m.declare(instrumentCounter, "a", make([]uint64, 1, 2), nil, sets)
			return err
		},
		"while the component is created": func(m *measuring) error {
			require.NoError(t, m.meter.begin())
			_, err := m.declare(instrumentCounter, "a", make([]uint64, 1, 2), nil, "")
			return err
		},
	} {
		made := newMeasuring(t, nil)
		require.ErrorContains(t, declare(made), want)
		removeLogger(made.number)
		require.NotZero(t, made.released, want)
	}
	what := declaration{}
	require.ErrorContains(t, what.read([]byte(`[{"a":[]}]`), nil), `attribute "a" is no text`)
	require.ErrorContains(t, what.read([]byte(`{`), nil), "the attributes cannot be read")
	require.ErrorContains(t, what.read(nil, []byte(`{`)), "the bounds cannot be read")
}

func TestWhatCannotBeRecordedIsLoggedOnceAndCounted(t *testing.T) {
	made := newMeasuring(t, nil)
	words := []uint64{5, 0}[:1]
	_, err := made.declare(instrumentCounter, "falls", words, nil, "")
	require.NoError(t, err)
	require.NoError(t, made.meter.begin())
	made.collected()
	words[0] = 3
	made.collected()
	recordValues(made.number, 0, 0, nil)
	recordValues(made.number, 7, 0, nil)
	require.Equal(t, 1, made.logged.Len())
	said := made.logged.All()[0].ContextMap()["error"]
	require.Equal(t, `the total of counter "falls" fell by 2`, said)
	found := made.collected()
	require.Equal(t, []string{"id=odd[5]"}, found["falls"])
	refused := "call=metrics,otelcol.component.id=odd,otelcol.component.kind=processor[3]"
	require.Equal(t, []string{refused},
		found["otelcol_rust_component_refused_calls"])
	removeLogger(made.number)
	require.NotPanics(t, func() { recordValues(made.number, 0, 0, nil) })
}
