// Package goplugin opens Go plugins.
//
// In: a path that was verified. Out: the plugin's symbols. Invariant: no other package imports Go's
// package plugin. In a program that has it the linker keeps and exports every function, so a main
// without Go plugins is built without this package.
package goplugin

import "plugin"

// Open opens the plugin at path and gives what finds its symbols.
func Open(path string) (lookup func(name string) (any, error), err error) {
	opened, err := plugin.Open(path)
	if err != nil {
		return nil, err
	}
	return func(name string) (any, error) { return opened.Lookup(name) }, nil
}
