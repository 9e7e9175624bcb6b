//go:build integration

package packages

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/frontend"
	"github.com/deployfile/deployfile/internal/pyenv"
	"github.com/deployfile/deployfile/internal/testing/buildtest"
	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/deployfile/deployfile/llb"
	"github.com/deployfile/deployfile/resolver"
	"github.com/moby/buildkit/client"
)

// installed prints what an environment has, and runs a program of it.
const installed = `
import importlib.metadata, subprocess, sys
print(sys.prefix, *sorted(f"{d.name}=={d.version}" for d in importlib.metadata.distributions()))
`

// TestEnvironmentHere makes a locked environment on this machine, by uv and by pip:
// wheels of an index that wants a credential, of the context, and of the builder.
func TestEnvironmentHere(t *testing.T) {
	x := lab.NewIndex(t,
		lab.WheelOf(t, "dfone", "1.0", "py3-none-any", map[string]string{
			"dfone.py": "def main():\n    print('dfone runs')\n", "dfone-1.0.dist-info/entry_points.txt": "[console_scripts]\ndfone = dfone:main\n",
		}),
		lab.Wheel(t, "dfone", "2.0", ""), lab.Wheel(t, "dfextra", "1.0", ""), lab.SetuptoolsSdist(t, "dfbuilt"))
	wheel := lab.Wheel(t, "dflocal", "1.0", "", "dfextra")
	p := shared.Tiny(t, x.Table("local"), "dfone==1.0", "./wheels/"+wheel.Name, "dfbuilt")
	p.Write(t, "model/wheels/"+wheel.Name, string(wheel.Content))
	p.Lock(t)
	x.Put(lab.Wheel(t, "dfextra", "1.1", "")) // nothing is resolved anew
	wheels := t.TempDir()
	if o, err := p.Export(t, client.ExportEntry{Type: client.ExporterLocal, OutputDir: wheels}, func(o *build.Options) { o.Target = frontend.OutputWheels }); err != nil {
		t.Fatalf("%v\n%s", err, lab.Tail(o.Log))
	}
	x.User, x.Password = "me", "hunter2"
	home := t.TempDir()
	host, _, _ := strings.Cut(strings.TrimPrefix(x.URL, "http://"), ":")
	if err := os.WriteFile(filepath.Join(home, ".netrc"), []byte("machine "+host+" login me password hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOME", home)
	python := withPython(t, p)
	for name, search := range map[string]string{"uv": unpackUV(t, p) + ":" + python, "pip": python} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("PATH", search)
			dir := environment(t, p, wheels)
			out, err := exec.Command(filepath.Join(dir, "bin", "python"), "-c", installed).CombinedOutput()
			if want := dir + " dfbuilt==1.0 dfextra==1.0 dflocal==1.0 dfone==1.0\n"; err != nil || string(out) != want {
				t.Errorf("%v: the environment has\n%s, want\n%s", err, out, want)
			}
			t.Setenv("PATH", "/usr/bin:/bin") // a program that uv makes asks where it is
			out, err = exec.Command(filepath.Join(dir, "bin", "dfone")).CombinedOutput()
			if err != nil || string(out) != "dfone runs\n" {
				t.Errorf("its program: %v: %s", err, out)
			}
		})
	}
}

// TestEnvironmentHereTampered has an index that gives a locked version other bytes.
func TestEnvironmentHereTampered(t *testing.T) {
	x := lab.NewIndex(t, lab.Wheel(t, "dfone", "1.0", ""))
	p := shared.Tiny(t, x.Table("local"), "dfone")
	p.Lock(t)
	x.Put(lab.Wheel(t, "dfone", "1.0", "import os"))
	t.Setenv("PATH", withPython(t, p))
	log, err := tryEnvironment(t, p, t.TempDir(), t.TempDir(), "")
	if err == nil || !strings.Contains(strings.ToLower(log), "hash") {
		t.Errorf("error %v\n%s", err, log)
	}
}

// environment makes the environment, with wheels of a builder, and moves it to its place.
func environment(t *testing.T, p *buildtest.Project, wheels string) string {
	t.Helper()
	parent := t.TempDir()
	made, final := filepath.Join(parent, "made"), filepath.Join(parent, "final")
	if err := os.Mkdir(made, 0o755); err != nil {
		t.Fatal(err)
	}
	if log, err := tryEnvironment(t, p, made, final, wheels); err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	if err := os.Rename(made, final); err != nil {
		t.Fatal(err)
	}
	return final
}

func tryEnvironment(t *testing.T, p *buildtest.Project, made, final, wheels string) (log string, err error) {
	t.Helper()
	lock, err := resolver.ParseLock([]byte(p.Read(t, "Deployfile.lock")))
	if err != nil {
		t.Fatal(err)
	}
	pylock, err := resolver.ParsePylock([]byte(p.Read(t, "pylock.toml")))
	if err != nil {
		t.Fatal(err)
	}
	said := &buildtest.Output{}
	err = pyenv.Request{Lock: lock, Pylock: pylock, Context: p.Dir, Log: said, Built: func(context.Context) (string, error) {
		return filepath.Join(wheels, llb.EjectedWheels), nil
	}}.Make(t.Context(), made, final)
	return said.String(), err
}

// withPython is a folder with the test's Python alone, which has the lock's version.
func withPython(t *testing.T, p *buildtest.Project) string {
	t.Helper()
	python, err := filepath.EvalSymlinks(shared.Python)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(python, filepath.Join(dir, "python3.11")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// unpackUV is a folder with the uv of a project's lock.
func unpackUV(t *testing.T, p *buildtest.Project) string {
	t.Helper()
	lock, err := resolver.ParseLock([]byte(p.Read(t, "Deployfile.lock")))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, u := range lock.UV {
		if u.Platform != runtime.GOOS+"/"+runtime.GOARCH {
			continue
		}
		resp, err := http.Get(u.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		data, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.File {
			if path.Base(f.Name) != "uv" {
				continue
			}
			member, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			program, err := io.ReadAll(member)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "uv"), program, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}
