package integration

import (
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/moby/buildkit/solver/errdefs"
)

// TestUnsatisfiable asks for what no index has; the words are uv's own.
func TestUnsatisfiable(t *testing.T) {
	x := newIndex(t,
		wheel(t, "dfone", "1.0", ""), wheel(t, "dftwo", "1.0", "", "dfone>=2"),
		wheelFor(t, "dfother", "1.0", "cp311-cp311-macosx_11_0_arm64", ""),
	)
	for name, c := range map[string]struct {
		requirements []string
		want         []string
	}{
		"no such version": {[]string{"dfone==9"}, []string{"No solution found", "dfone==9"}},
		"conflict":        {[]string{"dfone", "dftwo"}, []string{"No solution found", "dftwo", "dfone>=2"}},
		"no such package": {[]string{"dfnowhere"}, []string{"No solution found", "dfnowhere was not found"}},
		"other platform":  {[]string{"dfother"}, []string{"dfother", "no wheel"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := tiny(t, x.table(), c.requirements...)
			_, err := p.tryLock(t, nil)
			wantError(t, err, c.want...)
			wantSource(t, err, p.read(t, "Deployfile"), "[environment]")
			if files := p.lockFiles(t); len(files) > 0 {
				t.Errorf("a lock was written: %v", files)
			}
		})
	}
}

// TestIndexOutOfReach locks with indexes that do not answer as they should.
func TestIndexOutOfReach(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	private := newIndex(t, wheel(t, "dfone", "1.0", ""))
	private.user, private.password = "reader", "x"
	for name, c := range map[string]struct {
		url  string
		want []string
	}{
		"unknown host":       {"https://packages.example.invalid/simple", []string{"packages.example.invalid"}},
		"connection refused": {"http://" + closed.Addr().String() + "/simple", []string{closed.Addr().String(), "refused"}},
		"unauthorized":       {private.URL + "/simple", []string{"401"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := tiny(t, "[[environment.indexes]]\nname = \"local\"\nurl = \""+c.url+"\"\n", "dfone")
			_, err := p.tryLock(t, nil)
			wantError(t, err, c.want...)
			wantSource(t, err, p.read(t, "Deployfile"), "[[environment.indexes]]", "url = ", "[environment]")
		})
	}
}

// TestModelErrors builds what is no model that can be served.
func TestModelErrors(t *testing.T) {
	for name, c := range map[string]struct {
		change func(t *testing.T, p *project)
		want   []string
		// line is what the line of the Deployfile starts with.
		line string
	}{
		"no folder": {
			func(t *testing.T, p *project) { p.edit(t, "Deployfile", `"model"`, `"elsewhere"`) },
			[]string{"elsewhere"}, "source",
		},
		"no python_function": {
			func(t *testing.T, p *project) { p.edit(t, "model/MLmodel", "python_function", "crate") },
			[]string{"MLmodel", "python_function"}, "source",
		},
		"MLmodel is no YAML": {
			func(t *testing.T, p *project) { p.write(t, "model/MLmodel", "flavors: [") },
			[]string{"MLmodel"}, "source",
		},
		"no code folder": {
			func(t *testing.T, p *project) { p.edit(t, "Deployfile", `["code"]`, `["cod"]`) },
			[]string{`"cod"`}, "code",
		},
		"no requirements file": {
			func(t *testing.T, p *project) {
				p.edit(t, "Deployfile", "code = ", "requirements = [\"extra.txt\"]\ncode = ")
			},
			[]string{"extra.txt"}, "requirements",
		},
		"unknown key": {
			func(t *testing.T, p *project) { p.edit(t, "Deployfile", "code = ", "codes = ") },
			[]string{"codes", "code"}, "codes",
		},
		"wrong Python": {
			func(t *testing.T, p *project) { p.edit(t, "Deployfile", "code = ", "python = \"3.13\"\ncode = ") },
			[]string{"python3.13", "python3.11"}, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := tiny(t, "")
			c.change(t, p)
			_, _, err := p.tryBuild(t, nil)
			wantError(t, err, c.want...)
			wantSource(t, err, p.read(t, "Deployfile"), c.line)
		})
	}
}

// wantSource fails unless the error is about a line of the Deployfile that
// starts with one of the prefixes.
func wantSource(t *testing.T, err error, deployfile string, prefixes ...string) {
	t.Helper()
	lines := strings.Split(deployfile, "\n")
	var got []string
	for _, s := range errdefs.Sources(err) {
		if string(s.Info.Data) != deployfile {
			t.Errorf("the error's source is %s:\n%s", s.Info.Filename, s.Info.Data)
			continue
		}
		for _, r := range s.Ranges {
			got = append(got, lines[r.Start.Line-1])
		}
	}
	for _, line := range got {
		for _, p := range prefixes {
			if strings.HasPrefix(line, p) {
				return
			}
		}
	}
	var s *errdefs.SolveError
	t.Errorf("the error points at %q, want a line that starts with one of %q (solve error: %v)\n%v", got, prefixes, errors.As(err, &s), err)
}
