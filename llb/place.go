package llb

import (
	_ "embed"
	"fmt"
	"path"
	"slices"

	"github.com/deployfile/deployfile/imagespec"
	"github.com/deployfile/deployfile/toolchain"
	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
)

//go:embed place.py
var placeSource []byte

// copies reports whether the builder's file operations do what copyInfo asks
// for. An older BuildKit, such as that of an older Docker engine, refuses it.
// Modes by words have no capability that can be asked for; they came before
// symbolic links, which have.
func (in Inputs) copies() bool {
	return toolchain.Supports(in.Constraints, pb.CapFileSymlinkCreate) &&
		toolchain.Supports(in.Constraints, pb.CapFileCopyIncludeExcludePatterns)
}

// place copies a directory or file in a step, where the builder's file operations
// will not do; g is the group of the vertex, nil for none.
func (in Inputs) place(g *toolchain.Group, name string, source bkllb.State, from, to string, excluded ...string) bkllb.State {
	const at = "/run/context"
	step := toolchain.Step{
		Name:   name,
		Script: toolchain.Script{Name: "place.py", Source: placeSource},
		Args:   append([]string{at, to}, excluded...),
		Env:    in.compressed(),
		Mounts: []toolchain.Mount{{Path: at, Source: source, From: from}},
	}
	if g != nil {
		step.Options = []bkllb.RunOption{g.Option()}
	}
	return in.Toolchain.Run(step)
}

func (p *Plan) placeCode(in Inputs) bkllb.State {
	at := toolchain.Epoch()
	st := bkllb.Scratch()
	for _, dir := range p.Code {
		one := in.place(nil, "copy the code in "+dir, in.Context.State, path.Join("/", dir), imagespec.CodeDir, "**/__pycache__", "**/.git", "**/.DS_Store")
		st = st.File(bkllb.Copy(one, "/", "/", &bkllb.CopyInfo{CopyDirContentsOnly: true, CreatedTime: &at}),
			in.internal(fmt.Sprintf("add the code in %s", dir))...)
	}
	return st
}

func (p *Plan) placeModel(in Inputs, to string) []bkllb.State {
	model, placing := in.Context.Model, p.placing(in)
	layers := []bkllb.State{in.place(&placing, "copy the model's small files", model.State, model.Path(""), to, slices.Concat(append(p.Model.LargeLayers(), model.LeftOut)...)...)}
	for _, l := range p.Model.LargeLayers() {
		layer := in.place(&placing, "copy the model's "+l[0], model.State, model.Path(l[0]), path.Join(to, l[0]))
		for _, f := range l[1:] {
			one := in.place(&placing, "copy the model's "+f, model.State, model.Path(f), path.Join(to, f))
			layer = layer.File(bkllb.Copy(one, "/", "/", &bkllb.CopyInfo{CopyDirContentsOnly: true, CreatedTime: epoch()}),
				in.internal("add the model's "+f)...)
		}
		layers = append(layers, layer)
	}
	if len(p.Model.Links) > 0 {
		layers = append(layers, in.apart(p.links(in, to)))
	}
	return layers
}
