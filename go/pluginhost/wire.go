package pluginhost

import (
	"maps"
	"slices"
	"strings"
)

// refused is a verified plugin that the loader did not take.
func (h pluginHandle) refused(err error, text string) refusal {
	reason, _, _ := strings.Cut(err.Error(), "\n")
	return refusal{componentKey: h.componentKey, File: h.File, Language: h.Language, Reason: reason,
		Text: text}
}

// shownModule is what the `components` command shows.
func (p pluginFile) shownModule() string {
	return strings.TrimSpace(p.Module + " (plugin " + p.File + ")")
}

// keys are the type and the older names by which a configuration may name the component.
func (p pluginFile) keys() []componentKey {
	keys := []componentKey{p.componentKey}
	for _, alias := range p.Aliases {
		keys = append(keys, componentKey{Kind: p.Kind, Type: alias})
	}
	return keys
}

// sortedKeys is never nil: Rust takes a list, and nil would be written as null.
func sortedKeys[V any](of map[componentKey]V) []componentKey {
	keys := slices.AppendSeq(make([]componentKey, 0, len(of)), maps.Keys(of))
	slices.SortFunc(keys, compareKeys)
	return keys
}

func compareKeys(left, right componentKey) int {
	if order := strings.Compare(left.Kind, right.Kind); order != 0 {
		return order
	}
	return strings.Compare(left.Type, right.Type)
}

func texts(refused []refusal) string {
	lines := make([]string, 0, len(refused))
	for _, one := range refused {
		lines = append(lines, one.Text)
	}
	slices.Sort(lines)
	return strings.Join(slices.Compact(lines), "\n")
}
