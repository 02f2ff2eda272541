package pluginhost

import (
	"errors"
	"fmt"
	"math/bits"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// edit is a row of an edit list, an otelcol_edit.
type edit struct {
	kind, level, value, _ uint8
	item, index           uint32
	key, keyLen, valueLen uint32
	bits                  uint64
}

// editList is what a component answers in place of changed telemetry.
type editList struct {
	rows []edit
	text string
}

// keyOf and valueOf give the text of a row that was checked.
func (l *editList) keyOf(row *edit) string {
	return l.text[uint64(row.key) : uint64(row.key)+uint64(row.keyLen)]
}

func (l *editList) valueOf(row *edit) string {
	return l.text[row.bits : row.bits+uint64(row.valueLen)]
}

// places is a batch as edits see it: lists of messages in each other, of which at each level one is
// open.
type places interface {
	// open opens a message of the level, and says how many lie in it. Level 0 is the batch.
	open(level uint8, item int) int
	// attributes are those of a message that is open, or of a record or point in it.
	attributes(level uint8, item int) pcommon.Map
	// takes says what a field takes, which is nothing if it cannot be set.
	takes(level uint8, item int, number uint32) takes
	set(level uint8, item int, number uint32, value given)
	// further decodes records or metrics that lie in a scope. What it gives adds them to the scope
	// that is then open.
	further(scope string) (func(), error)
	// drop removes messages from the list of the level in what is open. The ordinals rise.
	drop(level uint8, ordinals []uint32)
	metrics() bool
	// lists are those of what lies in a message of the level that is open: none where there is no
	// short way to them.
	lists(lies *shape, level uint8) lists
}

// edits says whether a component with these features may answer edit lists.
func edits(features uint64) bool {
	return features&featureMutates != 0 && features&featureEdits != 0
}

// edited carries out the edit list of a call. A list that is broken changes nothing.
func (i *instance[T]) edited(codec *codec[T], record *call, data T) (next T, err error) {
	if !edits(i.features) {
		return next, i.check(breach(fmt.Sprintf("%q answered an edit list, and offers none or declares "+
			"that it never changes data", i.id)))
	}
	list, err := record.edits()
	if err != nil {
		return next, i.check(err)
	}
	// The Collector copies what is shared for those who say that they change it.
	data = codec.writable(data)
	with := &record.applier
	if err := with.apply(list, codec.places(data, with), preparedShape()); err != nil {
		return next, i.check(fmt.Errorf("the edit list of %q: %w", i.id, err))
	}
	return data, nil
}

// applier is what carries out an edit list, to be used again: its allocations took a tenth of a
// batch of one record.
type applier struct {
	checker checker
	editor  editor
	slabs   slabs
	// Of these there is one in a batch.
	logs    logsPlaces
	traces  tracesPlaces
	metrics metricsPlaces
}

// apply changes the batch, or says why the list is not one for it and changes nothing. Without a
// shape it does so by the public API.
func (a *applier) apply(list *editList, in places, lies *shape) (err error) {
	defer func() {
		// After the check nothing can fail: this is a fault of ours. The batch does not go on.
		if said := recover(); said != nil {
			err = fmt.Errorf("it cannot be carried out: %v", said)
		}
		a.clear()
	}()
	a.checker.list, a.checker.places, a.checker.lies = list, in, lies
	if err := a.checker.check(); err != nil {
		return err
	}
	editor := &a.editor
	editor.list, editor.places, editor.decoded = list, in, a.checker.decoded
	editor.further, editor.lowest = a.checker.further, a.checker.lowest
	if lies != nil {
		a.slabs.make(lies, &a.checker.needs)
		editor.slabs = &a.slabs
	}
	editor.run()
	return nil
}

// clear keeps nothing of a batch alive.
func (a *applier) clear() {
	gone := a.editor.gone
	*a = applier{}
	a.editor.gone = gone
	for level := range gone {
		a.editor.gone[level] = gone[level][:0]
	}
}

// editor is the second pass over an edit list, whose rows are known to be right.
type editor struct {
	list   *editList
	places places
	slabs  *slabs
	// decoded are the values that were given as OTLP, in the order of their rows.
	decoded pcommon.Slice
	next    int
	// further adds what scopes get, in the order of the rows.
	further []func()
	// open are the ordinals of the messages that are open, by level; gone those that are to be
	// dropped in what is open.
	open [levelPoint + 1]uint32
	gone [levelPoint + 1][]uint32
	// lists are as the checker has them.
	lists  lists
	lowest lowest
}

func (e *editor) run() {
	var attributes pcommon.Map
	var inPlace *sliceHead
	// What the attributes are of; level 0 where they are not fetched.
	var level uint8
	var item uint32
	for index := 0; index < len(e.list.rows); index++ {
		row := &e.list.rows[index]
		switch row.kind {
		case editResource:
			e.enter(levelResource, row.item)
			level = 0
		case editScope:
			e.enter(levelScope, row.item)
			level = 0
		case editMetric:
			e.enter(levelMetric, row.item)
			level = 0
		case editDrop:
			ordinal := row.item
			if row.level < levelRecord {
				ordinal = e.open[row.level]
			}
			e.gone[row.level] = append(e.gone[row.level], ordinal)
		case editField:
			e.places.set(row.level, int(row.item), row.index, given{e, row})
		case editAppend:
			e.further[0]()
			e.further = e.further[1:]
		default:
			if row.level == e.lowest.level && len(e.lists.items) > 0 {
				index = e.runFrom(index) - 1
				continue
			}
			if row.level != level || row.item != item {
				level, item = row.level, row.item
				attributes = e.places.attributes(level, int(item))
				if e.slabs != nil {
					inPlace = e.slabs.lies.listAt(attributes)
				}
			}
			if e.slabs != nil {
				e.slabs.edit(inPlace, e, index)
			} else {
				e.edit(attributes, row)
			}
		}
	}
	e.leave(levelResource)
}

func (e *editor) enter(level uint8, item uint32) {
	e.leave(level + 1)
	e.open[level] = item
	e.places.open(level, int(item))
	if e.slabs != nil {
		e.lists = e.places.lists(e.slabs.lies, level)
	}
}

// leave drops what is to be dropped at a level and below it, the lowest first. Until then no
// ordinal has changed.
func (e *editor) leave(level uint8) {
	for below := uint8(levelPoint); below >= level; below-- {
		if len(e.gone[below]) > 0 {
			e.places.drop(below, e.gone[below])
			e.gone[below] = e.gone[below][:0]
		}
	}
}

// into gives a value of the batch the value of a row.
func (e *editor) into(to pcommon.Value, row *edit) {
	if e.slabs != nil {
		e.slabs.set(e.slabs.lies.valueAt(to), e, row)
		return
	}
	switch row.value {
	case valueEmpty:
		pcommon.NewValueEmpty().MoveTo(to)
	case valueString:
		to.SetStr(e.list.valueOf(row))
	case valueBool:
		to.SetBool(row.bits == 1)
	case valueInt:
		to.SetInt(int64(row.bits))
	case valueDouble:
		to.SetDouble(doubleOf(row))
	case valueBytes:
		to.SetEmptyBytes().Append([]byte(e.list.valueOf(row))...)
	case valueOTLP:
		e.takeDecoded().MoveTo(to)
	}
}

func (e *editor) takeDecoded() pcommon.Value {
	e.next++
	return e.decoded.At(e.next - 1)
}

// kept says whether a bitmap of EDIT_KEEP keeps an attribute.
func kept(bitmap string, index int) bool {
	return bitmap[index/8]>>(index%8)&1 == 1
}

func countKept(bitmap string, length int) int {
	found := 0
	for index := range len(bitmap) {
		one := bitmap[index]
		if rest := length - 8*index; rest < 8 {
			one &= 1<<rest - 1
		}
		found += bits.OnesCount8(one)
	}
	return found
}

var errNotDecoded = errors.New("an `AnyValue` that cannot be decoded")
