package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/deployfile/deployfile/llb"
	"github.com/docker/go-units"
)

// planPart is a layer of a planned image, for people.
type planPart struct {
	name string
	// size is what a build fetches for it, or its files have; 0 if that is not known.
	size int64
	// contents are the names of what is in it.
	contents []string
	// wheels reports that the toolchain installs it.
	wheels bool
}

// planParts returns what an image is made of, in the order of its layers; the first is
// the base.
func planParts(p *llb.Plan) []planPart {
	out := []planPart{{name: "base", contents: []string{p.Base.Ref}}}
	if len(p.SystemPackages) > 0 {
		debian := planPart{name: "Debian packages"}
		for _, d := range p.SystemPackages {
			debian.size += d.Size
			name := d.Name
			if d.Version != "" {
				name += " " + d.Version
			}
			debian.contents = append(debian.contents, name)
		}
		out = append(out, debian)
	}
	out = append(out, planPart{name: "virtual environment"})
	for _, l := range p.Layers {
		layer := planPart{name: layerTitle(l), wheels: true}
		for _, w := range l.Wheels {
			layer.size += w.Size
			layer.contents = append(layer.contents, w.Name+" "+w.Version)
		}
		out = append(out, layer)
	}
	out = append(out, planPart{name: "start command", contents: []string{p.Server.Kind}})
	if len(p.Code) > 0 {
		out = append(out, planPart{name: "code", contents: p.Code})
	}
	return append(out, modelParts(p.Model)...)
}

// modelParts are the layers of a model: the small files, and each large one.
func modelParts(m llb.ModelPlan) []planPart {
	sizes := map[string]int64{}
	small := planPart{name: "model"}
	for _, f := range m.Files {
		sizes[f.Path] = f.Size
	}
	large := map[string]bool{}
	var out []planPart
	for _, files := range m.LargeLayers() {
		part := planPart{name: "model", contents: files}
		for _, f := range files {
			large[f] = true
			part.size += sizes[f]
		}
		out = append(out, part)
	}
	for _, f := range m.Files {
		if !large[f.Path] {
			small.size += f.Size
			small.contents = append(small.contents, f.Path)
		}
	}
	return append([]planPart{small}, out...)
}

// layerTitle is the name of a layer of wheels for people: that of its only package, or
// of its share of them.
func layerTitle(l llb.WheelLayer) string {
	for prefix, title := range map[string]string{"bucket-": "small wheels", "large-": "large wheels"} {
		number, ok := strings.CutPrefix(l.Name, prefix)
		if n, err := strconv.Atoi(number); ok && err == nil && (prefix == "bucket-" || len(l.Wheels) > 1) {
			return fmt.Sprintf("%s %d", title, n)
		}
	}
	return l.Name
}

// sizeText is a number of bytes, a dash where it is not known.
func sizeText(n int64) string {
	if n <= 0 {
		return "-"
	}
	return units.HumanSize(float64(n))
}
