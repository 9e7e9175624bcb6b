package llb

import (
	_ "embed"
	"strings"

	"github.com/deployfile/deployfile/imagespec"
	"github.com/deployfile/deployfile/toolchain"
)

//go:embed modeldata.py
var modelDataSource string

// WithModelData takes the model's files out of the plan, so that what is left is a server
// that expects them in imagespec.ModelDataDir. It compares them with the digest in
// imagespec.ModelDataVariable before it starts.
func (p *Plan) WithModelData() {
	p.Model = ModelPlan{}
	p.Config.Entrypoint = []string{toolchain.VirtualEnv + "/bin/python", "-I", "-c", modelDataSource, movedModel(p.Config.WorkingDir)}
	p.Config.WorkingDir = "/"
	env := []string{"MODEL_PATH=" + imagespec.ModelDataDir}
	for _, e := range p.Config.Env {
		name, value, _ := strings.Cut(e, "=")
		env = append(env, name+"="+movedModel(value))
	}
	p.Config.Env = env
}

// movedModel returns a path in the model's directory as it is where the files are instead.
func movedModel(path string) string {
	if rest, ok := strings.CutPrefix(path, imagespec.ModelDir); ok && (rest == "" || rest[0] == '/') {
		return imagespec.ModelDataDir + rest
	}
	return path
}
