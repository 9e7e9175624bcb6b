package llb

import (
	"slices"

	"github.com/deployfile/deployfile/imagespec"
	bkllb "github.com/moby/buildkit/client/llb"
)

// The directories of what Ejected returns.
const (
	EjectedModel  = "model"
	EjectedCode   = "code"
	EjectedWheels = "wheels"
)

// AllWheels are the wheels of all layers.
func (p *Plan) AllWheels() []Wheel {
	var out []Wheel
	for _, l := range p.Layers {
		out = append(out, l.Wheels...)
	}
	return out
}

// OwnWheels are the wheels that no index has: those built from source, and those of
// the build context.
func (p *Plan) OwnWheels() []Wheel {
	return slices.DeleteFunc(p.AllWheels(), Wheel.downloaded)
}

// PutOwnWheels adds the files of OwnWheels to the directory EjectedWheels of a state.
func (p *Plan) PutOwnWheels(st bkllb.State, in Inputs) (bkllb.State, error) {
	fetching := p.fetching(in)
	for _, w := range p.OwnWheels() {
		m, err := w.mount(in, fetching)
		if err != nil {
			return st, err
		}
		st = st.File(bkllb.Copy(m.Source, m.From, "/"+EjectedWheels+"/"+w.Filename, &bkllb.CopyInfo{CreateDestPath: true, CreatedTime: epoch()}),
			in.named("copy "+w.Filename)...)
	}
	return st, nil
}

// PutContent adds the model and the code to the directories EjectedModel and
// EjectedCode of a state.
func (p *Plan) PutContent(st bkllb.State, in Inputs) bkllb.State {
	for _, layer := range p.modelLayers(in, "/"+EjectedModel) {
		st = st.File(bkllb.Copy(layer, "/", "/", &bkllb.CopyInfo{CopyDirContentsOnly: true, CreatedTime: epoch()}), in.named("copy the model")...)
	}
	if len(p.Code) > 0 {
		st = st.File(bkllb.Copy(p.code(in), imagespec.CodeDir, "/"+EjectedCode, &bkllb.CopyInfo{CopyDirContentsOnly: true, CreateDestPath: true, CreatedTime: epoch()}),
			in.named("copy the code")...)
	}
	return st
}
