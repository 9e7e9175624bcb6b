package llb

import (
	"embed"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"

	"github.com/deployfile/deployfile/toolchain"
	bkllb "github.com/moby/buildkit/client/llb"
)

//go:embed serve.py
var serveSource []byte

//go:embed untracked.py
var untrackedSource []byte

// serverSources are the modules of the server: MLflow's app, started leaner.
//
//go:embed server/*.py server/v2/*.py server/docs/*.py server/docs/page.html
var serverSources embed.FS

// ServerPackage is the directory of the server's modules, in the virtual environment.
const ServerPackage = "lib/deployfile/deployfile_server"

// serveScript is the start command.
func (p *Plan) serveScript() []byte {
	if p.Server.Untracked {
		return slices.Concat(untrackedSource, serveSource)
	}
	return serveSource
}

// serve is the command that starts the server, on PATH in the image.
func (p *Plan) serve(in Inputs) (bkllb.State, error) {
	files, err := p.Serve()
	if err != nil {
		return bkllb.State{}, err
	}
	at := bkllb.WithCreatedTime(toolchain.Epoch())
	made := bkllb.Mkdir("/opt", 0o755, at).Mkdir(toolchain.VirtualEnv, 0o755, at)
	known := map[string]bool{".": true}
	var parents func(dir string)
	parents = func(dir string) {
		if known[dir] {
			return
		}
		parents(path.Dir(dir))
		made, known[dir] = made.Mkdir(path.Join(toolchain.VirtualEnv, dir), 0o755, at), true
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		parents(path.Dir(name))
		mode := os.FileMode(0o644)
		if path.Dir(name) == "bin" {
			mode = 0o755
		}
		made = made.Mkfile(path.Join(toolchain.VirtualEnv, name), mode, files[name], at)
	}
	return toolchain.FixTimestamps(bkllb.Scratch().File(made, in.named("add the start command")...), in.Constraints...), nil
}

// Serve returns the files of the start command by their names in the virtual environment:
// a program, what it reads, and the modules of the server, if it is MLflow's.
func (p *Plan) Serve() (map[string][]byte, error) {
	config, err := json.Marshal(p.Server)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{"bin/serve": p.serveScript(), "serve.json": append(config, '\n')}
	if p.Server.Kind != "mlflow" {
		return files, nil
	}
	dirs := append([]string{"."}, p.Server.Protocols...)
	if p.Server.Docs != "" {
		dirs = append(dirs, "docs")
	}
	for _, dir := range dirs {
		sources, err := fs.Glob(serverSources, path.Join("server", dir, "*.*"))
		if err != nil {
			return nil, err
		}
		for _, name := range sources {
			if files[path.Join(ServerPackage, dir, path.Base(name))], err = serverSources.ReadFile(name); err != nil {
				return nil, err
			}
		}
	}
	return files, nil
}
