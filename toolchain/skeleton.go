package toolchain

import (
	_ "embed"
	"fmt"
	"path"

	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"
)

// Skeleton returns an empty virtual environment (PEP 405) at VirtualEnv. Its
// interpreter is the given path in the image that the environment is copied to.
func (t Toolchain) Skeleton(python, version string, c ...bkllb.ConstraintsOpt) bkllb.State {
	name := "make the virtual environment for Python " + version
	if !Supports(c, pb.CapFileSymlinkCreate) {
		return t.Run(Step{Name: name, Script: Script{Name: "skeleton.py", Source: skeletonSource}, Args: []string{VirtualEnv, python, version}})
	}
	at := bkllb.WithCreatedTime(Epoch())
	bin := path.Join(VirtualEnv, "bin")
	cfg := fmt.Sprintf("home = %s\ninclude-system-site-packages = false\nversion = %s\n", path.Dir(python), version)
	made := bkllb.Scratch().File(bkllb.
		Mkdir("/opt", 0o755, at).
		Mkdir(VirtualEnv, 0o755, at).
		Mkdir(bin, 0o755, at).
		Mkfile(path.Join(VirtualEnv, "pyvenv.cfg"), 0o644, []byte(cfg), at).
		Symlink(python, path.Join(bin, "python"), at).
		Symlink("python", path.Join(bin, "python3"), at).
		Symlink("python", path.Join(bin, "python"+version), at),
		with(with(c, Internal(name)...), bkllb.WithCustomName(name))...)
	return FixTimestamps(made, c...)
}

//go:embed skeleton.py
var skeletonSource []byte

// Supports reports whether the builder, whose capabilities are among the
// constraints, has a capability. Docker's engine embeds a BuildKit of its own
// age: Debian 12's lacks symbolic links and exclusions.
func Supports(c []bkllb.ConstraintsOpt, capability apicaps.CapID) bool {
	var all bkllb.Constraints
	for _, o := range c {
		o.SetConstraintsOption(&all)
	}
	return all.Caps == nil || all.Caps.Supports(capability) == nil
}
