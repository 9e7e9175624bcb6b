package frontend

import (
	"fmt"
	"slices"

	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/modelsource"
	"github.com/deployfile/deployfile/toolchain"
)

// Base is what a client, or a lock, says of weights on a hub that a model refers to.
type Base struct {
	Pin modelsource.Pin `json:"pin"`
	// Files are all of its files, by their paths in the model.
	Files []modelsource.File `json:"files"`
}

// BaseOf returns the base that a model refers to.
func BaseOf(r mlmodel.HubReference) modelsource.Base {
	return modelsource.Base{Repository: r.Repository, Commit: r.Commit}
}

// findBases finds what the model's references to a hub stand for: what the client says, or
// the lock.
func (in *inputs) findBases() error {
	if in.found.Model == nil || len(in.found.Model.Hub) == 0 {
		return nil
	}
	given, err := in.supply()
	if err != nil {
		return err
	}
	for _, r := range in.found.Model.Hub {
		b, err := in.findBase(BaseOf(r), given)
		if err != nil {
			return err
		}
		in.bases = append(in.bases, *b)
	}
	in.withoutBases = in.context.Model
	for _, b := range in.bases {
		in.context.Model = in.context.Model.WithKnown(b.Files)
	}
	return nil
}

func (in *inputs) findBase(base modelsource.Base, given Supply) (*Base, error) {
	is := func(b Base) bool { return b.Pin.Source == base.Source() }
	if n := slices.IndexFunc(given.Bases, is); n >= 0 {
		b := given.Bases[n]
		return &b, b.Pin.Check()
	}
	if in.output.relocks && !in.locksBase(base) {
		return nil, fmt.Errorf("the model takes weights from %s, which deployfile lock finds for a model in the build context, or in a store that it reads itself: "+
			"copy the model to a directory, or put them into it with mlflow.transformers.persist_pretrained_model", base.Source())
	}
	if in.beside.lock == nil {
		return nil, &NoLockError{File: in.lockName, By: fmt.Sprintf("a model with weights on a hub (%s)", base.Source())}
	}
	b := Base{}
	for _, pin := range in.beside.lock.ModelBase {
		if pin.Source == base.Source() {
			b.Pin = pin
		}
	}
	for _, f := range in.beside.lock.Model {
		if modelsource.Under(f.Path, base.Dir()) {
			b.Files = append(b.Files, modelsource.File{Path: f.Path, Size: f.Size, SHA256: f.SHA256})
		}
	}
	if b.Pin.Source == "" || len(b.Files) == 0 {
		return nil, &StaleLockError{File: in.lockName, Changes: []string{fmt.Sprintf("the model's weights are those of %s", base.Source())}}
	}
	return &b, nil
}

// fetchBases has steps fetch what findBases found, or the client send it.
func (in *inputs) fetchBases(tools toolchain.Toolchain) error {
	if len(in.bases) == 0 {
		return nil
	}
	given, err := in.supply()
	if err != nil {
		return err
	}
	model := in.withoutBases
	for n, b := range in.bases {
		base := BaseOf(in.found.Model.Hub[n])
		if given.SendsBases {
			model = model.WithSentBase(tools, base, in.fromClient(ModelBases, "the model's weights"), b.Files)
			continue
		}
		if model, err = model.WithBase(tools, base, b.Pin.Server, b.Files); err != nil {
			return err
		}
	}
	in.context.Model = model
	return nil
}

// basePins returns what the lock says of them.
func (in *inputs) basePins() []modelsource.Pin {
	var out []modelsource.Pin
	for _, b := range in.bases {
		out = append(out, b.Pin)
	}
	return out
}

// locksBase reports whether the lock has a base.
func (in *inputs) locksBase(b modelsource.Base) bool {
	l := in.beside.lock
	return l != nil && slices.ContainsFunc(l.ModelBase, func(p modelsource.Pin) bool { return p.Source == b.Source() })
}
