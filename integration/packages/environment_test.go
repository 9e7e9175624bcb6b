//go:build integration

package packages

import (
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/buildtest"
	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/google/go-cmp/cmp"
)

// TestEnvironment uses most that a Deployfile can say of an environment at
// once: further requirements with constraints and markers, a wheel beside the
// model, several folders of code, variables, labels and a user.
func TestEnvironment(t *testing.T) {
	x := lab.NewIndex(t,
		lab.Wheel(t, "dfone", "1.0", ""), lab.Wheel(t, "dfone", "2.0", ""),
		lab.Wheel(t, "dftwo", "1.0", ""), lab.Wheel(t, "dfnever", "1.0", ""),
		lab.Wheel(t, "dfdeep", "1.0", "WORDS = 'needed by another'"),
	)
	local := lab.Wheel(t, "dflocal", "1.0", "WORDS = 'a wheel beside the model'", "dfdeep")
	plain := lab.Wheel(t, "dfplain", "1.0", "WORDS = 'named as MLflow names the wheels of a wheeled model'")
	p := shared.Tiny(t, `requirements = ["more.txt"]
env = { DF_GREETING = "good day", PATH_LIKE = "a:b=c" }

[image]
user   = "1234:4321"
labels = { "com.example.team" = "models" }

`+x.Table("local"), "dfone", "./wheels/"+local.Name, "wheels/"+plain.Name)
	p.Write(t, "model/wheels/"+plain.Name, string(plain.Content))
	// No newline at the end, as editors leave it.
	p.Write(t, "more.txt", "-c most.txt\ndftwo ; python_version >= '3.9'\ndfnever ; sys_platform == 'win32'")
	p.Write(t, "most.txt", "dfone<2")
	p.Write(t, "model/wheels/"+local.Name, string(local.Content))
	p.Write(t, "second/extra.py", "raise SystemExit('not imported')\n")
	p.Edit(t, "Deployfile", `code = ["code"]`, `code = ["code", "second"]`)
	p.Lock(t)
	var text, user, extra string
	img := p.Serve(t, func(s *buildtest.Server) {
		text = s.Get(t, "/about")
		user = s.Exec(t, "id", "-u") + ":" + s.Exec(t, "id", "-g")
		extra = s.Exec(t, "python", "-c", "import importlib.util; print(importlib.util.find_spec('extra').origin)")
	})
	var a buildtest.Answer
	buildtest.Decode(t, text, &a)
	if d := cmp.Diff([]string{"dfdeep==1.0", "dflocal==1.0", "dfone==1.0", "dfplain==1.0", "dftwo==1.0"}, a.Versions()); d != "" {
		t.Errorf("packages:\n%s", d)
	}
	if got := a.Modules["dflocal"]; got != "a wheel beside the model" {
		t.Errorf("dflocal says %q", got)
	}
	for name, want := range map[string]string{"DF_GREETING": "good day", "PATH_LIKE": "a:b=c", "PYTHONPATH": "/opt/code"} {
		if got := a.Environment[name]; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if user != "1234:4321" || img.Config.Config.User != user {
		t.Errorf("the user is %s, in the config %s", user, img.Config.Config.User)
	}
	if extra != "/opt/code/extra.py" {
		t.Errorf("extra is %s", extra)
	}
	if got := img.Config.Config.Labels["com.example.team"]; got != "models" {
		t.Errorf("the label is %q", got)
	}
}

// TestLocalWheelTampered changes a wheel beside the model after it was locked.
func TestLocalWheelTampered(t *testing.T) {
	local := lab.Wheel(t, "dflocal", "1.0", "")
	p := shared.Tiny(t, "", "./wheels/"+local.Name)
	p.Write(t, "model/wheels/"+local.Name, string(local.Content))
	p.Lock(t)
	p.Write(t, "model/wheels/"+local.Name, string(lab.Wheel(t, "dflocal", "1.0", "import os").Content))
	_, _, err := p.TryBuild(t, nil)
	buildtest.WantError(t, err, local.Name)
	if !strings.Contains(err.Error(), "other contents") && !strings.Contains(err.Error(), "sha256") {
		t.Errorf("the error does not say that the wheel changed: %v", err)
	}
}

// TestDefaultIndex takes everything from one index, uv itself included, and
// finds nothing that only the built-in one has.
func TestDefaultIndex(t *testing.T) {
	first := shared.Tiny(t, "")
	first.Lock(t)
	x := lab.NewIndex(t, lab.Wheel(t, "dfone", "1.0", ""))
	x.Links = first.UVLinks(t)
	p := shared.Tiny(t, x.Table("local", "default = true"), "dfone")
	p.Lock(t)
	p.Build(t)

	p.Write(t, "model/requirements.txt", "dfone\nmarkupsafe\n")
	_, err := p.TryLock(t, nil)
	buildtest.WantError(t, err, "No solution found", "markupsafe was not found")
}

// TestImageThatCannotServe builds a server that ends at once: there is no
// image of it.
func TestImageThatCannotServe(t *testing.T) {
	p := shared.Tiny(t, "")
	p.Edit(t, "Deployfile", `"/opt/code/answer.py"`, `"-c", "raise SystemExit('the weights are missing')"`)
	_, o, err := p.TryBuild(t, nil)
	buildtest.WantError(t, err, "the server ended with code 1 before it answered: the weights are missing (verify that the image answers)")
	buildtest.WantSource(t, err, p.Read(t, "Deployfile"), "source")
	if !strings.Contains(o.Log, "the weights are missing") {
		t.Errorf("the log does not hold the server's own words:\n%s", lab.Tail(o.Log))
	}
}
