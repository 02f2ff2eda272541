package pluginhost

import (
	"math/rand/v2"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// chance makes batches and edits by chance, the same for the same seed.
type chance struct {
	*rand.Rand
	*writing
	metrics bool
	// further is an encoded scope, and what lies in it.
	further func() (string, []*tree)
}

var someKeys = []string{"", "a", "b", "key", "another key", "ключ"}

func (c *chance) someKey() string { return someKeys[c.IntN(len(someKeys))] }

// someValue fills a value, and gives it in plain terms.
func (c *chance) someValue(to pcommon.Value, depth int) {
	kinds := 6
	if depth > 0 {
		kinds = 8
	}
	switch c.IntN(kinds) {
	case 0:
		pcommon.NewValueEmpty().MoveTo(to)
	case 1:
		to.SetStr(c.someKey())
	case 2:
		to.SetBool(c.IntN(2) == 1)
	case 3:
		to.SetInt(int64(c.Uint64()))
	case 4:
		to.SetDouble(c.NormFloat64())
	case 5:
		to.SetEmptyBytes().FromRaw([]byte(c.someKey()))
	case 6:
		list := to.SetEmptySlice()
		for range c.IntN(3) {
			c.someValue(list.AppendEmpty(), depth-1)
		}
	case 7:
		list := to.SetEmptyMap()
		for range c.IntN(3) {
			c.someValue(list.PutEmpty(c.someKey()), depth-1)
		}
	}
}

func (c *chance) someList(to pcommon.Map) {
	var keys []string
	var values []pcommon.Value
	for range c.IntN(7) {
		value := pcommon.NewValueEmpty()
		c.someValue(value, 2)
		keys, values = append(keys, c.someKey()), append(values, value)
	}
	rebuild(to, keys, values)
	if to.Len() > 1 && c.IntN(3) == 0 {
		// What is stale then lies behind the end.
		to.RemoveIf(func(string, pcommon.Value) bool { return c.IntN(2) == 0 })
	}
}

func (c *chance) someHeads(resource pcommon.Resource, scope pcommon.InstrumentationScope) {
	c.someList(resource.Attributes())
	c.someList(scope.Attributes())
	scope.SetName(c.someKey())
}

func (c *chance) someLogs() plog.Logs {
	data := plog.NewLogs()
	for range c.IntN(4) {
		resource := data.ResourceLogs().AppendEmpty()
		for range c.IntN(3) {
			scope := resource.ScopeLogs().AppendEmpty()
			c.someHeads(resource.Resource(), scope.Scope())
			for range c.IntN(5) {
				record := scope.LogRecords().AppendEmpty()
				c.someValue(record.Body(), 2)
				c.someList(record.Attributes())
			}
		}
	}
	return data
}

func (c *chance) someTraces() ptrace.Traces {
	data := ptrace.NewTraces()
	for range c.IntN(4) {
		resource := data.ResourceSpans().AppendEmpty()
		for range c.IntN(3) {
			scope := resource.ScopeSpans().AppendEmpty()
			c.someHeads(resource.Resource(), scope.Scope())
			for range c.IntN(5) {
				span := scope.Spans().AppendEmpty()
				c.someList(span.Attributes())
				c.someList(span.Events().AppendEmpty().Attributes())
				span.Status().SetMessage("kept")
			}
		}
	}
	return data
}

func (c *chance) someMetrics() pmetric.Metrics {
	data := pmetric.NewMetrics()
	for range c.IntN(4) {
		resource := data.ResourceMetrics().AppendEmpty()
		for range c.IntN(3) {
			scope := resource.ScopeMetrics().AppendEmpty()
			c.someHeads(resource.Resource(), scope.Scope())
			for range c.IntN(4) {
				metric := scope.Metrics().AppendEmpty()
				points := c.IntN(4)
				switch c.IntN(6) {
				case 0:
					for list := metric.SetEmptyGauge().DataPoints(); list.Len() < points; {
						c.someList(list.AppendEmpty().Attributes())
					}
				case 1:
					for list := metric.SetEmptySum().DataPoints(); list.Len() < points; {
						c.someList(list.AppendEmpty().Attributes())
					}
				case 2:
					for list := metric.SetEmptyHistogram().DataPoints(); list.Len() < points; {
						c.someList(list.AppendEmpty().Attributes())
					}
				case 3:
					for list := metric.SetEmptyExponentialHistogram().DataPoints(); list.Len() < points; {
						c.someList(list.AppendEmpty().Attributes())
					}
				case 4:
					for list := metric.SetEmptySummary().DataPoints(); list.Len() < points; {
						c.someList(list.AppendEmpty().Attributes())
					}
				}
			}
		}
	}
	return data
}

// someEdits writes valid edits, and does them to the tree.
func (c *chance) someEdits(batch *tree) {
	for ordinal, resource := range batch.below {
		if c.IntN(3) == 0 {
			continue
		}
		c.add(editResource, 0, uint32(ordinal), 0)
		if !c.someOf(resource, levelResource, 0, []uint32{2}) {
			continue
		}
		for ordinal, scope := range resource.below {
			if c.IntN(4) == 0 {
				continue
			}
			c.add(editScope, 0, uint32(ordinal), 0)
			if !c.someOf(scope, levelScope, 0, []uint32{1, 2, 4}) {
				continue
			}
			var further []*tree
			if c.further != nil && c.IntN(3) == 0 {
				encoded, items := c.further()
				c.value(c.add(editAppend, levelScope, 0, 0), valueOTLP, encoded)
				further = items
			}
			c.someItems(scope)
			scope.below = append(scope.below, further...)
		}
	}
	batch.trim()
}

func (c *chance) someItems(scope *tree) {
	for ordinal, item := range scope.below {
		switch {
		case c.IntN(4) == 0:
		case !c.metrics:
			c.someOf(item, levelRecord, uint32(ordinal), nil)
		default:
			c.add(editMetric, 0, uint32(ordinal), 0)
			if !c.someOf(item, levelMetric, 0, []uint32{1, 2, 3}) {
				continue
			}
			for ordinal, point := range item.below {
				c.someOf(point, levelPoint, uint32(ordinal), nil)
			}
		}
	}
}

// someOf edits one message, and says whether it is still there.
func (c *chance) someOf(one *tree, level uint8, item uint32, numbers []uint32) bool {
	if c.IntN(6) == 0 {
		row := c.add(editDrop, level, item, 0)
		one.edited(c.list(), row, nil)
		return false
	}
	for range c.IntN(5) {
		c.someEdit(one, level, item, numbers)
	}
	return true
}

func (c *chance) someEdit(one *tree, level uint8, item uint32, numbers []uint32) {
	kind := uint8(editSet + c.IntN(editKeep-editSet+1))
	if level == levelMetric || c.IntN(5) == 0 {
		kind = editField
	}
	row := c.add(kind, level, item, 0)
	var value any
	switch kind {
	case editField:
		row.index, value = c.someField(row, one, numbers)
	case editPut:
		value = c.someGiven(c.key(row, c.someKey()))
	case editKeep:
		bitmap := make([]byte, (len(one.list)+7)/8)
		for index := range bitmap {
			bitmap[index] = byte(c.Uint32())
		}
		c.value(row, valueBytes, string(bitmap))
	default:
		if len(one.list) == 0 {
			c.rows = c.rows[:len(c.rows)-1]
			return
		}
		row.index = uint32(c.IntN(len(one.list)))
		if kind == editSet {
			value = c.someGiven(row)
		}
		if kind == editRename {
			c.key(row, c.someKey())
		}
	}
	one.edited(c.list(), row, value)
}

// someField sets a field, one of those that the message was read with where none are given.
func (c *chance) someField(row *edit, one *tree, numbers []uint32) (uint32, any) {
	if numbers == nil {
		for number := uint32(1); number < 17; number++ {
			if _, ok := one.fields[number]; ok {
				numbers = append(numbers, number)
			}
		}
	}
	number := numbers[c.IntN(len(numbers))]
	_, log := one.fields[12].(string)
	_, span := one.fields[16]
	if log && number == 5 {
		return number, c.someGiven(row)
	}
	if span && number == 15 && c.IntN(2) == 0 {
		text := c.someKey()
		c.value(row, valueString, text)
		return number, text
	}
	switch was := one.fields[number].(type) {
	case string:
		text := c.someKey()
		kind := uint8(valueString)
		if log && (number == 9 || number == 10) || span && (number < 3 || number == 4) {
			id := make([]byte, len(was))
			for index := range id {
				id[index] = byte(c.Uint32())
			}
			kind, text = valueBytes, string(id)
		}
		c.value(row, kind, text)
		return number, text
	case float64:
		// A point has one number, whichever it was.
		one.fields[6] = uint64(0)
		number := c.NormFloat64()
		row.value, row.bits = valueDouble, bitsOf(number)
		return 4, number
	default:
		if _, point := one.fields[4].(float64); point && number == 6 {
			one.fields[4] = float64(0)
		}
		row.value, row.bits = valueInt, uint64(c.Uint32N(1<<31))
		return number, row.bits
	}
}

// someGiven writes a value of any kind into a row, and gives it in plain terms.
func (c *chance) someGiven(row *edit) any {
	value := pcommon.NewValueEmpty()
	c.someValue(value, 2)
	switch value.Type() {
	case pcommon.ValueTypeStr:
		if c.IntN(2) == 0 {
			c.value(row, valueString, value.Str())
			return value.AsRaw()
		}
	case pcommon.ValueTypeBool:
		row.value = valueBool
		if value.Bool() {
			row.bits = 1
		}
		return value.AsRaw()
	case pcommon.ValueTypeInt:
		row.value, row.bits = valueInt, uint64(value.Int())
		return value.AsRaw()
	case pcommon.ValueTypeDouble:
		row.value, row.bits = valueDouble, bitsOf(value.Double())
		return value.AsRaw()
	case pcommon.ValueTypeBytes:
		c.value(row, valueBytes, string(value.Bytes().AsRaw()))
		return value.AsRaw()
	case pcommon.ValueTypeEmpty:
		row.value = valueEmpty
		return nil
	}
	c.value(row, valueOTLP, encodedValue(value))
	return value.AsRaw()
}
