package pluginhost

import (
	"errors"
	"fmt"
	"reflect"
	"unsafe"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Most rows of an edit list are about the attributes of one record after the other, and the public
// API asks three functions for each of these lists, in both passes: half of what an edit took. Here
// is a short way through such rows. It takes none of which it is not sure; that is left to the
// other way, which also has the words for what is wrong.

// itemLists is where attributes are in the messages of a public slice, which begins with the
// address of a slice of addresses.
type itemLists struct {
	attributes uintptr
	learnt     bool
}

// lists are the attribute lists of what lies in the scope or metric that is open.
type lists struct {
	items      []unsafe.Pointer
	attributes uintptr
}

func (l *lists) at(item uint32) *sliceHead {
	return (*sliceHead)(unsafe.Add(l.items[item], l.attributes))
}

// in gives the lists of what lies in a public slice, which the caller holds.
func (l *itemLists) in(slice unsafe.Pointer) lists {
	if !l.learnt {
		return lists{}
	}
	return lists{**(**[]unsafe.Pointer)(slice), l.attributes}
}

// itemsOf are the public slices whose elements have attributes: log records and spans, and points
// by their kind.
type itemsOf struct {
	logs, spans itemLists
	points      [pmetric.MetricTypeSummary + 1]itemLists
}

func learnItems(pair reflect.Type) (found itemsOf) {
	found.logs = learnItemLists[plog.LogRecordSlice](pair)
	found.spans = learnItemLists[ptrace.SpanSlice](pair)
	numbers := learnItemLists[pmetric.NumberDataPointSlice](pair)
	found.points = [...]itemLists{
		pmetric.MetricTypeGauge:     numbers,
		pmetric.MetricTypeSum:       numbers,
		pmetric.MetricTypeHistogram: learnItemLists[pmetric.HistogramDataPointSlice](pair),
		pmetric.MetricTypeExponentialHistogram: learnItemLists[pmetric.
			ExponentialHistogramDataPointSlice](pair),
		pmetric.MetricTypeSummary: learnItemLists[pmetric.SummaryDataPointSlice](pair),
	}
	return found
}

// learnItemLists finds nothing where a slice lies in another way: then there is no short way.
func learnItemLists[S any](pair reflect.Type) (none itemLists) {
	slice := reflect.TypeFor[S]()
	if slice.Kind() != reflect.Struct || slice.NumField() == 0 {
		return none
	}
	list := slice.Field(0)
	if list.Type.Kind() != reflect.Pointer || list.Type.Elem().Kind() != reflect.Slice ||
		list.Type.Elem().Elem().Kind() != reflect.Pointer ||
		list.Type.Elem().Elem().Elem().Kind() != reflect.Struct {
		return none
	}
	attributes, ok := list.Type.Elem().Elem().Elem().FieldByName("Attributes")
	if !ok || attributes.Type != reflect.SliceOf(pair) {
		return none
	}
	return itemLists{attributes.Offset, true}
}

// proveItems compares where the lists of two messages of each kind are with what the public API
// gives.
func (s *shape) proveItems() error {
	logs, spans := plog.NewLogRecordSlice(), ptrace.NewSpanSlice()
	numbers, histograms := pmetric.NewNumberDataPointSlice(), pmetric.NewHistogramDataPointSlice()
	exponential := pmetric.NewExponentialHistogramDataPointSlice()
	summaries := pmetric.NewSummaryDataPointSlice()
	points := &s.items.points
	return errors.Join(
		proveItems(s, "log records", &s.items.logs, &logs, logs.AppendEmpty),
		proveItems(s, "spans", &s.items.spans, &spans, spans.AppendEmpty),
		proveItems(s, "gauges", &points[pmetric.MetricTypeGauge], &numbers, numbers.AppendEmpty),
		proveItems(s, "sums", &points[pmetric.MetricTypeSum], &numbers, numbers.AppendEmpty),
		proveItems(s, "histograms", &points[pmetric.MetricTypeHistogram], &histograms,
			histograms.AppendEmpty),
		proveItems(s, "exponential histograms", &points[pmetric.MetricTypeExponentialHistogram],
			&exponential, exponential.AppendEmpty),
		proveItems(s, "summaries", &points[pmetric.MetricTypeSummary], &summaries,
			summaries.AppendEmpty),
	)
}

// proveItems appends two messages to a slice. Nothing is followed before it is known to be right.
func proveItems[S any, M interface{ Attributes() pcommon.Map }](
	s *shape, name string, lies *itemLists, slice *S, add func() M,
) error {
	for range 2 {
		is := s.listAt(add().Attributes())
		found := lies.in(unsafe.Pointer(slice))
		if !lies.learnt {
			return nil
		}
		last := len(found.items) - 1
		if last < 0 || found.at(uint32(last)) != is {
			return fmt.Errorf("the attributes of %s: %w", name, errShape)
		}
	}
	return nil
}

// run goes the short way from a row on and gives the first one that it does not take.
func (c *checker) run(from int) int {
	if len(c.lists.items) == 0 || c.dropped || c.named != c.lowest.above {
		return from
	}
	item, length := -1, 0
	if c.level == c.lowest.level {
		item, length = int(c.item), c.length
	}
	rows, text, index := c.list.rows, uint64(len(c.list.text)), from
	for ; index < len(rows); index++ {
		row := &rows[index]
		if row.level != c.lowest.level {
			break
		}
		next, has := int(row.item), length
		if next != item || has < 0 {
			if next < item || next >= len(c.lists.items) {
				break
			}
			has = c.lists.at(row.item).len
		}
		switch row.kind {
		case editSet:
			if int(row.index) >= has {
				next = -1
			}
		case editDelete:
			if int(row.index) >= has {
				next = -1
			}
			has--
		case editPut:
			if key := uint64(row.key); key > text || uint64(row.keyLen) > text-key {
				next = -1
			}
			has++
		default:
			next = -1
		}
		if row.kind != editDelete {
			switch row.value {
			case valueEmpty, valueInt, valueDouble:
			case valueString:
				if row.bits > text || uint64(row.valueLen) > text-row.bits {
					next = -1
				}
			default:
				next = -1
			}
		}
		if next < 0 {
			break
		}
		if row.kind != editDelete {
			c.needs.cells[row.value]++
		}
		item, length = next, has
	}
	if index > from {
		c.level, c.item, c.length, c.whole = c.lowest.level, uint32(item), length, false
	}
	return index
}

// runFrom carries out the rows from one on that are about attributes, and gives the first other.
func (e *editor) runFrom(from int) int {
	rows, index := e.list.rows, from
	item, list := -1, (*sliceHead)(nil)
	for ; index < len(rows); index++ {
		row := &rows[index]
		if row.level != e.lowest.level || row.kind-editSet > editKeep-editSet {
			break
		}
		if int(row.item) != item {
			item, list = int(row.item), e.lists.at(row.item)
		}
		switch {
		case row.value != valueString:
			e.slabs.edit(list, e, index)
		case row.kind == editSet:
			e.slabs.setString(e.slabs.lies.at(list, int(row.index)), e.list.valueOf(row))
		case row.kind == editPut && list.len < list.cap:
			at := e.slabs.lies.at(list, list.len)
			e.slabs.rename(at, e.list.keyOf(row))
			e.slabs.setString(at, e.list.valueOf(row))
			list.len++
		default:
			e.slabs.edit(list, e, index)
		}
	}
	return index
}

// setString gives an attribute a text, which is most of what edits do.
func (s *slabs) setString(attribute unsafe.Pointer, text string) {
	from := &s.cells[valueString]
	lies := &s.lies.cells[valueString]
	cell := unsafe.Add(from.start, from.taken*lies.size)
	from.taken++
	*(*string)(cell) = text
	held := lies.sample
	(*[2]unsafe.Pointer)(unsafe.Pointer(&held))[1] = cell
	*(*any)(unsafe.Add(attribute, s.lies.held)) = held
}
