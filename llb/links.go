package llb

import (
	_ "embed"

	"github.com/deployfile/deployfile/toolchain"
	bkllb "github.com/moby/buildkit/client/llb"
)

//go:embed links.py
var linksSource []byte

// linksTitle names the layer of links.
const linksTitle = "the names that MLmodel has with Windows' separators"

// links is a layer of symbolic links to the model's files, below a directory.
func (p *Plan) links(in Inputs, to string) bkllb.State {
	args := []string{to}
	for _, l := range p.Model.Links {
		args = append(args, l.Name, l.Target)
	}
	return in.Toolchain.Run(toolchain.Step{
		Name:   "add " + linksTitle,
		Script: toolchain.Script{Name: "links.py", Source: linksSource},
		Args:   args,
	})
}
