package pluginhost

import (
	"fmt"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// checker is the first pass over an edit list. Nothing changes in it.
type checker struct {
	list   *editList
	places places
	needs  needs
	// otlp are the rows with values that are given as OTLP.
	otlp    []int
	decoded pcommon.Slice
	// appends are the rows with what scopes get, which further adds.
	appends []int
	further []func()

	// named is the level of the place that a row named last.
	named uint8
	// level and item are what the row is about; whole as long as no row was about it.
	level   uint8
	item    uint32
	whole   bool
	dropped bool
	// counts are how many messages of a level there are in what is open, next the least ordinal that
	// may come.
	counts, next [levelPoint + 1]int
	// length is that of the attribute list as the rows before left it; -1 where it was not asked for.
	length int
	// lists are those of what is open at the lowest level, if there is a short way to them.
	lists  lists
	lies   *shape
	lowest lowest
}

// lowest is the level of what has attributes and nothing below it, and the one above.
type lowest struct{ level, above uint8 }

func lowestOf(metrics bool) lowest {
	if metrics {
		return lowest{levelPoint, levelMetric}
	}
	return lowest{levelRecord, levelScope}
}

// wrong is what is wrong with a row; most often nothing.
type wrong string

func (c *checker) check() error {
	metrics := c.places.metrics()
	c.lowest = lowestOf(metrics)
	c.counts[levelResource] = c.places.open(0, 0)
	for index := 0; index < len(c.list.rows); index++ {
		if index = c.run(index); index == len(c.list.rows) {
			break
		}
		row, problem := &c.list.rows[index], wrong("")
		if c.follows(row) {
			problem = c.attribute(index, row)
		} else {
			problem = c.row(index, metrics)
		}
		if problem != "" {
			return breach(fmt.Sprintf("row %d %s", index, problem))
		}
	}
	return c.decode()
}

// follows is the short way for most rows: about an attribute of the same record or point as the row
// before, or of a later one of its list.
func (c *checker) follows(row *edit) bool {
	if row.kind-editSet > editKeep-editSet || row.level != c.level || c.level < levelRecord {
		return false
	}
	if row.item == c.item {
		return !c.whole && !c.dropped
	}
	if row.item < c.item || int(row.item) >= c.counts[c.level] {
		return false
	}
	c.item, c.whole, c.dropped, c.length = row.item, false, false, -1
	return true
}

func (c *checker) row(index int, metrics bool) wrong {
	row := &c.list.rows[index]
	switch row.kind {
	case editResource:
		return c.name(levelResource, row)
	case editScope:
		return c.name(levelScope, row)
	case editMetric:
		if !metrics {
			return "names a metric, which there are only in metrics"
		}
		return c.name(levelMetric, row)
	}
	if problem := c.about(row, metrics); problem != "" {
		return problem
	}
	whole := c.whole
	c.whole = false
	switch row.kind {
	case editDrop:
		if !whole {
			return "drops what rows before it changed"
		}
		c.dropped = true
		return ""
	case editField:
		return c.field(index, row)
	case editAppend:
		return c.appended(index, row)
	}
	return c.attribute(index, row)
}

// name opens what a row names.
func (c *checker) name(level uint8, row *edit) wrong {
	switch {
	case row.level != 0:
		return "names a place, and has a level"
	case c.named+1 < level:
		return wrong(fmt.Sprintf("names a %s in no %s", levelWords[level], levelWords[level-1]))
	case c.dropped && c.level < level:
		return "names what was dropped"
	case int(row.item) >= c.counts[level]:
		return wrong(fmt.Sprintf("names %s %d of %d", levelWords[level], row.item, c.counts[level]))
	case int(row.item) < c.next[level]:
		return wrong(fmt.Sprintf("names %s %d, which does not rise", levelWords[level], row.item))
	}
	c.named, c.level, c.item, c.whole, c.dropped, c.length = level, level, 0, true, false, -1
	c.next[level] = int(row.item) + 1
	inside := c.places.open(level, int(row.item))
	c.lists = c.places.lists(c.lies, level)
	switch level {
	case levelResource:
		c.counts[levelScope], c.next[levelScope] = inside, 0
	case levelScope:
		// Of the two there is one in a signal.
		c.counts[levelRecord], c.counts[levelMetric], c.next[levelMetric] = inside, inside, 0
	case levelMetric:
		c.counts[levelPoint] = inside
	}
	return ""
}

// about finds out what a row is about.
func (c *checker) about(row *edit, metrics bool) wrong {
	in := row.level
	switch row.level {
	case levelResource, levelScope:
	case levelMetric, levelPoint:
		if !metrics {
			return wrong(fmt.Sprintf("is about a %s, which there are only in metrics",
				levelWords[row.level]))
		}
		in = levelMetric
	case levelRecord:
		if metrics {
			return "is about a record, which there are none in metrics"
		}
		in = levelScope
	default:
		return wrong(fmt.Sprintf("has level %d, which is none", row.level))
	}
	switch {
	case c.named != in:
		return wrong(fmt.Sprintf("is about a %s, and the last place is none for it",
			levelWords[row.level]))
	case row.level == c.level && row.item == c.item:
	case row.level < levelRecord && row.item != 0:
		return wrong(fmt.Sprintf("is about item %d, and a place is named before", row.item))
	case row.level < c.level || row.level == c.level && row.item < c.item:
		return "is about what rows before it have left"
	case c.dropped && c.level < row.level:
		return "is about what was dropped"
	case int(row.item) >= c.counts[row.level]:
		return wrong(fmt.Sprintf("is about %s %d of %d", levelWords[row.level], row.item,
			c.counts[row.level]))
	default:
		c.level, c.item, c.whole, c.dropped, c.length = row.level, row.item, true, false, -1
	}
	if c.dropped {
		return "is about what was dropped"
	}
	return ""
}

var levelWords = [...]string{"batch", "resource", "scope", "metric", "record", "point"}

func (c *checker) field(index int, row *edit) wrong {
	takes := c.places.takes(c.level, int(c.item), row.index)
	if takes == takesNothing {
		return wrong(fmt.Sprintf("sets field %d of a %s, which cannot be set", row.index,
			levelWords[row.level]))
	}
	if !takes.fits(row) {
		return wrong(fmt.Sprintf("gives field %d of a %s a value that it cannot hold", row.index,
			levelWords[row.level]))
	}
	return c.value(index, row)
}

// attribute checks a row about an attribute list.
func (c *checker) attribute(index int, row *edit) wrong {
	if row.kind < editSet || row.kind > editKeep {
		return wrong(fmt.Sprintf("has kind %d, which is none", row.kind))
	}
	if row.level == levelMetric {
		return "is about an attribute of a metric, which has none"
	}
	if c.length < 0 {
		c.length = c.places.attributes(c.level, int(c.item)).Len()
	}
	switch row.kind {
	case editPut:
		c.length++
		if problem := c.key(row); problem != "" {
			return problem
		}
		return c.value(index, row)
	case editKeep:
		if problem := c.text(row.bits, row.valueLen); problem != "" {
			return problem
		}
		if int(row.valueLen) != (c.length+7)/8 {
			return wrong(fmt.Sprintf("has %d bytes that say which of %d attributes stay", row.valueLen,
				c.length))
		}
		c.length = countKept(c.list.valueOf(row), c.length)
		return ""
	}
	if int(row.index) >= c.length {
		return wrong(fmt.Sprintf("is about attribute %d of %d", row.index, c.length))
	}
	switch row.kind {
	case editDelete:
		c.length--
		return ""
	case editRename:
		return c.key(row)
	}
	return c.value(index, row)
}

func (c *checker) key(row *edit) wrong {
	return c.text(uint64(row.key), row.keyLen)
}

func (c *checker) text(start uint64, length uint32) wrong {
	if all := uint64(len(c.list.text)); start > all || uint64(length) > all-start {
		return wrong(fmt.Sprintf("refers to %d bytes at %d of a text of %d", length, start, all))
	}
	return ""
}

// value checks the value of a row and counts what it needs.
func (c *checker) value(index int, row *edit) wrong {
	switch row.value {
	case valueEmpty, valueInt, valueDouble:
	case valueBool:
		if row.bits > 1 {
			return wrong(fmt.Sprintf("has the truth value %d", row.bits))
		}
	case valueString:
		if problem := c.text(row.bits, row.valueLen); problem != "" {
			return problem
		}
	case valueBytes:
		if problem := c.text(row.bits, row.valueLen); problem != "" {
			return problem
		}
		c.needs.bytes += int(row.valueLen)
	case valueOTLP:
		if problem := c.text(row.bits, row.valueLen); problem != "" {
			return problem
		}
		c.otlp = append(c.otlp, index)
	default:
		return wrong(fmt.Sprintf("has value kind %d, which is none", row.value))
	}
	c.needs.cells[row.value]++
	return ""
}
