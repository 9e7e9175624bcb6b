package toolchain

import (
	_ "embed"
	"fmt"
	"path"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"
)

// Skeleton is an empty virtual environment (PEP 405) at VirtualEnv whose
// interpreter is the one at the given path of the image it is put on.
func (t Toolchain) Skeleton(python, version string, c ...llb.ConstraintsOpt) llb.State {
	name := "make the virtual environment for Python " + version
	if !Supports(c, pb.CapFileSymlinkCreate) {
		return t.Run(Step{Name: name, Script: Script{Name: "skeleton.py", Source: skeletonSource}, Args: []string{VirtualEnv, python, version}})
	}
	at := llb.WithCreatedTime(Epoch())
	bin := path.Join(VirtualEnv, "bin")
	cfg := fmt.Sprintf("home = %s\ninclude-system-site-packages = false\nversion = %s\n", path.Dir(python), version)
	made := llb.Scratch().File(llb.
		Mkdir("/opt", 0o755, at).
		Mkdir(VirtualEnv, 0o755, at).
		Mkdir(bin, 0o755, at).
		Mkfile(path.Join(VirtualEnv, "pyvenv.cfg"), 0o644, []byte(cfg), at).
		Symlink(python, path.Join(bin, "python"), at).
		Symlink("python", path.Join(bin, "python3"), at).
		Symlink("python", path.Join(bin, "python"+version), at),
		with(c, llb.WithCustomName(name))...)
	return Settle(made, c...)
}

//go:embed skeleton.py
var skeletonSource []byte

// Supports says whether the builder, whose capabilities are among the
// constraints, has one of them. Docker's engine has a BuildKit of its own age:
// the one of Debian 12 knows no symbolic links and no exclusions.
func Supports(c []llb.ConstraintsOpt, capability apicaps.CapID) bool {
	var all llb.Constraints
	for _, o := range c {
		o.SetConstraintsOption(&all)
	}
	return all.Caps == nil || all.Caps.Supports(capability) == nil
}
