package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/moby/buildkit/client"
	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/tonistiigi/fsutil"
)

// resultFile is where a program in an image writes its result.
const resultFile = "/out/result/result.json"

// imageRun is a program that runs in an image that was pushed, with the image's command as
// its last arguments.
type imageRun struct {
	name string
	args []string
	// files are at /bench, and so is the program of this machine, unless it is "".
	files   map[string][]byte
	program string
	// variable is added to the image's environment, log has the progress.
	variable, log string
}

// inImage runs a program in the image, in a step of the builder without a network, and
// returns the result that it writes.
func (c call) inImage(ctx context.Context, config v1.Config, r imageRun) (result []byte, err error) {
	files, solveOpt := bkllb.Scratch(), client.SolveOpt{}
	if r.program != "" {
		dir, err := fsutil.NewFS(filepath.Dir(r.program))
		if err != nil {
			return nil, err
		}
		solveOpt.LocalMounts = map[string]fsutil.FS{"program": dir}
		files = files.File(bkllb.Copy(bkllb.Local("program"), "/*", "/", &bkllb.CopyInfo{AllowWildcard: true}))
	}
	for name, data := range r.files {
		files = files.File(bkllb.Mkfile("/"+name, 0o644, data))
	}
	opts := []bkllb.RunOption{
		bkllb.Args(append(append(r.args, config.Entrypoint...), config.Cmd...)),
		bkllb.IgnoreCache, bkllb.Network(pb.NetMode_NONE), bkllb.WithCustomName(r.name + " " + r.variable),
		bkllb.AddMount("/bench", files, bkllb.Readonly), bkllb.AddMount("/tmp", bkllb.Scratch(), bkllb.Tmpfs()),
	}
	if config.User != "" {
		opts = append(opts, bkllb.User(config.User))
	}
	if config.WorkingDir != "" {
		opts = append(opts, bkllb.Dir(config.WorkingDir))
	}
	for _, e := range append(config.Env, r.variable) {
		if k, v, ok := strings.Cut(e, "="); ok {
			opts = append(opts, bkllb.AddEnv(k, v))
		}
	}
	made := bkllb.Image(c.tag).Run(opts...).AddMount("/out", bkllb.Scratch().File(bkllb.Mkdir(filepath.Dir(resultFile)[len("/out"):], 0o777)))
	def, err := made.Marshal(ctx, bkllb.Platform(ocispecs.Platform{OS: "linux", Architecture: "amd64"}))
	if err != nil {
		return nil, err
	}
	if c.log, err = os.Create(r.log); err != nil {
		return nil, err
	}
	defer c.log.Close()
	dir, err := os.MkdirTemp(c.rig.dir, "result")
	if err != nil {
		return nil, err
	}
	solveOpt.Exports = []client.ExportEntry{{Type: client.ExporterLocal, OutputDir: dir}}
	if err := solve(ctx, c, def, solveOpt); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, lastLines(r.log))
	}
	return os.ReadFile(filepath.Join(dir, "result", "result.json"))
}
