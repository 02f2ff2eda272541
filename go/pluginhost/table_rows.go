package pluginhost

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
