// Package eject writes what an image is made of as a Dockerfile with all that it
// names, so that docker build makes the image without deployfile. It is pure.
package eject

import (
	"cmp"
	"fmt"
	"path"
	"strings"

	"github.com/deployfile/deployfile/internal/pins"
	"github.com/deployfile/deployfile/llb"
	"github.com/deployfile/deployfile/resolver"
)

// Input is what the files are made from.
type Input struct {
	// Plans are those of the platforms, at least one.
	Plans []*llb.Plan
	// BaseEnv is the environment of the base image.
	BaseEnv []string
	// Indexes are those that packages come from, Links pages that link to some.
	Indexes []resolver.Index
	Links   []string
	// UV has uv's wheel for each platform that builds.
	UV []resolver.PlatformFile
}

// Files returns the files by name: the Dockerfile, the requirements of each
// platform, and the start command. Its errors say what a Dockerfile cannot hold.
func Files(in Input) (map[string][]byte, error) {
	files := map[string][]byte{}
	var err error
	for _, p := range in.Plans {
		if !platformPattern.MatchString(p.Platform) {
			return nil, fmt.Errorf("%q is not a platform", p.Platform)
		}
		if files[in.requirements(p)], err = requirements(p, in.Indexes, in.Links); err != nil {
			return nil, err
		}
	}
	start, err := in.Plans[0].Serve()
	if err != nil {
		return nil, err
	}
	for name, content := range start {
		files[startFile(name)] = content
	}
	files["Dockerfile"], err = in.dockerfile()
	return files, err
}

// serverDir is the directory of the server's modules.
const serverDir = "server"

// startFile returns where a file of the start command is, by its name in the virtual
// environment.
func startFile(name string) string {
	if path.Dir(name) == llb.ServerPackage {
		return path.Join(serverDir, path.Base(name))
	}
	return path.Base(name)
}

func requirements(p *llb.Plan, indexes []resolver.Index, links []string) ([]byte, error) {
	var list []pins.Wheel
	for _, w := range p.AllWheels() {
		list = append(list, pins.Of(w.Name, w.Version, w.Download, w.Direct))
	}
	return pins.Requirements(list, indexes, links)
}

// requirements returns the name of a platform's requirements file.
func (in Input) requirements(p *llb.Plan) string { return "requirements" + in.suffix(p, ".") + ".txt" }

// suffix tells the names of one platform from those of another; there is none for a
// single one. It ends as Docker's TARGETARCH does.
func (in Input) suffix(p *llb.Plan, separator string) string {
	if len(in.Plans) == 1 {
		return ""
	}
	return separator + arch(p.Platform)
}

func arch(platform string) string {
	_, arch, _ := strings.Cut(platform, "/")
	return arch
}

// intro explains the file to whoever inherits it.
const intro = `# Made by "deployfile eject". It needs deployfile no longer:
#
#     docker build -t IMAGE .
#
# What is fetched is pinned by a hash or a digest. A package index that wants a
# credential finds it in --secret id=netrc,src=$HOME/.netrc, one in place of the default
# one is named by --secret id=uv,src=uv.toml, and --secret id=ca,src=ca.pem has the
# certificate authorities to trust.
`

func (in Input) dockerfile() ([]byte, error) {
	d := &document{}
	d.text(intro)
	first := in.Plans[0]
	base, err := image("base", first.Base, d)
	if err != nil {
		return nil, err
	}
	tools, err := image("toolchain", first.Toolchain, d)
	if err != nil {
		return nil, err
	}
	if err := in.uv(d); err != nil {
		return nil, err
	}
	for _, p := range in.Plans {
		if err := in.environment(d, p, tools); err != nil {
			return nil, err
		}
		if err := in.debs(d, p); err != nil {
			return nil, err
		}
	}
	if len(in.Plans) > 1 {
		d.line("")
		d.line("FROM environment-${TARGETARCH} AS environment")
		if in.hasDebs() {
			d.line("FROM debs-${TARGETARCH} AS debs")
		}
	}
	if err := in.image(d, base); err != nil {
		return nil, err
	}
	return []byte(d.b.String()), nil
}

// uv writes the stages that have uv's wheel, one for each platform that builds.
func (in Input) uv(d *document) error {
	for _, u := range in.UV {
		if !platformPattern.MatchString(u.Platform) {
			continue
		}
		d.line("")
		d.line("FROM scratch AS uv-%s", arch(u.Platform))
		if err := d.add(u.Download, "/uv.whl"); err != nil {
			return err
		}
	}
	d.line("\nFROM uv-${BUILDARCH} AS uv")
	return nil
}

// environment writes the stage that installs the packages of a platform. It runs
// nothing of that platform.
func (in Input) environment(d *document, p *llb.Plan, tools string) error {
	empty, err := skeleton(p.Toolchain)
	if err != nil {
		return err
	}
	d.line("")
	d.line("FROM --platform=$BUILDPLATFORM %s AS environment%s", tools, in.suffix(p, "-"))
	d.line("USER 0")
	d.line("COPY --from=uv /uv.whl /tmp/uv.whl")
	d.run(
		p.Toolchain.Python+" -m zipfile -e /tmp/uv.whl /tmp/uv",
		"chmod +x /tmp/uv/*/scripts/uv",
		empty,
	)
	d.line("COPY %s /tmp/requirements.txt", in.requirements(p))
	links := ""
	if len(p.OwnWheels()) > 0 {
		d.line("COPY %s/ /tmp/wheels/", llb.EjectedWheels)
		links = " --find-links /tmp/wheels"
	}
	d.line(`RUN --mount=type=secret,id=netrc,target=/root/.netrc --mount=type=secret,id=uv,target=/etc/uv/uv.toml --mount=type=secret,id=ca \`)
	d.line(`    SSL_CERT_FILE=/run/secrets/ca /tmp/uv/*/scripts/uv pip install --python /opt/venv/bin/python --python-platform %s \`, llb.InstallPlatform(p.Platform))
	d.line(`    --no-cache --no-deps --require-hashes --only-binary :all: --index-strategy unsafe-best-match \`)
	d.line(`    --compile-bytecode%s -r /tmp/requirements.txt && rm -f /opt/venv/.lock`, links)
	if p.Base.Python == p.Toolchain.Python {
		return nil
	}
	if empty, err = skeleton(p.Base); err != nil {
		return err
	}
	d.line("# The base has its Python elsewhere.")
	d.run(empty)
	return nil
}

// debs writes the stage that has the Debian packages of a platform.
func (in Input) debs(d *document, p *llb.Plan) error {
	if !in.hasDebs() {
		return nil
	}
	d.line("")
	d.line("FROM scratch AS debs%s", in.suffix(p, "-"))
	for n, s := range p.SystemPackages {
		if err := d.add(s.Download, fmt.Sprintf("/%03d.deb", n+1)); err != nil {
			return err
		}
	}
	return nil
}

func (in Input) hasDebs() bool {
	for _, p := range in.Plans {
		if len(p.SystemPackages) > 0 {
			return true
		}
	}
	return false
}

// image writes the last stage.
func (in Input) image(d *document, base string) error {
	p := in.Plans[0]
	if !userPattern.MatchString(p.Config.User) {
		return fmt.Errorf("%q is no user of numbers", p.Config.User)
	}
	d.line("")
	if len(in.Plans) == 1 {
		d.line("FROM --platform=%s %s", p.Platform, base)
	} else {
		d.line("FROM %s", base)
	}
	if in.hasDebs() {
		d.line("USER 0")
		d.line(`RUN --mount=type=bind,from=debs,target=/debs \`)
		d.line(`    export DEBIAN_FRONTEND=noninteractive && find /debs -name '*.deb' -exec dpkg --unpack {} + && dpkg --configure -a`)
		if p.Config.UserName != "" {
			uid, gid, _ := strings.Cut(p.Config.User, ":")
			d.line("RUN grep -q '^[^:]*:[^:]*:%s:' /etc/passwd || echo '%s:x:%s:%s::/tmp:/usr/sbin/nologin' >>/etc/passwd", uid, p.Config.UserName, uid, cmp.Or(gid, uid))
		}
	}
	d.line("COPY --from=environment /opt/venv /opt/venv")
	d.line("COPY --chmod=755 serve /opt/venv/bin/serve")
	d.line("COPY serve.json /opt/venv/serve.json")
	if p.Server.Kind == "mlflow" {
		d.line("COPY %s/ /opt/venv/%s/", serverDir, llb.ServerPackage)
	}
	if len(p.Code) > 0 {
		d.line("COPY %s/ /opt/code/", llb.EjectedCode)
	}
	d.line("COPY %s/ /opt/model/", llb.EjectedModel)
	if err := d.pairs("ENV", in.ownEnv()); err != nil {
		return err
	}
	if err := d.pairs("LABEL", p.Config.Labels); err != nil {
		return err
	}
	d.line("USER %s", p.Config.User)
	d.line("WORKDIR %s", p.Config.WorkingDir)
	d.line("EXPOSE %d", p.Server.Port)
	d.line("STOPSIGNAL SIGTERM")
	d.line("HEALTHCHECK NONE")
	d.line("ENTRYPOINT []")
	d.line(`CMD ["serve"]`)
	return nil
}

// ownEnv returns what the image's environment has beside its base's.
func (in Input) ownEnv() map[string]string {
	base := map[string]bool{}
	for _, e := range in.BaseEnv {
		base[e] = true
	}
	own := map[string]string{}
	for _, e := range in.Plans[0].Config.Env {
		if name, value, _ := strings.Cut(e, "="); !base[e] {
			own[name] = value
		}
	}
	return own
}
