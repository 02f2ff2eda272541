package pluginhost

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/confmap"
)

// usedComponents lists the kinds and types that the component sections name, sorted and without
// repetition.
func usedComponents(conf *confmap.Conf) []componentKey {
	found := map[componentKey]struct{}{}
	for _, entry := range sectionKinds {
		for id := range section(conf, entry.section) {
			found[componentKey{Kind: entry.kind, Type: typeOf(id)}] = struct{}{}
		}
	}
	return slices.SortedFunc(maps.Keys(found), func(a, b componentKey) int {
		return strings.Compare(a.Kind+" "+a.Type, b.Kind+" "+b.Type)
	})
}

// dropComponents removes components from their sections and from every pipeline and extension list.
// It says what it removed, a line each. A pipeline that would end up without receivers or exporters
// is an error, and then the configuration is unusable.
func dropComponents(conf *confmap.Conf, drop []componentKey) ([]string, error) {
	dropped := map[componentKey]bool{}
	for _, key := range drop {
		dropped[key] = true
	}
	var removed []string
	for _, entry := range sectionKinds {
		for _, id := range slices.Sorted(maps.Keys(section(conf, entry.section))) {
			if dropped[componentKey{Kind: entry.kind, Type: typeOf(id)}] {
				conf.Delete(entry.section + confmap.KeyDelimiter + id)
				removed = append(removed, fmt.Sprintf("%s %q", entry.kind, id))
			}
		}
	}
	changes := map[string]any{}
	if list, ok := conf.Get("service::extensions").([]any); ok {
		kept, gone := keep(list, func(id string) bool {
			return !dropped[componentKey{Kind: kindExtension, Type: typeOf(id)}]
		})
		if len(gone) > 0 {
			changes["extensions"] = kept
		}
	}
	pipelines := map[string]any{}
	all := section(conf, "service::pipelines")
	for _, name := range slices.Sorted(maps.Keys(all)) {
		pipeline, ok := all[name].(map[string]any)
		if !ok {
			continue
		}
		rest, lines, err := dropFromPipeline(name, pipeline, dropped)
		if err != nil {
			return nil, err
		}
		if len(lines) > 0 {
			pipelines[name] = rest
			removed = append(removed, lines...)
		}
	}
	if len(pipelines) > 0 {
		changes["pipelines"] = pipelines
	}
	if len(changes) == 0 {
		return removed, nil
	}
	// Lists are replaced by a merge, so what is named here is exactly what stays.
	return removed, conf.Merge(confmap.NewFromStringMap(map[string]any{"service": changes}))
}

// dropFromPipeline gives the lists of a pipeline that got shorter, and a line for each reference
// that is gone.
func dropFromPipeline(name string, pipeline map[string]any,
	dropped map[componentKey]bool) (map[string]any, []string, error) {
	rest := map[string]any{}
	var lines []string
	for _, role := range []struct {
		list     string
		kinds    []string
		required bool
	}{
		{"receivers", []string{kindReceiver, kindConnector}, true},
		{"processors", []string{kindProcessor}, false},
		{"exporters", []string{kindExporter, kindConnector}, true},
	} {
		list, ok := pipeline[role.list].([]any)
		if !ok {
			continue
		}
		kept, gone := keep(list, func(id string) bool {
			return !slices.ContainsFunc(role.kinds, func(kind string) bool {
				return dropped[componentKey{Kind: kind, Type: typeOf(id)}]
			})
		})
		if len(gone) == 0 {
			continue
		}
		if role.required && len(kept) == 0 {
			return nil, nil, fmt.Errorf("pipeline %q would have no %s left without %s", name, role.list,
				strings.Join(gone, ", "))
		}
		rest[role.list] = kept
		for _, id := range gone {
			lines = append(lines, fmt.Sprintf("%q in the %s of pipeline %q", id, role.list, name))
		}
	}
	return rest, lines, nil
}

// keep splits a list of component IDs; what is not a string stays, for the Collector to complain
// about.
func keep(list []any, wanted func(id string) bool) (kept []any, gone []string) {
	kept = []any{}
	for _, item := range list {
		if id, ok := item.(string); ok && !wanted(id) {
			gone = append(gone, id)
			continue
		}
		kept = append(kept, item)
	}
	return kept, gone
}

// section gives a part of the configuration as a map; none if it is missing, empty or of another
// type.
func section(conf *confmap.Conf, key string) map[string]any {
	sub, err := conf.Sub(key)
	if err != nil {
		return nil
	}
	return sub.ToStringMap()
}

// typeOf gives the type in `type/name`.
func typeOf(id string) string {
	name, _, _ := strings.Cut(id, "/")
	return strings.TrimSpace(name)
}
