//go:build integration

package buildx

import (
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// TestCheck has buildx draw what --call=check finds, and fail on errors alone.
func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(t *testing.T, p *project)
		// fails says that the check fails; line is the text of the line that is
		// drawn, want what is said.
		fails bool
		line  string
		want  []string
	}{
		{name: "good", want: []string{"Check complete, no warnings found."}},
		{name: "warning", change: func(t *testing.T, p *project) {
			p.Write(t, "Deployfile", p.Read(t, "Deployfile")+"\n[image]\nuser = \"0:0\"\n")
		}, line: `user = "0:0"`, want: []string{"running-as-root"}},
		{name: "error of a rule", change: func(t *testing.T, p *project) {
			p.Edit(t, "Deployfile", "code = ", "env = { API_TOKEN = \"hunter2\" }\ncode = ")
		}, fails: true, line: `env = { API_TOKEN = ********* }`, want: []string{"credentials"}},
		{name: "unknown key", change: func(t *testing.T, p *project) { p.Edit(t, "Deployfile", "code = ", "cod = ") },
			fails: true, line: "cod = ", want: []string{`unknown key "cod"`}},
		{name: "missing model", change: func(t *testing.T, p *project) { p.Edit(t, "Deployfile", `"model"`, `"models"`) },
			fails: true, line: `source = "models"`, want: []string{"no MLflow Model in models"}},
		{name: "bad requirement", change: func(t *testing.T, p *project) { p.Write(t, "model/requirements.txt", "dfone\nnumpy====\n") },
			fails: true, line: "numpy====", want: []string{"model/requirements.txt:2: "}},
		{name: "stale lock", change: func(t *testing.T, p *project) { p.Write(t, "model/requirements.txt", "dfone\ndftwo\n") },
			fails: true, want: []string{"Deployfile.lock is out of date", `requirement "dftwo" was added`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := lockedTiny(t, "", "")
			// What a tiny project has not, its rules shall not mind.
			p.Edit(t, "model/MLmodel", "utc_time_created", "saved_input_example_info: {artifact_path: e.json, serving_input_path: s.json, type: dataframe}\nutc_time_created")
			p.Write(t, "model/e.json", "{}")
			p.Write(t, "model/s.json", "{}")
			p.lock(t)
			if c.change != nil {
				c.change(t, p)
				if !c.fails {
					p.lock(t)
				}
			}
			r := p.buildx(t, "--call", "check")
			if (r.err != nil) != c.fails {
				t.Errorf("the check ends with %v", r.err)
			}
			wantWords(t, r.stdout+r.stderr, c.want...)
			if c.line != "" {
				wantWords(t, r.stdout+r.stderr, "| >>> "+c.line)
			}
			hides(t, "hunter2", map[string]string{"output": r.stdout + r.stderr})
		})
	}
}

// TestYanked locks a version that is withdrawn afterwards.
func TestYanked(t *testing.T) {
	one, two := lab.Wheel(t, "dfone", "1.0", ""), lab.Wheel(t, "dftwo", "1.0", "")
	x := lab.NewIndex(t, one, two)
	x.User, x.Password = "__token__", "tk-of-the-index"
	p := tiny(t, x.Table("corp", `secret = "corp"`), "dfone==1.0", "dftwo==1.0")
	how := invocation{env: []string{"CORP=" + x.Password}}
	secret := []string{"--secret", "id=corp,env=CORP"}
	p.must(t, how, append(secret, "--target", "lock", "-o", p.Dir)...)
	x.Yank(one, "it loses data")
	r := p.must(t, how, append(secret, "--call", "check")...)
	wantWords(t, r.stdout, "yanked-requirement", "dfone 1.0 was withdrawn from its index: it loses data", "| >>> source = ")
	if strings.Contains(r.stdout, "dftwo 1.0 was withdrawn") {
		t.Errorf("dftwo was not withdrawn:\n%s", r.stdout)
	}
	hides(t, x.Password, map[string]string{"output": r.stdout + r.stderr})

	// Without an answer the rest is judged, and the check says what it lacks.
	x.Close()
	r = p.must(t, how, append(secret, "--call", "check", "--no-cache")...)
	wantWords(t, r.stdout+r.stderr, "no-input-example", "yanked-requirement: not known: dfone", "yanked-requirement: not known: dftwo")
}

// TestCheckOfWheels locks two wheels that bring the same file.
func TestCheckOfWheels(t *testing.T) {
	x := lab.NewIndex(t,
		lab.Wheel(t, "dfone", "1.0", ""),
		lab.WheelOf(t, "zevil", "1.0", "py3-none-any", map[string]string{"dfone.py": "import os\n", "zevil.pth": "import dfone\n"}),
	)
	p := tiny(t, x.Table("local"), "dfone", "zevil")
	p.lock(t)
	r := p.must(t, invocation{}, "--call", "check")
	wantWords(t, r.stdout, "file-conflict", "dfone and zevil contain /opt/venv/lib/python3.11/site-packages/dfone.py with different contents",
		"startup-code", "zevil contains /opt/venv/lib/python3.11/site-packages/zevil.pth, whose code runs at every start of Python")
}
