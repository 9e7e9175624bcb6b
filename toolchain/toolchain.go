// Package toolchain runs steps in the toolchain image: the image whose Python
// and uv resolve, build and install wheels, and which never becomes part of the
// result. Its functions are pure: they return LLB and solve nothing.
//
// Promise: it is public because its types are in the signatures of packages resolver
// and llb. A step that is the same keeps its cache key; Toolchain and Step may gain
// fields.
package toolchain

import (
	_ "embed"
	"fmt"
	"maps"
	"path"
	"slices"
	"time"

	"github.com/deployfile/deployfile/imagespec"
	"github.com/deployfile/deployfile/internal/terminal"
	bkllb "github.com/moby/buildkit/client/llb"
)

// Epoch returns the modification time of every file that a build creates. It is
// the same for all images, unlike SOURCE_DATE_EPOCH, so that images share
// layers; 1980 is the earliest year of the zip format.
func Epoch() time.Time { return time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC) }

// VirtualEnv is the path of the image's Python environment.
const VirtualEnv = imagespec.VirtualEnv

// OutputDir is the mount for the result of a step.
const OutputDir = "/out"

const (
	scriptDir = "/run/deployfile"
	uvDir     = "/run/uv"
	caPath    = "/run/secrets/ca"
)

// Toolchain is the toolchain image on the build platform.
type Toolchain struct {
	// Root is the image's file system.
	Root bkllb.State
	// Python is the absolute path of its interpreter, Version the interpreter's
	// minor version, "3.11".
	Python, Version string
	// UV contains uv's wheel for the build platform, as the file UVName.
	UV     bkllb.State
	UVName string
	// CA is the id of the secret with additional certificate authorities.
	CA string
	// Network are options for steps with a network, such as a proxy or extra
	// hosts.
	Network []bkllb.RunOption
	// Packages are Debian packages for the steps that build wheels, PackagesTitle what
	// the progress display calls them.
	Packages      []Download
	PackagesTitle string
	// Limits apply to steps that have a network or run foreign programs.
	Limits Limits
	// Constraints apply to every vertex: the builder's capabilities and the build
	// platform.
	Constraints []bkllb.ConstraintsOpt
}

// Script is one of our Python programs that run in a step.
type Script struct {
	// Name is its file name, Source its text.
	Name   string
	Source []byte
}

//go:embed confine.py
var confineSource []byte

// State returns the script as a file on scratch. First of all the script drops
// privileges that no step needs, capabilities and new privileges (confine.py).
func (s Script) State(c ...bkllb.ConstraintsOpt) bkllb.State {
	source := slices.Concat(confineSource, []byte{'\n'}, s.Source)
	return bkllb.Scratch().File(
		bkllb.Mkfile("/"+s.Name, 0o444, source, bkllb.WithCreatedTime(Epoch())),
		with(c, Internal(s.Name)...)...)
}

// Mount mounts a state, or a file or directory of it, read-only.
type Mount struct {
	// Path is the absolute mount point, Source the state, From the path within
	// Source, "" for all of it.
	Path   string
	Source bkllb.State
	From   string
}

// Step runs a script in the toolchain image. Its file system is read-only
// except for OutputDir and /tmp.
type Step struct {
	// Name is shown in the progress display.
	Name   string
	Script Script
	Args   []string
	Env    map[string]string
	Mounts []Mount
	// Network gives the step the builder's network, the CA secret and Secrets (id
	// → mount path). Other steps have no network.
	Network bool
	Secrets []Secret
	// UV mounts uv and sets the environment variable UV to its path. Its cache
	// ends with the step, so that one project's build scripts cannot write what
	// another's read.
	UV bool
	// Programs says that the step runs foreign programs. It then runs within the
	// toolchain's limits, like a step with a network.
	Programs bool
	// Packages says that the step builds a wheel, with the toolchain's Packages.
	Packages bool
	// IgnoreCache runs the step even if its result is cached.
	IgnoreCache bool
	// Options apply to the vertex, such as its location in a source file.
	Options []bkllb.RunOption
}

// Secret is a build secret for a step.
type Secret struct {
	// ID is the secret's id, Path its file in the step.
	ID, Path string
}

// Run returns the contents of OutputDir after the step.
func (t Toolchain) Run(s Step) bkllb.State {
	args := append([]string{t.Python, "-I", "-B", path.Join(scriptDir, s.Script.Name)}, s.Args...)
	opts := []bkllb.RunOption{
		bkllb.Args(args),
		bkllb.ReadonlyRootFS(),
		bkllb.AddEnv("LC_ALL", "C.UTF-8"),
		bkllb.AddEnv("TZ", "UTC"),
		bkllb.AddEnv("HOME", "/tmp"),
		bkllb.AddEnv("SOURCE_DATE_EPOCH", fmt.Sprint(Epoch().Unix())),
		bkllb.AddMount("/tmp", bkllb.Scratch(), bkllb.Tmpfs()),
		bkllb.AddMount(scriptDir, s.Script.State(t.Constraints...), bkllb.Readonly),
		bkllb.WithCustomName(terminal.Line(s.Name)),
	}
	for _, c := range t.Constraints {
		opts = append(opts, c)
	}
	for _, k := range slices.Sorted(maps.Keys(s.Env)) {
		opts = append(opts, bkllb.AddEnv(k, s.Env[k]))
	}
	if s.UV {
		opts = append(opts,
			bkllb.AddMount(uvDir, t.uv(), bkllb.Readonly),
			bkllb.AddEnv("UV", path.Join(uvDir, "uv")),
			bkllb.AddEnv("UV_CACHE_DIR", "/tmp/uv-cache"),
			bkllb.AddEnv("UV_NO_CONFIG", "1"),
			bkllb.AddEnv("UV_PYTHON_DOWNLOADS", "never"))
	}
	for _, m := range s.Mounts {
		mo := []bkllb.MountOption{bkllb.Readonly}
		if m.From != "" {
			mo = append(mo, bkllb.SourcePath(m.From))
		}
		opts = append(opts, bkllb.AddMount(m.Path, m.Source, mo...))
	}
	if s.Network {
		opts = append(opts, secret(Secret{ID: t.CA, Path: caPath}), bkllb.AddEnv("CA", caPath))
		opts = append(opts, t.Network...)
		for _, x := range s.Secrets {
			opts = append(opts, secret(x))
		}
	} else {
		opts = append(opts, bkllb.Network(bkllb.NetModeNone))
	}
	if s.Programs || s.Network {
		opts = append(opts, t.Limits.Option())
	}
	if s.IgnoreCache {
		opts = append(opts, bkllb.IgnoreCache)
	}
	opts = append(opts, s.Options...)
	root := t.Root
	if s.Packages && len(t.Packages) > 0 {
		root = InstallPackages(root, Installation{Python: t.Python, Title: t.PackagesTitle, Packages: t.Packages, Limits: t.Limits}, t.Constraints...)
	}
	return root.Run(opts...).AddMount(OutputDir, bkllb.Scratch())
}

func secret(s Secret) bkllb.RunOption {
	return bkllb.AddSecretWithDest(s.ID, &s.Path, bkllb.SecretOptional)
}

// uv returns a directory with the uv binary, unpacked from its wheel.
func (t Toolchain) uv() bkllb.State {
	return t.Run(Step{
		Name:    "unpack " + t.UVName,
		Script:  unpackScript(),
		Args:    []string{"/wheels/" + t.UVName},
		Mounts:  []Mount{{Path: "/wheels", Source: t.UV}},
		Options: []bkllb.RunOption{Preparing().Option()},
	})
}

// FixTimestamps sets the time of every file and directory of a tree to Epoch. A
// file action sets the current time on the parent directory, whatever time it
// gives the file; a copy sets the times of directories last.
func FixTimestamps(st bkllb.State, c ...bkllb.ConstraintsOpt) bkllb.State {
	at := Epoch()
	return bkllb.Scratch().File(
		bkllb.Copy(st, "/", "/", &bkllb.CopyInfo{CopyDirContentsOnly: true, CreatedTime: &at}),
		with(c, Internal("settle times")...)...)
}

// SitePackages returns the directory for packages, relative to the virtual
// environment.
func SitePackages(version string) string {
	return path.Join("lib", "python"+version, "site-packages")
}

// GitOptions returns the constraints as options of a git source.
func (t Toolchain) GitOptions() []bkllb.GitOption {
	var out []bkllb.GitOption
	for _, c := range t.Constraints {
		out = append(out, c)
	}
	return out
}

func with(c []bkllb.ConstraintsOpt, more ...bkllb.ConstraintsOpt) []bkllb.ConstraintsOpt {
	return append(append([]bkllb.ConstraintsOpt{}, c...), more...)
}
