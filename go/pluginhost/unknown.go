package pluginhost

import (
	"fmt"
	"slices"
	"strings"
)

// unknownTypes says which components no factory stands for, and where they were looked for. The
// Collector would say that a type is unknown, too, and not that a directory was searched for it.
// A plugin that was loaded meanwhile may answer to the name as its older one.
func (h *Host) unknownTypes() error {
	var lines []string
	for _, key := range h.unknown {
		known := make([]string, 0, len(h.linkedIn))
		for name := range kinds[key.Kind].types(h.current) {
			known = append(known, name.String())
		}
		if slices.Contains(known, key.Type) {
			continue
		}
		slices.Sort(known)
		lines = append(lines, fmt.Sprintf("unknown type: %s %q is not linked into this Collector, "+
			"and %s (known: %s)", key.Kind, key.Type, h.searched(), strings.Join(known, ", ")))
	}
	if len(lines) == 0 {
		return nil
	}
	slices.Sort(lines)
	return fmt.Errorf("%s\nhelp: correct the name, or put the plugin into the directory; "+
		"`--plugins-dir` or `OTELCOL_PLUGINS_DIR` names another one", strings.Join(lines, "\n"))
}

func (h *Host) searched() string {
	if h.info.Directory == "" {
		return "no plugin directory is named or built in"
	}
	return fmt.Sprintf("no file in the plugin directory %q brings it, which %s names",
		h.info.Directory, h.info.Origin)
}
