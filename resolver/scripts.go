package resolver

import (
	"embed"
	"slices"

	"github.com/deployfile/deployfile/toolchain"
)

//go:embed scripts/*.py
var scripts embed.FS

// script returns a script of this package, preceded by the code that it shares
// with others.
func script(name string) toolchain.Script {
	source := embedded("step.py")
	switch name {
	case "resolve.py":
		source = slices.Concat(source, toolchain.WheelFiles(), embedded("compile.py"), embedded("wheels.py"))
	case "lookinto.py", "sizes.py":
		source = slices.Concat(source, toolchain.WheelFiles(), embedded("wheels.py"))
	case "build.py":
		source = slices.Concat(source, embedded("elf.py"))
	case "buildrequires.py":
		source = slices.Concat(source, toolchain.WheelFiles(), embedded("compile.py"))
	}
	source = slices.Concat(source, embedded(name))
	return toolchain.Script{Name: name, Source: source}
}

func embedded(name string) []byte {
	data, err := scripts.ReadFile("scripts/" + name)
	if err != nil {
		panic(err) // embedded above
	}
	return append(data, '\n')
}
