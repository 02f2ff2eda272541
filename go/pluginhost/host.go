package pluginhost

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/otelcol"
)

// Host gives a Collector its factories: those that are linked in as Go, those that are linked in as
// Rust, and plugins.
type Host struct {
	settings *Settings
	goSide   func() (otelcol.Factories, error)
	opener   Opener

	open func() error

	mu sync.Mutex
	// base holds what is linked in.
	base     otelcol.Factories
	linkedIn map[componentKey]string
	catalog  catalog
	info     opened
	// loaded holds the factories of plugins that were loaded, failed why others were not.
	loaded map[componentKey]loadedPlugin
	failed map[componentKey]refusal
	// unneeded are refused files beside a good one with the same component.
	unneeded []refusal
	// unverified are files of which only the manifest was read.
	unverified []string
	// unknown is used, and neither linked in nor in any file.
	unknown []componentKey
	// inventory is what became of the files, announced those whose loading the log has.
	inventory inventory
	announced map[string]struct{}
	// current is what was given to the Collector last; its maps are the ones that the next
	// configuration is read with.
	current *otelcol.Factories
	// later are sentences for a logger that does not exist yet.
	later  []string
	warned bool
}

type loadedPlugin struct {
	factory component.Factory
	file    pluginFile
}

// New makes a host around the factories that are linked in as Go. Nothing is read before the first
// factory is asked for, so that the settings may still change until then.
func New(
	settings *Settings, goSide func() (otelcol.Factories, error), opener Opener,
) *Host {
	host := &Host{
		settings:  settings,
		goSide:    goSide,
		opener:    opener,
		loaded:    map[componentKey]loadedPlugin{},
		failed:    map[componentKey]refusal{},
		announced: map[string]struct{}{},
	}
	host.open = sync.OnceValue(host.openOnce)
	return host
}

// Factories is what the Collector calls at every start, reload and for most commands. It always
// gives fresh maps.
func (h *Host) Factories() (otelcol.Factories, error) {
	if err := h.open(); err != nil {
		return otelcol.Factories{}, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	factories := cloned(h.base)
	for _, file := range h.catalog.Plugins {
		if err := h.putPlugin(&factories, file); err != nil {
			return otelcol.Factories{}, err
		}
	}
	h.current = &factories
	return factories, nil
}

// LoadAll verifies and loads every good plugin. Feature gates that a plugin registers are unknown
// before that.
func (h *Host) LoadAll() error {
	if err := h.open(); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	refused, warnings, err := h.verifyAndLoad(nil)
	if err != nil {
		return err
	}
	h.later = append(h.later, warnings...)
	for _, one := range refused {
		h.failed[one.componentKey] = one
	}
	return nil
}

func (h *Host) openOnce() error {
	base, err := h.goSide()
	if err != nil {
		return err
	}
	if err := h.openRust(); err != nil {
		return err
	}
	if err := hostCatalog(&h.catalog); err != nil {
		return fmt.Errorf("the plugin host cannot work: %w", err)
	}
	h.base = cloned(base)
	if h.base.Telemetry != nil {
		h.base.Telemetry = &instrumented{Factory: h.base.Telemetry, inventory: &h.inventory}
	}
	for _, factory := range h.catalog.LinkedIn {
		if err := h.putLinkedIn(&factory); err != nil {
			return err
		}
	}
	h.linkedIn = map[componentKey]string{}
	for word, kind := range kinds {
		for name, module := range kind.types(&h.base) {
			h.linkedIn[componentKey{Kind: word, Type: name.String()}] = module
		}
	}
	return nil
}

func (h *Host) openRust() error {
	text, err := json.Marshal(h.settings)
	if err != nil {
		return err
	}
	if err := hostOpen(text, &h.info); err != nil {
		return fmt.Errorf("the plugin host cannot work: %w", err)
	}
	return nil
}

func (h *Host) putLinkedIn(factory *rustFactory) error {
	name, err := component.NewType(factory.Type)
	if err != nil {
		return fmt.Errorf("a Rust %s has a type that the Collector refuses: %w", factory.Kind, err)
	}
	kind := kinds[factory.Kind]
	if module, ok := kind.types(&h.base)[name]; ok {
		return fmt.Errorf("%s %q is linked in twice: from Go (%s) and from Rust (%s)", factory.Kind, name,
			module, factory.Module)
	}
	made, err := factory.newFactory(name)
	if err != nil {
		return err
	}
	return kind.put(&h.base, name, made, factory.Module)
}

// putPlugin puts the factory of a plugin in, or what stands for it until it is loaded. What is
// linked in comes first; that a plugin brings the same is said when a configuration uses it.
func (h *Host) putPlugin(factories *otelcol.Factories, file pluginFile) error {
	if _, ok := h.linkedIn[file.componentKey]; ok {
		return nil
	}
	if loaded, ok := h.loaded[file.componentKey]; ok {
		return putLoaded(factories, file.Kind, loaded)
	}
	kind := kinds[file.Kind]
	for _, key := range file.keys() {
		name, err := component.NewType(key.Type)
		if err != nil {
			continue // No configuration can name it, so it is not missed.
		}
		// The type of another component comes before an older name.
		if _, taken := kind.types(factories)[name]; taken && key != file.componentKey {
			continue
		}
		placeholder := kind.placeholder(file, name)
		if err := kind.put(factories, name, placeholder, file.shownModule()); err != nil {
			return err
		}
	}
	return nil
}

// putLoaded puts a factory in, also under the older name that it still answers to.
func putLoaded(factories *otelcol.Factories, word string, loaded loadedPlugin) error {
	kind := kinds[word]
	if err := kind.put(factories, loaded.factory.Type(), loaded.factory,
		loaded.file.shownModule()); err != nil {
		return err
	}
	if alias, ok := aliasOf(loaded.factory); ok {
		// What stood for this plugin makes place.
		_, taken := kind.types(factories)[alias]
		if !taken || slices.Contains(loaded.file.Aliases, alias.String()) {
			return kind.put(factories, alias, loaded.factory, loaded.file.shownModule())
		}
	}
	return nil
}

// verifyAndLoad has the set verified first, and then loads what passed, in the order in which it
// was decided.
func (h *Host) verifyAndLoad(used *[]componentKey) (refused []refusal, warnings []string,
	err error) {
	text, err := json.Marshal(question{LinkedIn: sortedKeys(h.linkedIn), Used: used})
	if err != nil {
		return nil, nil, err
	}
	var found answer
	if err := hostVerify(text, &found); err != nil {
		return nil, nil, err
	}
	refused, warnings = found.Refused, found.Warnings
	h.unneeded, h.unverified = found.Unneeded, found.Unverified
	mustHaveAll := used != nil && h.settings.OnError != onErrorSkip
	for _, one := range found.Verified {
		// The Collector will not start, so no code of the others has to run.
		if mustHaveAll && len(refused) > 0 {
			break
		}
		processChanges()
		loaded, err := h.load(one, silently)
		for _, change := range processChanges() {
			warnings = append(warnings, fmt.Sprintf("Loading plugin %q changed the process: %s", one.File,
				change))
		}
		if err != nil {
			for _, key := range one.keys() {
				asked := one
				asked.componentKey = key
				if used == nil || slices.Contains(*used, key) {
					refused = append(refused, asked.refused(err, err.Error()))
				}
				h.failed[key] = asked.refused(err,
					err.Error()+"\nhelp: restart needed: what the loader refused once is not tried again")
			}
			continue
		}
		h.loaded[one.componentKey] = loaded
		for _, key := range one.keys() {
			delete(h.failed, key)
		}
	}
	h.unknown = found.Unknown
	return refused, warnings, nil
}

// loadedAs finds what was loaded by the type or by an older name of it.
func (h *Host) loadedAs(key componentKey) (loadedPlugin, bool, error) {
	if loaded, ok := h.loaded[key]; ok {
		return loaded, true, nil
	}
	for _, loaded := range h.loaded {
		if !slices.Contains(loaded.file.keys(), key) {
			continue
		}
		if alias, ok := aliasOf(loaded.factory); !ok || alias.String() != key.Type {
			return loaded, false, fmt.Errorf("plugin %q answers to the older name %q by its manifest, "+
				"but its factory is %q only", loaded.file.File, key.Type, loaded.factory.Type())
		}
		return loaded, true, nil
	}
	return loadedPlugin{}, false, nil
}

// silently is how a Collector loads plugins: no reader waits for what it would say.
func silently(string) {}

func (h *Host) load(one pluginHandle, announce func(phase string)) (loadedPlugin, error) {
	if one.Language != "rust" {
		factory, err := openGoPlugin(h.opener, one, announce)
		return loadedPlugin{factory, one.pluginFile}, err
	}
	announce("opening")
	var found rustFactory
	if err := pluginLoad(one.Handle, &found); err != nil {
		return loadedPlugin{}, err
	}
	name, err := component.NewType(found.Type)
	if err != nil {
		return loadedPlugin{}, err
	}
	factory, err := found.newFactory(name)
	return loadedPlugin{factory, one.pluginFile}, err
}
