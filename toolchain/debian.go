package toolchain

import (
	_ "embed"
	"fmt"
	"maps"
	"path"
	"slices"

	"github.com/deployfile/deployfile/internal/terminal"
	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
)

//go:embed aptinstall.py
var aptInstallSource []byte

// Installation is what InstallPackages installs.
type Installation struct {
	// Python is the path of the image's interpreter, Title the packages as the progress
	// display has them.
	Python, Title string
	Packages      []Download
	// User, "uid" or "uid:gid", is called UserName in /etc/passwd, unless it has a name
	// already or UserName is "".
	User, UserName string
	Limits         Limits
	// Env is added to the environment of the step.
	Env map[string]string
}

// InstallPackages returns an image with Debian packages installed, by its own dpkg and
// without a network.
func InstallPackages(root bkllb.State, i Installation, c ...bkllb.ConstraintsOpt) bkllb.State {
	args := []string{i.Python, "-I", "-B", "/run/deployfile/aptinstall.py", "/run/debs"}
	if i.UserName != "" {
		args = append(args, i.UserName, i.User)
	}
	opts := []bkllb.RunOption{
		bkllb.Args(args),
		bkllb.User("0"),
		bkllb.AddEnv("DEBIAN_FRONTEND", "noninteractive"),
		bkllb.AddEnv("LC_ALL", "C.UTF-8"),
		bkllb.AddEnv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
		bkllb.AddEnv("SOURCE_DATE_EPOCH", fmt.Sprint(Epoch().Unix())),
		bkllb.Network(pb.NetMode_NONE),
		i.Limits.Option(),
		bkllb.AddMount("/tmp", bkllb.Scratch(), bkllb.Tmpfs()),
		// What a package's script leaves here would carry the time of day.
		bkllb.AddMount("/run", bkllb.Scratch(), bkllb.Tmpfs()),
		bkllb.AddMount("/run/deployfile", Script{Name: "aptinstall.py", Source: aptInstallSource}.State(c...), bkllb.Readonly),
	}
	fetch := Group{Fetching, "fetch " + Count(i.Packages, "Debian package")}.Option()
	for _, d := range i.Packages {
		opts = append(opts, bkllb.AddMount(path.Join("/run/debs", d.Filename), d.State(with(c, fetch)...), bkllb.SourcePath(d.Filename), bkllb.Readonly))
	}
	for _, k := range slices.Sorted(maps.Keys(i.Env)) {
		opts = append(opts, bkllb.AddEnv(k, i.Env[k]))
	}
	opts = append(opts, bkllb.WithCustomName(terminal.Line("install "+i.Title)))
	for _, o := range c {
		opts = append(opts, o)
	}
	return root.Run(opts...).Root()
}
