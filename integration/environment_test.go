package integration

import (
	"fmt"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/resolver"
	"github.com/google/go-cmp/cmp"
)

// TestEnvironment uses most that a Deployfile can say of an environment at
// once: further requirements with constraints and markers, a wheel beside the
// model, several folders of code, variables, labels and a user.
func TestEnvironment(t *testing.T) {
	x := newIndex(t,
		wheel(t, "dfone", "1.0", ""), wheel(t, "dfone", "2.0", ""),
		wheel(t, "dftwo", "1.0", ""), wheel(t, "dfnever", "1.0", ""),
		wheel(t, "dfdeep", "1.0", "WORDS = 'needed by another'"),
	)
	local := wheel(t, "dflocal", "1.0", "WORDS = 'a wheel beside the model'", "dfdeep")
	plain := wheel(t, "dfplain", "1.0", "WORDS = 'named as MLflow names the wheels of a wheeled model'")
	p := tiny(t, `requirements = ["more.txt"]
env = { DF_GREETING = "good day", PATH_LIKE = "a:b=c" }

[image]
user   = "1234:4321"
labels = { "com.example.team" = "models" }

`+x.table(), "dfone", "./wheels/"+local.name, "wheels/"+plain.name)
	p.write(t, "model/wheels/"+plain.name, string(plain.content))
	// No newline at the end, as editors leave it.
	p.write(t, "more.txt", "-c most.txt\ndftwo ; python_version >= '3.9'\ndfnever ; sys_platform == 'win32'")
	p.write(t, "most.txt", "dfone<2")
	p.write(t, "model/wheels/"+local.name, string(local.content))
	p.write(t, "second/extra.py", "raise SystemExit('not imported')\n")
	p.edit(t, "Deployfile", `code = ["code"]`, `code = ["code", "second"]`)
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
	local := wheel(t, "dflocal", "1.0", "")
	p := tiny(t, "", "./wheels/"+local.name)
	p.write(t, "model/wheels/"+local.name, string(local.content))
	p.lock(t)
	p.write(t, "model/wheels/"+local.name, string(wheel(t, "dflocal", "1.0", "import os").content))
	_, _, err := p.tryBuild(t, nil)
	wantError(t, err, local.name)
	if !strings.Contains(err.Error(), "other contents") && !strings.Contains(err.Error(), "sha256") {
		t.Errorf("the error does not say that the wheel changed: %v", err)
	}
}

// TestDefaultIndex takes everything from one index, uv itself included, and
// finds nothing that only the built-in one has.
func TestDefaultIndex(t *testing.T) {
	first := tiny(t, "")
	first.lock(t)
	lock, err := resolver.ParseLock([]byte(first.read(t, "Deployfile.lock")))
	if err != nil {
		t.Fatal(err)
	}
	x := newIndex(t, wheel(t, "dfone", "1.0", ""))
	x.links = map[string]string{}
	for _, f := range lock.UV {
		x.links["uv"] += fmt.Sprintf("<a href=\"%s#sha256=%s\">%s</a>\n", f.URL, f.SHA256, f.Filename)
	}
	p := tiny(t, x.table("default = true"), "dfone")
	p.lock(t)
	p.build(t)

	p.write(t, "model/requirements.txt", "dfone\nmarkupsafe\n")
	_, err = p.tryLock(t, nil)
	wantError(t, err, "No solution found", "markupsafe was not found")
}

// TestImageThatCannotServe builds a server that ends at once: there is no
// image of it.
func TestImageThatCannotServe(t *testing.T) {
	p := tiny(t, "")
	p.edit(t, "Deployfile", `"/opt/code/answer.py"`, `"-c", "raise SystemExit('the weights are missing')"`)
	_, o, err := p.tryBuild(t, nil)
	wantError(t, err, "verify")
	if !strings.Contains(o.log, "the weights are missing") {
		t.Errorf("the log does not hold the server's own words:\n%s", tail(o.log))
	}
}
