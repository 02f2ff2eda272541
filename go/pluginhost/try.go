package pluginhost

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

// Try verifies and really loads files, wherever they lie, in this order. It is what a child process
// of `plugins validate --load` does. The words are a digest and a path in turns: no other bytes are
// loaded than those that were verified. Each step is said before it begins, because control may not
// come back from it; the Rust side says its own to standard output.
func (h *Host) Try(words []string, say func(map[string]any)) error {
	noteExit()
	request := trial{}
	for len(words) >= 2 {
		request.Files = append(request.Files, triedFile{Path: words[1], SHA256: words[0]})
		words = words[2:]
	}
	if len(request.Files) == 0 || len(words) > 0 {
		return errors.New("a digest and a path are needed for each plugin")
	}
	// The directory of this Collector, good or bad, has no say in this.
	h.settings.PluginsDir = filepath.Dir(request.Files[0].Path)
	if err := h.openRust(); err != nil {
		return err
	}
	text, err := json.Marshal(request)
	if err != nil {
		return err
	}
	var found answer
	if err := hostVerifyFiles(text, &found); err != nil {
		return err
	}
	for _, one := range found.Refused {
		return fmt.Errorf("%s", one.Text)
	}
	announce := func(phase string) { say(map[string]any{"phase": phase}) }
	for number, one := range found.Verified {
		say(map[string]any{"file": number})
		announce("verified")
		processChanges()
		if _, err := h.load(one, announce); err != nil {
			return err
		}
		if done := processChanges(); len(done) > 0 {
			say(map[string]any{"file": number, "changes": done})
		}
		announce("loaded")
	}
	return nil
}

// RunPlugins runs `plugins ARGUMENTS…` and gives the exit code.
func RunPlugins(settings Settings, arguments []string) int {
	if arguments == nil {
		arguments = []string{}
	}
	text, err := json.Marshal(command{arguments, settings})
	if err != nil {
		return 1
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	go func() {
		<-signals
		pluginsInterrupt()
	}()
	return pluginsRun(text)
}
