package resolver

import (
	"embed"

	"github.com/deployfile/deployfile/toolchain"
)

//go:embed scripts/*.py
var scripts embed.FS

// script returns a script of this package with what all of them share in
// front of it.
func script(name string) toolchain.Script {
	shared, err := scripts.ReadFile("scripts/step.py")
	if err != nil {
		panic(err) // embedded above
	}
	own, err := scripts.ReadFile("scripts/" + name)
	if err != nil {
		panic(err) // embedded above
	}
	return toolchain.Script{Name: name, Source: append(append(shared, '\n'), own...)}
}
