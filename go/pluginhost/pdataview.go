package pluginhost

import (
	"errors"
	"fmt"
	"sync/atomic"

	"go.opentelemetry.io/collector/confmap"
)

// Values of `runtime::rust::pdata_view`.
const (
	// viewAuto: telemetry is read in place where that is possible.
	viewAuto = "auto"
	// viewOff: Rust is given no address of Go's memory.
	viewOff = "off"
	// viewRequired: a Rust component that would not read in place is an error.
	viewRequired = "required"
)

// pdataView is what the latest configuration says. It is the process's, as the layouts are: a
// process has one Collector.
var pdataView atomic.Value

func pdataViewNow() string {
	if set, ok := pdataView.Load().(string); ok {
		return set
	}
	return viewAuto
}

// runtimeKey is the section of a Collector's configuration that this package takes out of it.
const runtimeKey = "runtime"

// runtimeSection is how components of a language run.
type runtimeSection struct {
	Rust struct {
		PdataView string `mapstructure:"pdata_view"`
	} `mapstructure:"rust"`
}

// takeRuntime takes the section out, which the Collector itself would refuse.
func takeRuntime(conf *confmap.Conf) error {
	var found runtimeSection
	section, err := conf.Sub(runtimeKey)
	if err == nil {
		err = section.Unmarshal(&found)
	}
	if err != nil {
		return fmt.Errorf("`%s`: %w", runtimeKey, err)
	}
	conf.Delete(runtimeKey)
	switch view := found.Rust.PdataView; view {
	case "":
		pdataView.Store(viewAuto)
	case viewAuto, viewOff, viewRequired:
		pdataView.Store(view)
	default:
		return fmt.Errorf("`runtime::rust::pdata_view` is `%s`, which is none of `%s`, `%s` and `%s`",
			view, viewAuto, viewOff, viewRequired)
	}
	return nil
}

// errNotInPlace is why a component is given its signal encoded where no layout is to blame.
var (
	errNotInPlace = errors.New("this Collector reads no telemetry of that signal in place")
	errNotOffered = errors.New("the component does not offer to read in place")
)

// choose is the one place on this side that decides the formats of an instance's calls: those that
// the component's features allow, in order. A batch that cannot be read in one goes in the next.
// Where a layout is not known, though all else allows it, encoded says why.
func choose[T any](known []codec[T], features uint64, view string) (
	chosen []codec[T], encoded error, err error,
) {
	missing := errNotInPlace
	for _, one := range known {
		if one.inPlace != nil && view == viewOff {
			continue
		}
		if formatFeatures[one.format]&^features != 0 {
			if one.inPlace != nil {
				missing = errNotOffered
			}
			continue
		}
		if one.inPlace != nil {
			if one.lies, encoded = placed(one.inPlace); encoded != nil {
				missing = encoded
				continue
			}
		}
		chosen = append(chosen, one)
	}
	if len(chosen) == 0 {
		return nil, nil, errors.New("the component reads telemetry in no format that this Collector has")
	}
	if view == viewRequired && chosen[0].inPlace == nil {
		return nil, nil, fmt.Errorf("`runtime::rust::pdata_view` is `%s`, but %s would not be read in "+
			"place: %w", view, signalWords[chosen[0].signal], missing)
	}
	return chosen, encoded, nil
}

// placed is how telemetry lies in place, or why it is not read there.
func placed(inPlace func() (*layout, error)) (*layout, error) {
	if heapMoves() {
		return nil, errHeapMoves
	}
	return inPlace()
}
