//go:build integration

package lock

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/buildtest"
	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/moby/buildkit/solver/errdefs"
)

// TestUnsatisfiable asks for what no index has; the words are uv's own, and the
// lines are those of the requirements.
func TestUnsatisfiable(t *testing.T) {
	const mac, old = "cp311-cp311-macosx_11_0_arm64", "cp39-cp39-manylinux_2_17_x86_64"
	x := lab.NewIndex(t,
		lab.Wheel(t, "dfone", "1.0", ""), lab.Wheel(t, "dftwo", "1.0", "", "dfone>=2"),
		lab.WheelFor(t, "dfother", "1.0", mac, ""), lab.WheelFor(t, "dfmore", "1.0", mac, ""), lab.WheelFor(t, "dfaged", "1.0", old, ""),
		lab.Wheel(t, "dfneedy", "1.0", "", "dfdeep"), lab.WheelFor(t, "dfdeep", "1.0", mac, ""),
	)
	closed := closedAddress(t)
	for name, c := range map[string]struct {
		requirements string
		want         []string
		// lines are what the error points at in model/requirements.txt; none for
		// [environment].
		lines []string
	}{
		"no such version":  {"dfone==9", []string{"No solution found", "dfone==9"}, []string{"dfone==9"}},
		"a line among all": {"# first\ndftwo==1.0 ; python_version < '3'\nDFone == 9\n", []string{"No solution found", "dfone==9"}, []string{"DFone == 9"}},
		"conflict":         {"dfone\ndftwo", []string{"No solution found", "dftwo", "dfone>=2"}, []string{"dftwo"}},
		"two versions":     {"dfone==1.0\n\ndfone==2.0", []string{"you require dfone==1.0 and dfone==2.0"}, []string{"dfone==1.0", "dfone==2.0"}},
		"no such package":  {"dfnowhere", []string{"No solution found", "dfnowhere was not found"}, []string{"dfnowhere"}},
		"other platforms": {"dfother\ndfone\ndfmore\ndfaged", []string{"no wheel", "`dfother` (v1.0)", "`dfmore` (v1.0)", "`dfaged` (v1.0)", "macosx_11_0_arm64", "cp39"},
			[]string{"dfother", "dfmore", "dfaged"}},
		"needed by another": {"dfneedy", []string{"no wheel", "`dfdeep` (v1.0)"}, []string{"dfneedy"}},
		"no repository":     {"dfone\ndfgit @ git+http://" + closed + "/x.git", []string{"requirement dfgit: repository http://" + closed + "/x.git"}, []string{"dfgit @ git+http://" + closed + "/x.git"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := shared.Tiny(t, x.Table("local"), c.requirements)
			_, err := p.TryLock(t, nil)
			buildtest.WantError(t, err, c.want...)
			buildtest.WantLines(t, err, p, "model/requirements.txt", c.lines...)
			if files := p.LockFiles(t); len(files) > 0 {
				t.Errorf("a lock was written: %v", files)
			}
		})
	}

	// What two constraints and requirements files say is drawn in each of them.
	p := shared.Tiny(t, "constraints = [\"old.txt\"]\nrequirements = [\"more.txt\"]\n"+x.Table("local"), "")
	p.Write(t, "old.txt", "# a secret that is commented out\ndfone<1\n")
	p.Write(t, "more.txt", "dfone\n")
	_, err := p.TryLock(t, nil)
	buildtest.WantError(t, err, "No solution found", "dfone<1")
	buildtest.WantLines(t, err, p, "old.txt", "dfone<1")
	for _, s := range errdefs.Sources(err) {
		if strings.Contains(string(s.Info.Data), "secret") {
			t.Errorf("a comment is drawn:\n%s", s.Info.Data)
		}
	}
}

// TestMissingWheels locks for two platforms, each of which lacks something else.
func TestMissingWheels(t *testing.T) {
	x := lab.NewIndex(t,
		lab.WheelFor(t, "dfintel", "1.0", "py3-none-manylinux_2_17_x86_64", ""),
		lab.WheelFor(t, "dfarm", "1.0", "py3-none-manylinux_2_17_aarch64", ""),
		lab.WheelFor(t, "dfpart", "1.0", "py3-none-manylinux_2_17_x86_64", ""), lab.Sdist(t, "dfpart", "1.0", map[string]string{"setup.py": ""}),
		lab.WheelFor(t, "dfpiece", "1.0", "py3-none-manylinux_2_17_x86_64", ""), lab.Sdist(t, "dfpiece", "1.0", map[string]string{"setup.py": ""}),
	)
	dir := filepath.Join(t.TempDir(), "layout")
	if err := lab.WriteBothPlatforms(dir, shared.Base); err != nil {
		t.Fatal(err)
	}
	lock := func(requirements ...string) (*buildtest.Project, error) {
		p := shared.Tiny(t, x.Table("local")+"\n[image]\nplatforms = [\"linux/amd64\", \"linux/arm64\"]\n", requirements...)
		p.Contexts["base"] = "oci-layout://" + dir
		_, err := p.TryLock(t, nil)
		return p, err
	}
	p, err := lock("dfintel", "dfarm")
	buildtest.WantError(t, err, "for linux/amd64", "`dfarm` (v1.0)", "for linux/arm64", "`dfintel` (v1.0)")
	buildtest.WantLines(t, err, p, "model/requirements.txt", "dfintel", "dfarm")

	p, err = lock("dfpart", "dfpiece")
	for _, name := range []string{"dfpart", "dfpiece"} {
		buildtest.WantError(t, err, name+" 1.0 has no wheel for linux/arm64 and would have to be built from source there, and this builder is linux/amd64")
	}
	buildtest.WantLines(t, err, p, "model/requirements.txt", "dfpart", "dfpiece")
}

// closedAddress is one that nobody listens on.
func closedAddress(t *testing.T) string {
	t.Helper()
	port, err := lab.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", port)
}

// TestIndexOutOfReach locks with indexes that do not answer as they should.
func TestIndexOutOfReach(t *testing.T) {
	closed := closedAddress(t)
	private := lab.NewIndex(t, lab.Wheel(t, "dfone", "1.0", ""))
	private.User, private.Password = "reader", "x"
	for name, c := range map[string]struct {
		url  string
		want []string
	}{
		"unknown host":       {"https://packages.example.invalid/simple", []string{"packages.example.invalid"}},
		"connection refused": {"http://" + closed + "/simple", []string{closed, "refused"}},
		"unauthorized":       {private.URL + "/simple", []string{"401"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := shared.Tiny(t, "[[environment.indexes]]\nname = \"local\"\nurl = \""+c.url+"\"\n", "dfone")
			_, err := p.TryLock(t, nil)
			buildtest.WantError(t, err, c.want...)
			buildtest.WantSource(t, err, p.Read(t, "Deployfile"), "[[environment.indexes]]", "url = ", "[environment]")
		})
	}
}

// TestModelErrors builds what is no model that can be served.
func TestModelErrors(t *testing.T) {
	for name, c := range map[string]struct {
		change func(t *testing.T, p *buildtest.Project)
		want   []string
		// line is what the line of the Deployfile starts with.
		line string
	}{
		"no folder": {
			func(t *testing.T, p *buildtest.Project) { p.Edit(t, "Deployfile", `"model"`, `"elsewhere"`) },
			[]string{"elsewhere"}, "source",
		},
		"no python_function": {
			// As R's mlflow_log_model writes a crate.
			func(t *testing.T, p *buildtest.Project) {
				p.Write(t, "model/MLmodel", "flavors:\n  crate:\n    version: 0.1.0\n    model: crate.bin\ntime_created: 26-11-27T10:00:00\nrun_id: abc\n")
			},
			[]string{"model/MLmodel:2: ", "only R serves that", "ONNX", "source of [model]"}, "source",
		},
		"bad requirement": {
			func(t *testing.T, p *buildtest.Project) { p.Write(t, "model/requirements.txt", "dfone\nnumpy====\n") },
			[]string{"model/requirements.txt:2: "}, "source",
		},
		"MLmodel is no YAML": {
			func(t *testing.T, p *buildtest.Project) { p.Write(t, "model/MLmodel", "flavors: [") },
			[]string{"MLmodel"}, "source",
		},
		"MLmodel names a file that is not there": {
			func(t *testing.T, p *buildtest.Project) {
				p.Edit(t, "model/MLmodel", "    loader_module: tiny\n", "    loader_module: tiny\n    data: weights.bin\n")
			},
			[]string{"model/MLmodel:4: data names weights.bin, and the model has no such file", "mlflow artifacts download"}, "source",
		},
		"MLmodel names a file of another machine": {
			func(t *testing.T, p *buildtest.Project) {
				p.Edit(t, "model/MLmodel", "    loader_module: tiny\n", "    loader_module: tiny\n    artifacts:\n      w: {path: /dbfs/w.bin, uri: x}\n")
			},
			[]string{"model/MLmodel:5: artifact w names /dbfs/w.bin, which is outside of the model's directory"}, "source",
		},
		"large MLmodel": {
			func(t *testing.T, p *buildtest.Project) {
				p.Write(t, "model/MLmodel", p.Read(t, "model/MLmodel")+strings.Repeat("#\n", 4<<20))
			},
			[]string{"model/MLmodel: is larger than 8 MiB"}, "source",
		},
		"no code folder": {
			func(t *testing.T, p *buildtest.Project) { p.Edit(t, "Deployfile", `["code"]`, `["cod"]`) },
			[]string{`"cod"`}, "code",
		},
		"no requirements file": {
			func(t *testing.T, p *buildtest.Project) {
				p.Edit(t, "Deployfile", "code = ", "requirements = [\"extra.txt\"]\ncode = ")
			},
			[]string{"extra.txt"}, "requirements",
		},
		"unknown key": {
			func(t *testing.T, p *buildtest.Project) { p.Edit(t, "Deployfile", "code = ", "codes = ") },
			[]string{"codes", "code"}, "codes",
		},
		"wrong Python": {
			func(t *testing.T, p *buildtest.Project) {
				p.Edit(t, "Deployfile", "code = ", "python = \"3.13\"\ncode = ")
			},
			[]string{"python3.13", "python3.11"}, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := shared.Tiny(t, "")
			c.change(t, p)
			_, _, err := p.TryBuild(t, nil)
			buildtest.WantError(t, err, c.want...)
			buildtest.WantSource(t, err, p.Read(t, "Deployfile"), c.line)
			if name == "bad requirement" {
				buildtest.WantLines(t, err, p, "model/requirements.txt", "numpy====")
			}
		})
	}
}
