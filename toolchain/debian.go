package toolchain

import (
	_ "embed"
	"fmt"
	"path"

	"github.com/deployfile/deployfile/internal/terminal"
	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
)

//go:embed aptinstall.py
var aptInstallSource []byte

// InstallPackages returns an image with Debian packages installed, by its own dpkg and
// without a network; python is the path of its interpreter, title the packages as the
// progress display has them.
func InstallPackages(root bkllb.State, python, title string, packages []Download, limits Limits, c ...bkllb.ConstraintsOpt) bkllb.State {
	opts := []bkllb.RunOption{
		bkllb.Args([]string{python, "-I", "-B", "/run/deployfile/aptinstall.py", "/run/debs"}),
		bkllb.User("0"),
		bkllb.AddEnv("DEBIAN_FRONTEND", "noninteractive"),
		bkllb.AddEnv("LC_ALL", "C.UTF-8"),
		bkllb.AddEnv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
		bkllb.AddEnv("SOURCE_DATE_EPOCH", fmt.Sprint(Epoch().Unix())),
		bkllb.Network(pb.NetMode_NONE),
		limits.Option(),
		bkllb.AddMount("/tmp", bkllb.Scratch(), bkllb.Tmpfs()),
		// What a package's script leaves here would carry the time of day.
		bkllb.AddMount("/run", bkllb.Scratch(), bkllb.Tmpfs()),
		bkllb.AddMount("/run/deployfile", Script{Name: "aptinstall.py", Source: aptInstallSource}.State(c...), bkllb.Readonly),
	}
	fetch := Group{Fetching, "fetch " + Count(packages, "Debian package")}.Option()
	for _, d := range packages {
		opts = append(opts, bkllb.AddMount(path.Join("/run/debs", d.Filename), d.State(with(c, fetch)...), bkllb.SourcePath(d.Filename), bkllb.Readonly))
	}
	opts = append(opts, bkllb.WithCustomName(terminal.Line("install "+title)))
	for _, o := range c {
		opts = append(opts, o)
	}
	return root.Run(opts...).Root()
}
