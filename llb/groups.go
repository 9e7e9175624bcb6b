package llb

import (
	"fmt"

	"github.com/deployfile/deployfile/toolchain"
)

// fetching groups the downloads of wheels.
func (p *Plan) fetching(in Inputs) toolchain.Group {
	var files []toolchain.Download
	for _, w := range p.AllWheels() {
		if w.downloaded() {
			files = append(files, w.Download)
		}
	}
	return p.group(in, toolchain.Fetching, "fetch "+toolchain.Count(files, "wheel"))
}

// installing groups the layers of wheels.
func (p *Plan) installing(in Inputs) toolchain.Group {
	return p.group(in, toolchain.Installing, fmt.Sprintf("install %s in %s", count(len(p.AllWheels()), "package"), count(len(p.Layers), "layer")))
}

// placing groups the layers of the model.
func (p *Plan) placing(in Inputs) toolchain.Group {
	var size int64
	for _, f := range p.Model.Files {
		size += f.Size
	}
	return p.group(in, toolchain.Placing, fmt.Sprintf("copy the model's %s (%s)", count(len(p.Model.Files), "file"), toolchain.Size(size)))
}

// stacking groups what puts one layer upon the other, where they cannot be merged.
func (p *Plan) stacking(in Inputs) toolchain.Group {
	return p.group(in, toolchain.Placing, "put the layers together")
}

// group names the platform where there are several.
func (p *Plan) group(in Inputs, kind toolchain.GroupKind, title string) toolchain.Group {
	if in.Several {
		title += " for " + p.Platform
	}
	return toolchain.Group{Kind: kind, Title: title}
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
