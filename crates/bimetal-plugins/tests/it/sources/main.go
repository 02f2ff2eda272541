// A main as small as one can be: it can open plugins, carries a manifest, and knows the hidden action. It needs libgcc_s, as the
// Rust part of a real main does.
package main

// #cgo LDFLAGS: -Wl,-z,now -Wl,--no-as-needed -lgcc_s
import "C"

import (
	"encoding/json"
	"fmt"
	"os"
	"plugin"

	_ "bimetal.test/shared"
)

func main() {
	if len(os.Args) != 4 || os.Args[1] != "plugins" || os.Args[2] != "__load" {
		os.Exit(64)
	}
	answer := map[string]any{"loaded": true}
	err := load(os.Args[3])
	if err != nil {
		answer = map[string]any{"loaded": false, "error": err.Error()}
	}
	line, _ := json.Marshal(answer)
	fmt.Println(string(line))
	if err != nil {
		os.Exit(1)
	}
}

func load(path string) error {
	opened, err := plugin.Open(path)
	if err != nil {
		return err
	}
	symbol, err := opened.Lookup("NewFactory")
	if err != nil {
		return err
	}
	symbol.(func() any)()
	return nil
}
