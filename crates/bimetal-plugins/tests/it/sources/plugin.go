// A plugin as small as one can be.
package main

import "C"

import (
	"os"
	"time"

	_ "bimetal.test/shared"
)

// NewFactory does what the test asks for by the environment.
func NewFactory() any {
	switch os.Getenv("BIMETAL_TEST_BEHAVIOUR") {
	case "panic":
		panic("no luck today")
	case "hang":
		time.Sleep(time.Hour)
	}
	return "factory"
}

func main() {}
