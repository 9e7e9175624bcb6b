//go:build integration

package integration

import (
	"fmt"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/deployfile/deployfile/resolver"
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
	p := tiny(t, `requirements = ["more.txt"]
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
	p.lock(t)
	var text, user, extra string
	img := p.serve(t, func(s *server) {
		text = s.get(t, "/about")
		user = s.exec(t, "id", "-u") + ":" + s.exec(t, "id", "-g")
		extra = s.exec(t, "python", "-c", "import importlib.util; print(importlib.util.find_spec('extra').origin)")
	})
	var a answer
	decode(t, text, &a)
	if d := cmp.Diff([]string{"dfdeep==1.0", "dflocal==1.0", "dfone==1.0", "dfplain==1.0", "dftwo==1.0"}, a.versions()); d != "" {
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
	if user != "1234:4321" || img.config.Config.User != user {
		t.Errorf("the user is %s, in the config %s", user, img.config.Config.User)
	}
	if extra != "/opt/code/extra.py" {
		t.Errorf("extra is %s", extra)
	}
	if got := img.config.Config.Labels["com.example.team"]; got != "models" {
		t.Errorf("the label is %q", got)
	}
}

// TestLocalWheelTampered changes a wheel beside the model after it was locked.
func TestLocalWheelTampered(t *testing.T) {
	local := lab.Wheel(t, "dflocal", "1.0", "")
	p := tiny(t, "", "./wheels/"+local.Name)
	p.Write(t, "model/wheels/"+local.Name, string(local.Content))
	p.lock(t)
	p.Write(t, "model/wheels/"+local.Name, string(lab.Wheel(t, "dflocal", "1.0", "import os").Content))
	_, _, err := p.tryBuild(t, nil)
	wantError(t, err, local.Name)
	if !strings.Contains(err.Error(), "other contents") && !strings.Contains(err.Error(), "sha256") {
		t.Errorf("the error does not say that the wheel changed: %v", err)
	}
}

// TestDefaultIndex takes everything from one index, uv itself included, and
// finds nothing that only the built-in one has.
func TestDefaultIndex(t *testing.T) {
	first := tiny(t, "")
	first.lock(t)
	x := lab.NewIndex(t, lab.Wheel(t, "dfone", "1.0", ""))
	x.Links = uvLinks(t, first)
	p := tiny(t, x.Table("local", "default = true"), "dfone")
	p.lock(t)
	p.build(t)

	p.Write(t, "model/requirements.txt", "dfone\nmarkupsafe\n")
	_, err := p.tryLock(t, nil)
	wantError(t, err, "No solution found", "markupsafe was not found")
}

// uvLinks is the page, as lab.Index has it, by which an index has the uv of a
// project's lock.
func uvLinks(t *testing.T, p *project) map[string]string {
	t.Helper()
	lock, err := resolver.ParseLock([]byte(p.Read(t, "Deployfile.lock")))
	if err != nil {
		t.Fatal(err)
	}
	page := ""
	for _, f := range lock.UV {
		page += fmt.Sprintf("<a href=\"%s#sha256=%s\">%s</a>\n", f.URL, f.SHA256, f.Filename)
	}
	return map[string]string{"uv": page}
}

// TestImageThatCannotServe builds a server that ends at once: there is no
// image of it.
func TestImageThatCannotServe(t *testing.T) {
	p := tiny(t, "")
	p.Edit(t, "Deployfile", `"/opt/code/answer.py"`, `"-c", "raise SystemExit('the weights are missing')"`)
	_, o, err := p.tryBuild(t, nil)
	wantError(t, err, "verify")
	wantSource(t, err, p.Read(t, "Deployfile"), "source")
	if !strings.Contains(o.log, "the weights are missing") {
		t.Errorf("the log does not hold the server's own words:\n%s", lab.Tail(o.log))
	}
}
