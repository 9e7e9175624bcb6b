package llb

import (
	_ "embed"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/imagespec"
	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/modelsource"
	"github.com/deployfile/deployfile/resolver"
	"github.com/deployfile/deployfile/toolchain"
	bkllb "github.com/moby/buildkit/client/llb"
)

// Inputs are the states that a plan names by words only.
type Inputs struct {
	// Base is the base image.
	Base bkllb.State
	// Context is what the build may read, the model among it.
	Context modelsource.Context
	// Toolchain is the toolchain on the platform that builds.
	Toolchain toolchain.Toolchain
	// Indexes are needed for the secrets of files behind a credential.
	Indexes []resolver.Index
	// Merge reports whether the builder can merge layers (pb.CapMergeOp); without
	// it they are copied one upon the other.
	Merge bool
	// Several says that other platforms are built as well, so that the progress
	// display has to tell them apart.
	Several bool
	// Compression is that of the image's layers; "" is gzip.
	Compression string
	// Constraints are put on every vertex.
	Constraints []bkllb.ConstraintsOpt
}

// Image is a plan's file systems.
type Image struct {
	// State is the whole image, Base what it is put on: the base image with
	// the Debian packages.
	State, Base bkllb.State
	// Environment and Content are the layers above Base: what serves, and the
	// code and model that are served.
	Environment, Content []bkllb.State
}

// Layers are all layers above the base, in their order.
func (i *Image) Layers() []bkllb.State {
	return append(append([]bkllb.State{}, i.Environment...), i.Content...)
}

// Image makes the file systems.
func (p *Plan) Image(in Inputs) (*Image, error) {
	i := &Image{Base: in.Base}
	if len(p.SystemPackages) > 0 {
		i.Base = p.systemPackages(in)
	}
	i.Environment = []bkllb.State{in.apart(in.Toolchain.Skeleton(p.Base.Python, p.Base.PythonVersion, in.Constraints...))}
	fetching, installing := p.fetching(in), p.installing(in)
	for _, l := range p.Layers {
		st, err := p.install(in, l, fetching, installing)
		if err != nil {
			return nil, err
		}
		i.Environment = append(i.Environment, st)
	}
	serve, err := p.serve(in)
	if err != nil {
		return nil, err
	}
	i.Environment = append(i.Environment, in.apart(serve))
	if len(p.Code) > 0 {
		i.Content = append(i.Content, in.apart(p.code(in)))
	}
	if len(p.Model.Files) > 0 {
		i.Content = append(i.Content, p.modelLayers(in, imagespec.ModelDir)...)
	}
	p.put(in, i, p.layerNames())
	return i, nil
}

// put puts the layers on the base; names has one for each.
func (p *Plan) put(in Inputs, i *Image, names []string) {
	i.State = i.Base
	if in.Merge {
		i.State = bkllb.Merge(append([]bkllb.State{i.Base}, i.Layers()...), in.named("put the layers together")...)
		return
	}
	for n, layer := range i.Layers() {
		i.State = i.State.File(bkllb.Copy(layer, "/", "/", in.whole()),
			in.grouped(p.stacking(in), "add "+names[n])...)
	}
}

// layerNames has a name for each of the image's layers above the base.
func (p *Plan) layerNames() []string {
	names := []string{"virtual environment for Python " + p.Base.PythonVersion}
	for _, l := range p.Layers {
		names = append(names, "install "+l.title())
	}
	names = append(names, "start command")
	if len(p.Code) > 0 {
		names = append(names, "code in "+strings.Join(p.Code, ", "))
	}
	if len(p.Model.Files) > 0 {
		names = append(names, p.modelLayerNames()...)
	}
	return names
}

//go:embed install.py
var installSource []byte

//go:embed inturn.py
var inTurnSource []byte

// installDir is where the step that installs has install.py.
const installDir = "/run/install"

// install returns a layer with the installed wheels. It does not depend on the base,
// the model or the other layers, so it is the same in every image.
func (p *Plan) install(in Inputs, l WheelLayer, fetching, installing toolchain.Group) (bkllb.State, error) {
	t := in.Toolchain
	step := toolchain.Step{
		Name:   "install " + l.title(),
		Script: toolchain.Script{Name: "inturn.py", Source: slices.Concat(toolchain.WheelFiles(), inTurnSource)},
		Args:   []string{path.Join(installDir, "install.py"), toolchain.VirtualEnv, toolchain.SitePackages(t.Version), wheelDir, InstallPlatform(p.Platform)},
		UV:     true,
		// Not a program of theirs, but as long and as large as they make it.
		Programs: true,
		Options:  []bkllb.RunOption{installing.Option()},
		Env:      in.compressed(),
		Mounts: []toolchain.Mount{{
			Path:   toolchain.VirtualEnv,
			Source: t.Skeleton(t.Python, t.Version, t.Constraints...),
			From:   toolchain.VirtualEnv,
		}, {
			Path:   installDir,
			Source: toolchain.Script{Name: "install.py", Source: installSource}.State(t.Constraints...),
		}},
	}
	for _, w := range l.Wheels {
		m, err := w.mount(in, fetching)
		if err != nil {
			return bkllb.State{}, err
		}
		step.Mounts = append(step.Mounts, m)
		step.Args = append(step.Args, fmt.Sprintf("%s==%s=%s", w.Name, w.Version, w.SHA256))
	}
	return t.Run(step), nil
}

func (l WheelLayer) title() string {
	names := make([]string, len(l.Wheels))
	for i, w := range l.Wheels {
		names[i] = w.Name + " " + w.Version
	}
	return strings.Join(names, ", ")
}

// mount puts the wheel's file below wheelDir.
func (w Wheel) mount(in Inputs, fetching toolchain.Group) (toolchain.Mount, error) {
	m := toolchain.Mount{Path: path.Join(wheelDir, w.Filename), From: w.Filename}
	switch {
	case w.Source != nil:
		step, err := resolver.BuildStep(*w.Source, *w.Built, in.Toolchain, in.Context, in.Indexes)
		if err != nil {
			return m, err
		}
		m.Source = in.Toolchain.Run(step)
	case w.Path != "":
		m.Source, m.From = in.Context.At(w.Path)
	default:
		m.Source = resolver.Fetch(w.Name, w.Download, in.Toolchain, in.Indexes, fetching.Option())
	}
	return m, nil
}

// downloaded says whether the wheel comes from an address.
func (w Wheel) downloaded() bool { return w.Source == nil && w.Path == "" }

// InstallPlatform is uv's --python-platform: wheels of any platform install
// on the one that builds, since installing copies files and runs none.
func InstallPlatform(platform string) string {
	if platform == "linux/arm64" {
		return "aarch64-manylinux_2_40"
	}
	return "x86_64-manylinux_2_40"
}

// code is the directories of code, one over the other.
func (p *Plan) code(in Inputs) bkllb.State {
	if !in.copies() {
		return p.placeCode(in)
	}
	var files *bkllb.FileAction
	for _, dir := range p.Code {
		info := copyInfo(func(c *bkllb.CopyInfo) {
			c.CopyDirContentsOnly = true
			c.ExcludePatterns = []string{"**/__pycache__", "**/.git", "**/.DS_Store"}
		})
		if files == nil {
			files = bkllb.Copy(in.Context.State, path.Join("/", dir), imagespec.CodeDir, info)
		} else {
			files = files.Copy(in.Context.State, path.Join("/", dir), imagespec.CodeDir, info)
		}
	}
	return bkllb.Scratch().File(files, in.named("copy the code in "+strings.Join(p.Code, ", "))...)
}

// modelLayers are the small files together and each large one alone, below a
// directory.
func (p *Plan) modelLayers(in Inputs, to string) []bkllb.State {
	if !in.copies() {
		return p.placeModel(in, to)
	}
	model := in.Context.Model
	small := bkllb.Copy(model.State, model.Path(""), to, copyInfo(func(c *bkllb.CopyInfo) {
		c.CopyDirContentsOnly = true
		c.FollowSymlinks = true
		for _, f := range slices.Concat(append(p.Model.LargeLayers(), model.LeftOut)...) {
			c.ExcludePatterns = append(c.ExcludePatterns, literal(f))
		}
	}))
	layers := []bkllb.State{in.apart(bkllb.Scratch().File(small, in.grouped(p.placing(in), "copy the model's small files")...))}
	info := copyInfo(func(c *bkllb.CopyInfo) { c.ExcludePatterns = in.nothing() })
	for _, l := range p.Model.LargeLayers() {
		if layer, ok := model.Layer(l); ok && in.Merge && to == imagespec.ModelDir {
			layers = append(layers, layer)
			continue
		}
		st, at := model.At(l[0])
		files := bkllb.Copy(st, at, path.Join(to, l[0]), info)
		for _, f := range l[1:] {
			st, at := model.At(f)
			files = files.Copy(st, at, path.Join(to, f), info)
		}
		layers = append(layers, bkllb.Scratch().File(files, in.grouped(p.placing(in), "copy "+largeName(l))...))
	}
	if len(p.Model.Links) > 0 {
		layers = append(layers, in.apart(p.links(in, to)))
	}
	return layers
}

// literal is a pattern that only this path matches.
func literal(name string) string {
	escaped := strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`, `{`, `\{`, `}`, `\}`, `|`, `\|`, `^`, `\^`).Replace(name)
	if strings.HasPrefix(escaped, "!") {
		return `\` + escaped
	}
	return escaped
}

// copyInfo makes copies independent of their source: owned by root, readable by all, at
// the epoch. The copy creates the parent directories, because it alone sets their time
// after writing to them.
func copyInfo(set func(*bkllb.CopyInfo)) *bkllb.CopyInfo {
	c := &bkllb.CopyInfo{
		CreateDestPath: true,
		Mode:           &bkllb.ChmodOpt{ModeStr: "u=rwX,go=rX"},
		ChownOpt:       &bkllb.ChownOpt{User: &bkllb.UserOpt{UID: 0}, Group: &bkllb.UserOpt{UID: 0}},
		CreatedTime:    epoch(),
	}
	set(c)
	return c
}

// systemPackages is the base with the locked Debian packages installed.
func (p *Plan) systemPackages(in Inputs) bkllb.State {
	return toolchain.InstallPackages(in.Base, toolchain.Installation{
		Python: p.Base.Python, Title: p.systemTitle(), Packages: resolver.Downloads(p.SystemPackages),
		User: p.Config.User, UserName: p.Config.UserName, Limits: in.Toolchain.Limits, Env: in.compressed(),
	}, in.Constraints...)
}

func (p *Plan) systemTitle() string { return resolver.PackagesTitle(p.SystemPackages) }

func (in Inputs) grouped(g toolchain.Group, name string) []bkllb.ConstraintsOpt {
	return append(in.named(name), g.Option())
}

func (in Inputs) internal(name string) []bkllb.ConstraintsOpt {
	return append(append([]bkllb.ConstraintsOpt{}, in.Constraints...), toolchain.Internal(terminal.Line(name))...)
}

func (in Inputs) named(name string) []bkllb.ConstraintsOpt {
	return append(append([]bkllb.ConstraintsOpt{}, in.Constraints...), bkllb.WithCustomName(terminal.Line(name)))
}
