package eject

import (
	"flag"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/golden"
	"github.com/deployfile/deployfile/llb"
	"github.com/deployfile/deployfile/resolver"
	"github.com/deployfile/deployfile/toolchain"
)

var update = flag.Bool("update", false, "write the golden files anew")

var sum = strings.Repeat("a", 64)

func plan(platform string) *llb.Plan {
	file := toolchain.Download{Filename: "x.whl", URL: "https://files.example.com/x.whl", SHA256: sum}
	p := &llb.Plan{
		Platform:  platform,
		Base:      resolver.Image{Ref: "python:3.11-slim", Digest: "sha256:" + sum, Python: "/usr/local/bin/python3.11", PythonVersion: "3.11"},
		Toolchain: resolver.Image{Ref: "python:3.11", Digest: "sha256:" + sum, Python: "/usr/bin/python3.11", PythonVersion: "3.11"},
		Layers: []llb.WheelLayer{{Name: "numpy", Wheels: []llb.Wheel{
			{Name: "numpy", Version: "2.4.6", Download: file},
			{Name: "built", Version: "1.0", Download: toolchain.Download{Filename: "built-1.0-py3-none-any.whl", SHA256: sum}, Source: &resolver.Source{Name: "built"}},
		}}},
		Code:   []string{"code"},
		Server: llb.ServerPlan{Kind: "mlflow", Port: 8080, Workers: 1},
		Config: llb.ConfigPlan{
			Env: []string{"LANG=C.UTF-8", `GREETING=say "hi" for $5 \o/`, "PATH=/opt/venv/bin:/usr/bin"}, User: "65532:65532", WorkingDir: "/opt/model",
			Labels: map[string]string{"org.opencontainers.image.title": "iris"},
		},
	}
	p.SystemPackages = []resolver.SystemPackage{{Name: "libgomp1", Download: toolchain.Download{Filename: "libgomp1.deb", URL: "https://debs.example.com/libgomp1_12%2bb1_amd64.deb", SHA256: sum}}}
	return p
}

func input(platforms ...string) Input {
	in := Input{BaseEnv: []string{"LANG=C.UTF-8", "PATH=/usr/bin"}}
	for _, name := range platforms {
		in.Plans = append(in.Plans, plan(name))
		in.UV = append(in.UV, resolver.PlatformFile{Platform: name, Download: toolchain.Download{Filename: "uv.whl", URL: "https://files.example.com/uv.whl", SHA256: sum}})
	}
	return in
}

func TestDockerfile(t *testing.T) {
	named := input("linux/amd64")
	named.Plans[0].Config.UserName = "nonroot"
	for file, in := range map[string]Input{
		"testdata/named.Dockerfile": named,
		"testdata/one.Dockerfile":   input("linux/amd64"),
		"testdata/two.Dockerfile":   input("linux/amd64", "linux/arm64"),
	} {
		files, err := Files(in)
		if err != nil {
			t.Fatal(err)
		}
		golden.Check(t, file, files["Dockerfile"], *update)
	}
}

// The server starts where it does in the image.
func TestWorkingDir(t *testing.T) {
	in := input("linux/amd64")
	in.Plans[0].Config.WorkingDir = "/"
	files, err := Files(in)
	if err != nil {
		t.Fatal(err)
	}
	if text := string(files["Dockerfile"]); !strings.Contains(text, "\nWORKDIR /\n") {
		t.Error(text)
	}
}

// The base of a lock that was made with a build context is one again.
func TestBuildContext(t *testing.T) {
	in := input("linux/amd64")
	in.Plans[0].Base.Ref, in.Plans[0].Toolchain.Ref = "context:base", "context:base"
	files, err := Files(in)
	if err != nil {
		t.Fatal(err)
	}
	if text := string(files["Dockerfile"]); !strings.Contains(text, "FROM --platform=linux/amd64 base\n") || !strings.Contains(text, "--build-context base=…") {
		t.Error(text)
	}
}

func TestFilesRefuse(t *testing.T) {
	for name, change := range map[string]func(*llb.Plan){
		"a line break in a variable": func(p *llb.Plan) { p.Config.Env = append(p.Config.Env, "A=b\nUSER 0") },
		"a line break in a label":    func(p *llb.Plan) { p.Config.Labels["a"] = "b\nUSER 0" },
		"a label's name":             func(p *llb.Plan) { p.Config.Labels[`a" b="`] = "c" },
		"a command in a path":        func(p *llb.Plan) { p.Toolchain.Python = "/usr/bin/$(evil)/python3.11" },
		"a line break in a path":     func(p *llb.Plan) { p.Base.Python = "/usr/bin\n/python3.11" },
		"an image's name":            func(p *llb.Plan) { p.Base.Ref = "python:3\nUSER 0" },
		"a context's name":           func(p *llb.Plan) { p.Base.Ref = "context:base AS x" },
		"a user's name":              func(p *llb.Plan) { p.Config.User = "0\nRUN x" },
		"a platform":                 func(p *llb.Plan) { p.Platform = "linux/amd64 x" },
		"an address":                 func(p *llb.Plan) { p.SystemPackages[0].URL = "https://u:p@debs.example.com/x.deb" },
	} {
		in := input("linux/amd64")
		change(in.Plans[0])
		if files, err := Files(in); err == nil {
			t.Errorf("%s is accepted:\n%s", name, files["Dockerfile"])
		}
	}
}
