package pluginhost

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// Settings are the flags of the plugin host; the Rust side reads them as JSON.
type Settings struct {
	// PluginsDir is where plugins are; empty for the environment's or the built-in directory.
	PluginsDir string `json:"plugins_dir,omitempty"`
	// OnError is `fail` or `skip`.
	OnError string `json:"on_error,omitempty"`
	// RequireLock refuses plugins that `plugins.lock` does not list.
	RequireLock bool `json:"require_lock,omitempty"`
	// CacheDir is where private copies of Go plugins go; empty for the user's runtime or temporary
	// directory.
	CacheDir string `json:"cache_dir,omitempty"`
	// Policy is `exact` or `abi`; empty for what the Collector was built with.
	Policy string `json:"policy,omitempty"`
}

// opened is what the Rust side found when it was opened.
type opened struct {
	Directory string `json:"directory"`
	Program   string `json:"program"`
}

// catalog is everything that is linked in as Rust or lies in the plugin directory.
type catalog struct {
	LinkedIn []*rustFactory `json:"linked_in"`
	Plugins  []pluginFile   `json:"plugins"`
	Refused  []refusal      `json:"refused"`
}

// rustFactory is a factory on the Rust side.
type rustFactory struct {
	componentKey

	Number       uint64            `json:"factory"`
	Signals      map[string]string `json:"signals"`
	Module       string            `json:"module"`
	Defaults     json.RawMessage   `json:"default_config"`
	ConfigSchema json.RawMessage   `json:"config_schema"`
}

// pluginFile is a plugin that may be used.
type pluginFile struct {
	componentKey

	File     string            `json:"file"`
	Language string            `json:"language"`
	Signals  map[string]string `json:"signals"`
	Module   string            `json:"module"`
	// SHA256 is known of a plugin that was verified.
	SHA256           string `json:"sha256"`
	ToolchainVersion string `json:"toolchain_version"`
}

// refusal is a plugin that may not be used; its text is made for people and has several lines.
type refusal struct {
	componentKey

	File     string `json:"file"`
	Language string `json:"language"`
	// Reason is the first reason on one line.
	Reason string `json:"reason"`
	Text   string `json:"text"`
	// Nowhere tells that there is no such component at all, so that nothing is left out by going on
	// without it.
	Nowhere bool `json:"nowhere"`
}

// question asks which plugins a configuration needs. Without `Used` it asks for every good one.
type question struct {
	LinkedIn []componentKey  `json:"linked_in"`
	Used     *[]componentKey `json:"used"`
}

// answer says what may be loaded.
type answer struct {
	Verified []ticket       `json:"verified"`
	Refused  []refusal      `json:"refused"`
	Unknown  []componentKey `json:"unknown"`
	Warnings []string       `json:"warnings"`
}

// ticket is a verified plugin; its handle loads it once.
type ticket struct {
	pluginFile

	Handle uint64 `json:"handle"`
}

// refused is a verified plugin that the loader did not take.
func (t ticket) refused(err error, text string) refusal {
	reason, _, _ := strings.Cut(err.Error(), "\n")
	return refusal{componentKey: t.componentKey, File: t.File, Language: t.Language, Reason: reason, Text: text}
}

// wish says what instance is to be made.
type wish struct {
	Signal    uint32 `json:"signal"`
	Component uint64 `json:"component"`
	ID        string `json:"id"`
	Config    string `json:"config"`
	Resource  string `json:"resource"`
}

// module is what the `components` command shows.
func (p pluginFile) shownModule() string {
	return strings.TrimSpace(p.Module + " (plugin " + p.File + ")")
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
