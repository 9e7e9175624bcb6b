package frontend

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/containerd/platforms"
	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/platform"
	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/manifests/kinds"
	"github.com/deployfile/deployfile/mlmodel"
	bkllb "github.com/moby/buildkit/client/llb"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
)

// document is the text of a Deployfile.
type document struct {
	*request

	// name is its file name in the client's directory, lockName that of its lock.
	name, lockName string
	text           []byte
	// source is the text as clients draw it.
	source *bkllb.SourceMap
	warner func(context.Context, string, gwclient.WarnOpts)
}

// open fetches the Deployfile and the files beside it.
func (r *request) open(ctx context.Context) (*document, error) {
	name := r.client.BuildOpts().Opts["filename"]
	if name == "" {
		return nil, errors.New("no file name was given; build with -f Deployfile")
	}
	src, err := r.ui.ReadEntrypoint(ctx, "toml", bkllb.FollowPaths(besides(name)))
	if err != nil {
		return nil, err
	}
	d := &document{request: r, name: name, lockName: path.Base(name) + ".lock", text: src.Data, source: src.SourceMap, warner: src.Warn}
	// Clients draw these lines unchanged.
	d.source.Data = []byte(terminal.Masked(string(d.text)))
	return d, nil
}

// besides returns patterns for the Deployfile and the files beside it.
func besides(name string) []string {
	file := sent(name)
	return []string{file, file + ".dockerignore", file + ".lock", path.Join(path.Dir(file), "pylock*.toml")}
}

// locateSource adds to an error the lines of the Deployfile that it is about.
func (d *document) locateSource(err error) error { return withSource(err, sourceInfo(d.source)) }

// project is a Deployfile.
type project struct {
	*document

	file *deployfile.File
	// diagnostics are its warnings.
	diagnostics []deployfile.Diagnostic
}

func (d *document) parse(ctx context.Context) (*project, error) {
	file, diagnostics, err := deployfile.ParseWithArgs(d.name, d.text, kinds.All(), d.ui.BuildArgs)
	if err != nil {
		return nil, err
	}
	for _, x := range diagnostics {
		d.warn(ctx, x)
	}
	for _, arg := range slices.Sorted(maps.Keys(d.ui.BuildArgs)) {
		if _, declared := file.Args[arg]; !declared && !ownArg(arg) {
			d.warnText(ctx, "build argument "+arg+" is not declared in [args], and nothing refers to it")
		}
	}
	return &project{document: d, file: file, diagnostics: diagnostics}, nil
}

// checkTarget refuses a --target that is neither an output nor a target of the
// Deployfile.
func (p *project) checkTarget() error {
	var names []string
	for _, o := range outputs() {
		names = append(names, o.name)
	}
	names = append(names, slices.Sorted(maps.Keys(p.file.Targets))...)
	if !slices.Contains(names, p.target()) {
		return fmt.Errorf("target %q is not known: there are %s", p.target(), strings.Join(names, ", "))
	}
	return nil
}

// platforms returns the platforms to build for: the requested ones, else the
// Deployfile's, else the builder's own.
func (p *project) platforms() []string {
	var out []string
	for _, x := range p.ui.TargetPlatforms {
		out = append(out, platform.Name(x))
	}
	if len(out) == 0 {
		out = append(out, p.file.Image.Platforms...)
	}
	if len(out) == 0 {
		out = []string{p.resolver.BuildPlatform}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// setPlatforms makes dockerui build for the platforms that p.platforms lists.
func (p *project) setPlatforms() error {
	names := p.platforms()
	p.ui.TargetPlatforms = nil
	for _, name := range names {
		x, err := platforms.Parse(name)
		if err != nil {
			return err
		}
		p.ui.TargetPlatforms = append(p.ui.TargetPlatforms, x)
	}
	p.ui.MultiPlatformRequested = p.ui.MultiPlatformRequested || len(names) > 1
	return nil
}

func (d *document) warn(ctx context.Context, w deployfile.Diagnostic) {
	opts := gwclient.WarnOpts{Range: []*pb.Range{protoRange(w.Range)}}
	if w.Hint != "" {
		opts.Detail = [][]byte{[]byte(terminal.Printable(w.Hint))}
	}
	d.warner(ctx, terminal.Printable(w.Rule+": "+w.Message), opts)
}

func (d *document) warnModel(ctx context.Context, w mlmodel.Warning) {
	where := w.File
	if w.Line > 0 {
		where += fmt.Sprintf(":%d", w.Line)
	}
	d.warnText(ctx, where+": "+w.Message)
}

func (d *document) warnText(ctx context.Context, message string) {
	d.warner(ctx, terminal.Printable(message), gwclient.WarnOpts{})
}
