package pluginhost

import (
	"fmt"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// row is a row of a table, an otelcol_row.
type row struct {
	kind, value      uint8
	number           uint16
	key, keyLen, len uint32
	bits             uint64
}

// table is new telemetry as a component answers it.
type table struct {
	rows []row
	text string
	// lent are the bytes of both, in memory of the Rust side.
	lent [2][]byte
}

// keyOf and textOf give the text of a row that was checked.
func (t *table) keyOf(row *row) string {
	return t.text[uint64(row.key) : uint64(row.key)+uint64(row.keyLen)]
}

func (t *table) textOf(row *row) string {
	return t.text[row.bits : row.bits+uint64(row.len)]
}

// deepest is more than messages of a batch lie in each other.
const deepest = 12

// tableCheck is the first pass over a table: nothing is made in it. It counts what the second
// needs.
type tableCheck struct {
	*plan
	table
	// needs are how many there are of a type, by the number of its slab.
	needs []int
	// bytes are those of all texts, ones the records and points.
	bytes, ones int
	decoded     pcommon.Slice

	open  [deepest]checkFrame
	depth int
}

// checkFrame is a message that is not at its end.
type checkFrame struct {
	message *planMessage
	// seen are the fields that it was given, left the messages that its last list still lacks.
	seen uint32
	left uint32
	of   uint32
}

// check says what is wrong with a table for a batch of the message.
func (c *tableCheck) check(root uint32) error {
	c.needs = make([]int, len(c.kinds))
	c.open[0] = checkFrame{message: &c.messages[root]}
	var otlp []int
	for index := 0; index < len(c.rows); index++ {
		in, given := &c.open[c.depth], &c.rows[index]
		if in.left > 0 || given.kind == rowEnd {
			if problem := c.step(in, given); problem != "" {
				return wrongRow(index, problem)
			}
			continue
		}
		problem := c.field(in, given)
		switch {
		case problem != "":
		case given.kind == rowValue && given.value == valueOTLP:
			otlp = append(otlp, index)
		case given.kind == rowAttributes:
			if uint64(given.len) > uint64(len(c.rows)-index-1) {
				return wrongRow(index, "begins more attributes than there are rows")
			}
			for range given.len {
				index++
				one := &c.rows[index]
				if problem := c.attribute(one); problem != "" {
					return wrongRow(index, problem)
				}
				if one.value == valueOTLP {
					otlp = append(otlp, index)
				}
			}
		}
		if problem != "" {
			return wrongRow(index, problem)
		}
	}
	if c.depth > 0 || c.open[0].left > 0 {
		return wrongRow(len(c.rows), "is missing: what began has no end")
	}
	if c.bytes > longestData {
		return breach(fmt.Sprintf("rows that refer to %d bytes, of which the C ABI takes at most %d",
			c.bytes, longestData))
	}
	return c.decode(otlp)
}

func wrongRow(index int, problem wrong) error {
	return breach(fmt.Sprintf("row %d %s", index, problem))
}

// step begins the next message of a list, or ends a message.
func (c *tableCheck) step(in *checkFrame, given *row) wrong {
	switch {
	case in.left > 0 && given.kind != rowItem:
		return wrong(fmt.Sprintf("is of kind %d, and a list lacks %d messages", given.kind, in.left))
	case in.left > 0:
		in.left--
		return c.begin(in.of)
	case c.depth == 0:
		return "ends what did not begin"
	}
	c.depth--
	return ""
}

func (c *tableCheck) begin(message uint32) wrong {
	c.depth++
	if c.depth == deepest {
		return "begins a message in too many others"
	}
	to := &c.messages[message]
	if to.one {
		c.ones++
	}
	c.open[c.depth] = checkFrame{message: to}
	return ""
}

func (c *tableCheck) field(in *checkFrame, given *row) wrong {
	if given.number > fieldLast {
		return wrong(fmt.Sprintf("is about a field %d", given.number))
	}
	to := &in.message.fields[given.number]
	if to.wants != given.kind || given.kind == 0 {
		return wrong(fmt.Sprintf("of kind %d is about a field %d that does not take it", given.kind,
			given.number))
	}
	if in.seen>>given.number&1 != 0 {
		return wrong(fmt.Sprintf("gives a field %d a second time", given.number))
	}
	in.seen |= 1 << given.number
	if to.variant.word != 0 {
		c.needs[to.variant.slab]++
	}
	switch given.kind {
	case rowNumber:
		if to.kind != field64 && given.bits>>32 != 0 {
			return "has a number of more bits than the field"
		}
	case rowBytes:
		if to.kind == fieldString {
			return c.string(given.bits, given.len)
		}
		if given.len != 0 && uintptr(given.len) != to.size {
			return wrong(fmt.Sprintf("is an identifier of %d bytes, not %d", given.len, to.size))
		}
		return c.within(given.bits, uint64(given.len))
	case rowNumbers:
		c.bytes += 8 * int(given.len)
		return c.within(given.bits, 8*uint64(given.len))
	case rowValue:
		return c.valueOf(given)
	case rowAttributes:
		c.needs[c.messages[messageKeyValue].slab] += int(given.len)
	case rowList:
		in.left, in.of = given.len, to.of
		c.needs[c.messages[to.of].slab] += int(given.len)
		if to.kind == fieldPointers {
			c.needs[c.messages[to.of].lists] += int(given.len)
		}
	case rowMessage:
		if to.kind == fieldPointer {
			c.needs[c.messages[to.of].slab]++
		}
		return c.begin(to.of)
	}
	return ""
}

func (c *tableCheck) attribute(given *row) wrong {
	if given.kind != rowAttribute {
		return wrong(fmt.Sprintf("is of kind %d, and a list lacks attributes", given.kind))
	}
	if problem := c.string(uint64(given.key), given.keyLen); problem != "" {
		return problem
	}
	return c.valueOf(given)
}

func (c *tableCheck) valueOf(given *row) wrong {
	switch given.value {
	case valueEmpty:
		return ""
	case valueInt, valueDouble:
	case valueBool:
		if given.bits > 1 {
			return wrong(fmt.Sprintf("has the truth value %d", given.bits))
		}
	case valueString:
		if problem := c.string(given.bits, given.len); problem != "" {
			return problem
		}
	case valueBytes:
		c.bytes += int(given.len)
		if problem := c.within(given.bits, uint64(given.len)); problem != "" {
			return problem
		}
	case valueOTLP:
		c.bytes += int(given.len)
		return c.within(given.bits, uint64(given.len))
	default:
		return wrong(fmt.Sprintf("has value kind %d, which is none", given.value))
	}
	c.needs[c.cells[given.value].slab]++
	return ""
}

func (c *tableCheck) string(start uint64, length uint32) wrong {
	if problem := c.within(start, uint64(length)); problem != "" {
		return problem
	}
	if !utf8.ValidString(c.text[start : start+uint64(length)]) {
		return "has a text that is not UTF-8"
	}
	c.bytes += int(length)
	return ""
}

func (c *tableCheck) within(start, length uint64) wrong {
	if all := uint64(len(c.text)); start > all || length > all-start {
		return wrong(fmt.Sprintf("refers to %d bytes at %d of a text of %d", length, start, all))
	}
	return ""
}

// decode reads the values that are given as OTLP, all at once.
func (c *tableCheck) decode(rows []int) (err error) {
	if len(rows) == 0 {
		return nil
	}
	encoded := make([]string, 0, len(rows))
	for _, index := range rows {
		encoded = append(encoded, c.textOf(&c.rows[index]))
	}
	if c.decoded, err = decodeValues(encoded...); err == nil && c.decoded.Len() == len(rows) {
		return nil
	}
	for at, index := range rows {
		if _, err := decodeValues(encoded[at]); err != nil {
			return breach(fmt.Sprintf("row %d has %v: %v", index, errNotDecoded, err))
		}
	}
	return err
}
