// A main as small as one can be: it can open plugins, carries a manifest, and knows the hidden
// action. It needs libgcc_s, as the Rust part of a real main does.
package main

/*
#cgo LDFLAGS: -Wl,-z,now -Wl,--no-as-needed -lgcc_s
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void note(void) {
    static const char line[] = "{\"exit\":\"c\"}\n";
    (void)!write(1, line, sizeof line - 1);
}

static void note_exit(void) { atexit(note); }
*/
import "C"

import (
	"encoding/json"
	"fmt"
	"os"
	"plugin"

	_ "bimetal.test/shared"
)

func main() {
	if len(os.Args) < 5 || len(os.Args)%2 == 0 || os.Args[1] != "plugins" || os.Args[2] != "__load" {
		os.Exit(64)
	}
	C.note_exit()
	for at := 4; at < len(os.Args); at += 2 {
		say(map[string]any{"file": at/2 - 2})
		if err := load(os.Args[at]); err != nil {
			say(map[string]any{"loaded": false, "error": err.Error()})
			os.Exit(1)
		}
	}
	say(map[string]any{"loaded": true})
}

func say(line map[string]any) {
	text, _ := json.Marshal(line)
	fmt.Println(string(text))
}

func announce(phase string) {
	say(map[string]any{"phase": phase})
}

func load(path string) error {
	announce("verified")
	announce("opening")
	opened, err := plugin.Open(path)
	if err != nil {
		return err
	}
	announce("opened")
	symbol, err := opened.Lookup("NewFactory")
	if err != nil {
		return err
	}
	announce("factory")
	symbol.(func() any)()
	announce("loaded")
	return nil
}
