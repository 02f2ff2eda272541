package pluginhost

import (
	"cmp"
	"fmt"
	"slices"
	"sync/atomic"

	"go.uber.org/zap"
)

// What became of a plugin file.
const (
	// stateLoaded: its code is in this process.
	stateLoaded = "loaded"
	// stateRefused: it cannot be used, and no configuration needs it.
	stateRefused = "refused"
	// stateSkipped: the configuration uses it, it cannot be used, and `--plugins-on-error=skip` goes
	// on without it.
	stateSkipped = "skipped"
)

var states = []string{stateLoaded, stateRefused, stateSkipped}

// standing is what became of one plugin file. Log lines and metrics are made from the same
// standings.
type standing struct {
	pluginFile

	State  string
	Reason string
}

// inventory holds the standings that belong to the latest configuration. It is read while telemetry
// is collected, which must not wait: hence no lock.
type inventory struct {
	current atomic.Pointer[[]standing]
}

func (i *inventory) set(standings []standing) {
	i.current.Store(&standings)
}

// standings are sorted by file name. They must not be changed.
func (i *inventory) standings() []standing {
	if current := i.current.Load(); current != nil {
		return *current
	}
	return nil
}

// takeStock says what became of every file: one standing each, for a file that is skipped is
// refused as well.
func takeStock(loaded map[componentKey]loadedPlugin, skipped []refusal,
	refused ...refusal) []standing {
	byFile := map[string]standing{}
	add := func(one standing) {
		if _, ok := byFile[one.File]; !ok {
			byFile[one.File] = one
		}
	}
	for _, one := range loaded {
		add(standing{one.file, stateLoaded, ""})
	}
	for _, one := range skipped {
		add(one.standing(stateSkipped))
	}
	for _, one := range refused {
		add(one.standing(stateRefused))
	}
	standings := make([]standing, 0, len(byFile))
	for _, one := range byFile {
		standings = append(standings, one)
	}
	slices.SortFunc(standings, func(one, other standing) int {
		return cmp.Compare(one.File, other.File)
	})
	return standings
}

func (r refusal) standing(state string) standing {
	return standing{pluginFile{componentKey: r.componentKey, File: r.File, Language: r.Language},
		state, r.Reason}
}

// logLoaded writes one line for each plugin that was loaded since the last time. Each has the file
// in its message, not only in a field: the Collector samples its log by the message, and would drop
// the eleventh of equal ones.
func (h *Host) logLoaded(logger *zap.Logger) {
	var fresh []pluginFile
	for _, one := range h.loaded {
		if _, ok := h.announced[one.file.File]; !ok {
			fresh = append(fresh, one.file)
		}
	}
	slices.SortFunc(fresh, func(one, other pluginFile) int {
		return cmp.Compare(one.File, other.File)
	})
	for _, file := range fresh {
		h.announced[file.File] = struct{}{}
		logger.Info(fmt.Sprintf("Plugin %q is loaded", file.File),
			zap.String("state", stateLoaded), zap.String("file", file.File), zap.String("kind",
				file.Kind), zap.String("type", file.Type),
			zap.String("language", file.Language), zap.String("module", file.Module), zap.String("sha256",
				file.SHA256),
			zap.String("toolchain_version", file.ToolchainVersion))
	}
}

// fields are those that every line about a file without use has.
func (s standing) fields(text string) []zap.Field {
	return []zap.Field{
		zap.String("state", s.State), zap.String("file", s.File), zap.String("kind",
			s.Kind), zap.String("type", s.Type),
		zap.String("language", s.Language), zap.String("reason", s.Reason), zap.String("details", text),
	}
}
