// Package toolchain runs steps in the toolchain image: the image whose Python
// and uv resolve, build and install wheels, and which never becomes part of
// what is built. Its functions are pure: they describe steps as LLB and solve
// nothing.
package toolchain

import (
	_ "embed"
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/moby/buildkit/client/llb"
)

// Epoch is the modification time of every file that a build makes. It is the
// same for all images, and not SOURCE_DATE_EPOCH, so that images share their
// layers; 1980 is the earliest year that a zip file can hold.
func Epoch() time.Time { return time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC) }

// VirtualEnv is where the image's Python environment lives.
const VirtualEnv = "/opt/venv"

// OutputDir is the mount that a step writes its result to.
const OutputDir = "/out"

const (
	scriptDir = "/run/deployfile"
	uvDir     = "/run/uv"
	caPath    = "/run/secrets/ca"
)

// Toolchain is the toolchain image on the platform that builds.
type Toolchain struct {
	// Root is the image's file system.
	Root llb.State
	// Python is the absolute path of its interpreter, Version that
	// interpreter's minor version, "3.11".
	Python, Version string
	// UV holds the wheel of uv for the platform that builds, as a file UVName.
	UV     llb.State
	UVName string
	// CA is the id of the secret with extra certificate authorities.
	CA string
	// Network are the options of steps that reach the network, such as a
	// proxy or extra hosts.
	Network []llb.RunOption
	// Limits are those of steps that reach the network or run programs of others.
	Limits Limits
	// Constraints are put on every vertex: the builder's capabilities and the
	// platform that builds.
	Constraints []llb.ConstraintsOpt
}

// Script is a Python program of this project that runs in a step.
type Script struct {
	// Name is its file name, Source its text.
	Name   string
	Source []byte
}

//go:embed confine.py
var confineSource []byte

// State is the script as a file below scratch. What no step needs, capabilities
// and new privileges, it gives up before anything else (confine.py).
func (s Script) State(c ...llb.ConstraintsOpt) llb.State {
	source := slices.Concat(confineSource, []byte{'\n'}, s.Source)
	return llb.Scratch().File(
		llb.Mkfile("/"+s.Name, 0o444, source, llb.WithCreatedTime(Epoch())),
		with(c, llb.WithCustomName("[internal] "+s.Name))...)
}

// Mount puts a state, or a file or folder of it, into a step, read-only.
type Mount struct {
	// Path is where, absolute; Source what; From the path within Source, ""
	// for all of it.
	Path   string
	Source llb.State
	From   string
}

// Step is a run of a script in the toolchain. Its file system is read-only
// but for OutputDir and /tmp.
type Step struct {
	// Name is what the progress display shows.
	Name   string
	Script Script
	Args   []string
	Env    map[string]string
	Mounts []Mount
	// Network lets the step reach the builder's network, with the CA secret
	// and Secrets (id → mount path) present. A step without it has none.
	Network bool
	Secrets []Secret
	// UV mounts uv and names it in the environment variable UV. Its cache ends
	// with the step: what one project's build scripts write is not read by
	// another's.
	UV bool
	// Programs says that the step runs programs of others: within the toolchain's
	// limits, as a step with a network is.
	Programs bool
	// IgnoreCache runs the step though its result is cached.
	IgnoreCache bool
	// Options are put on the vertex, such as its place in a source file.
	Options []llb.RunOption
}

// Secret is a build secret that a step may read.
type Secret struct {
	// ID is the secret's id, Path its file in the step.
	ID, Path string
}

// Run returns what the step leaves in OutputDir.
func (t Toolchain) Run(s Step) llb.State {
	args := append([]string{t.Python, "-I", "-B", path.Join(scriptDir, s.Script.Name)}, s.Args...)
	opts := []llb.RunOption{
		llb.Args(args),
		llb.ReadonlyRootFS(),
		llb.AddEnv("LC_ALL", "C.UTF-8"),
		llb.AddEnv("TZ", "UTC"),
		llb.AddEnv("HOME", "/tmp"),
		llb.AddEnv("SOURCE_DATE_EPOCH", fmt.Sprint(Epoch().Unix())),
		llb.AddMount("/tmp", llb.Scratch(), llb.Tmpfs()),
		llb.AddMount(scriptDir, s.Script.State(t.Constraints...), llb.Readonly),
		llb.WithCustomName(terminal.Line(s.Name)),
	}
	for _, c := range t.Constraints {
		opts = append(opts, c)
	}
	for _, k := range sortedKeys(s.Env) {
		opts = append(opts, llb.AddEnv(k, s.Env[k]))
	}
	if s.UV {
		opts = append(opts,
			llb.AddMount(uvDir, t.uv(), llb.Readonly),
			llb.AddEnv("UV", path.Join(uvDir, "uv")),
			llb.AddEnv("UV_CACHE_DIR", "/tmp/uv-cache"),
			llb.AddEnv("UV_NO_CONFIG", "1"),
			llb.AddEnv("UV_PYTHON_DOWNLOADS", "never"))
	}
	for _, m := range s.Mounts {
		mo := []llb.MountOption{llb.Readonly}
		if m.From != "" {
			mo = append(mo, llb.SourcePath(m.From))
		}
		opts = append(opts, llb.AddMount(m.Path, m.Source, mo...))
	}
	if s.Network {
		opts = append(opts, secret(Secret{ID: t.CA, Path: caPath}), llb.AddEnv("CA", caPath))
		opts = append(opts, t.Network...)
		for _, x := range s.Secrets {
			opts = append(opts, secret(x))
		}
	} else {
		opts = append(opts, llb.Network(llb.NetModeNone))
	}
	if s.Programs || s.Network {
		opts = append(opts, t.Limits.Option())
	}
	if s.IgnoreCache {
		opts = append(opts, llb.IgnoreCache)
	}
	opts = append(opts, s.Options...)
	return t.Root.Run(opts...).AddMount(OutputDir, llb.Scratch())
}

func secret(s Secret) llb.RunOption {
	return llb.AddSecretWithDest(s.ID, &s.Path, llb.SecretOptional)
}

// uv is a folder with the uv binary, unpacked from its wheel.
func (t Toolchain) uv() llb.State {
	return t.Run(Step{
		Name:   "unpack " + t.UVName,
		Script: unpackScript(),
		Args:   []string{"/wheels/" + t.UVName},
		Mounts: []Mount{{Path: "/wheels", Source: t.UV}},
	})
}

// Settle gives every file and folder of a tree the time Epoch. An action that
// makes a file leaves the time of day on the folder around it, whatever time
// that was made with; a copy sets the times of folders last.
func Settle(st llb.State, c ...llb.ConstraintsOpt) llb.State {
	at := Epoch()
	return llb.Scratch().File(
		llb.Copy(st, "/", "/", &llb.CopyInfo{CopyDirContentsOnly: true, CreatedTime: &at}),
		with(c, llb.WithCustomName("[internal] settle times"))...)
}

// SitePackages is the folder of a virtual environment that packages are
// installed to, relative to it.
func SitePackages(version string) string {
	return path.Join("lib", "python"+version, "site-packages")
}

func with(c []llb.ConstraintsOpt, more ...llb.ConstraintsOpt) []llb.ConstraintsOpt {
	return append(append([]llb.ConstraintsOpt{}, c...), more...)
}
