package resolver

import (
	"embed"

	"github.com/deployfile/deployfile/toolchain"
)

//go:embed scripts/*.py
var scripts embed.FS

// script returns a script of this package with what it shares with others in
// front of it.
func script(name string) toolchain.Script {
	parts := []string{"step.py"}
	if name == "resolve.py" || name == "buildrequires.py" {
		parts = append(parts, "compile.py")
	}
	var source []byte
	for _, part := range append(parts, name) {
		data, err := scripts.ReadFile("scripts/" + part)
		if err != nil {
			panic(err) // embedded above
		}
		source = append(append(source, data...), '\n')
	}
	return toolchain.Script{Name: name, Source: source}
}
