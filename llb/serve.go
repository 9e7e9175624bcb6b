package llb

import (
	_ "embed"
	"encoding/json"
	"path"
	"slices"

	"github.com/deployfile/deployfile/toolchain"
	bkllb "github.com/moby/buildkit/client/llb"
)

//go:embed serve.py
var serveSource []byte

//go:embed untracked.py
var untrackedSource []byte

// serveScript is the start command.
func (p *Plan) serveScript() []byte {
	if p.Server.Untracked {
		return slices.Concat(untrackedSource, serveSource)
	}
	return serveSource
}

// serveConfig is what the start command reads.
func (p *Plan) serveConfig() ([]byte, error) {
	config, err := json.Marshal(p.Server)
	return append(config, '\n'), err
}

// serve is the command that starts the server, on PATH in the image.
func (p *Plan) serve(in Inputs) (bkllb.State, error) {
	config, err := p.serveConfig()
	if err != nil {
		return bkllb.State{}, err
	}
	at := bkllb.WithCreatedTime(toolchain.Epoch())
	bin := path.Join(toolchain.VirtualEnv, "bin")
	made := bkllb.Scratch().File(bkllb.
		Mkdir("/opt", 0o755, at).
		Mkdir(toolchain.VirtualEnv, 0o755, at).
		Mkdir(bin, 0o755, at).
		Mkfile(path.Join(toolchain.VirtualEnv, "serve.json"), 0o644, config, at).
		Mkfile(path.Join(bin, "serve"), 0o755, p.serveScript(), at),
		in.named("add the start command")...)
	return toolchain.FixTimestamps(made, in.Constraints...), nil
}

// Serve returns the files of the start command, by their names in the bin directory
// of the virtual environment and beside it.
func (p *Plan) Serve() (program, config []byte, err error) {
	config, err = p.serveConfig()
	return p.serveScript(), config, err
}
