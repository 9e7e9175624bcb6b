package modelsource

import (
	"strings"

	bkllb "github.com/moby/buildkit/client/llb"
)

// Context is what a build may read: the build context, and the model as one of its
// directories.
type Context struct {
	// State is the build context.
	State bkllb.State
	// Model is the model, and ModelDir the directory that it is read as: the one
	// that it has in the build context, or Elsewhere.
	Model    Tree
	ModelDir string
}

// Elsewhere is the directory that a model is read as that is not in the build
// context. Requirements of the model and messages name its files below it.
const Elsewhere = ".model"

// At returns where a file is that a requirement names: its state, and its path in
// it.
func (c Context) At(name string) (bkllb.State, string) {
	if c.ModelDir == Elsewhere {
		if rest, ok := strings.CutPrefix(name, Elsewhere+"/"); ok {
			st, name := c.Model.At(rest)
			return st, strings.TrimPrefix(name, "/")
		}
	}
	return c.State, name
}
