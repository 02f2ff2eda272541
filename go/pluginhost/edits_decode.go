package pluginhost

import "fmt"

// appended checks a row that adds to a scope.
func (c *checker) appended(index int, row *edit) wrong {
	if row.level != levelScope {
		return wrong(fmt.Sprintf("appends to a %s, and only a scope can be appended to",
			levelWords[row.level]))
	}
	if row.value != valueOTLP {
		return wrong(fmt.Sprintf("appends value kind %d, and no scope as OTLP", row.value))
	}
	c.appends = append(c.appends, index)
	return c.text(row.bits, row.valueLen)
}

// decode reads what is appended, and the values that are given as OTLP: all at once, and one by one
// where that fails, to say which it is.
func (c *checker) decode() (err error) {
	for _, index := range c.appends {
		add, err := c.places.further(c.list.valueOf(&c.list.rows[index]))
		if err != nil {
			return breach(fmt.Sprintf("row %d appends what cannot be decoded: %v", index, err))
		}
		c.further = append(c.further, add)
	}
	if len(c.otlp) == 0 {
		return nil
	}
	encoded := make([]string, 0, len(c.otlp))
	for _, index := range c.otlp {
		encoded = append(encoded, c.list.valueOf(&c.list.rows[index]))
	}
	if c.decoded, err = decodeValues(encoded...); err == nil {
		return nil
	}
	for at, index := range c.otlp {
		if _, err := decodeValues(encoded[at]); err != nil {
			return breach(fmt.Sprintf("row %d has %v: %v", index, errNotDecoded, err))
		}
	}
	return err
}
