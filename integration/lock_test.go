//go:build integration

package integration

import (
	"github.com/deployfile/deployfile/internal/testing/lab"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// about builds and runs a tiny project and returns what it says of itself.
func about(t *testing.T, p *project) (answer, *image) {
	t.Helper()
	var text string
	img := p.serve(t, func(s *server) { text = s.get(t, "/about") })
	var a answer
	decode(t, text, &a)
	return a, img
}

// TestLockChangesNoMoreThanItMust moves one package of two.
func TestLockChangesNoMoreThanItMust(t *testing.T) {
	x := lab.NewIndex(t, lab.Wheel(t, "dfone", "1.0", ""), lab.Wheel(t, "dfone", "2.0", ""), lab.Wheel(t, "dftwo", "1.0", ""), lab.Wheel(t, "dftwo", "2.0", ""))
	p := tiny(t, "constraints = [\"old.txt\"]\n"+x.Table("local"), "dfone", "dftwo")
	p.Write(t, "old.txt", "dfone<2\ndftwo<2\n")
	locked := func(want ...string) {
		t.Helper()
		var got []string
		for _, line := range strings.Split(p.Read(t, "pylock.toml"), "\n") {
			if version, ok := strings.CutPrefix(line, "version = "); ok {
				got = append(got, strings.Trim(version, `"`))
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("versions of dfone and dftwo:\n%s", d)
		}
	}
	p.lock(t)
	locked("1.0", "1.0")

	p.Edit(t, "Deployfile", "constraints = [\"old.txt\"]\n", "")
	p.lock(t)
	locked("1.0", "1.0")

	p.lockWith(t, upgrade("dfone"))
	locked("2.0", "1.0")

	p.lockWith(t, upgrade("*"))
	locked("2.0", "2.0")

	a, _ := about(t, p)
	if d := cmp.Diff([]string{"dfone==2.0", "dftwo==2.0"}, a.versions()); d != "" {
		t.Errorf("packages in the image:\n%s", d)
	}
}

// TestStaleLock builds after a change that the lock does not know of.
func TestStaleLock(t *testing.T) {
	x := lab.NewIndex(t, lab.Wheel(t, "dfone", "1.0", ""), lab.Wheel(t, "dftwo", "1.0", ""))
	for name, c := range map[string]struct {
		change func(t *testing.T, p *project)
		// want is what the error must say.
		want []string
	}{
		"requirement": {
			func(t *testing.T, p *project) { p.Write(t, "model/requirements.txt", "dfone\ndftwo\n") },
			[]string{"Deployfile.lock is out of date", `requirement "dftwo" was added`, "run: deployfile lock"},
		},
		"base": {
			func(t *testing.T, p *project) {
				p.Edit(t, "Deployfile", "code = ", "base = \"registry.example.com/other:1\"\ncode = ")
			},
			[]string{"Deployfile.lock is out of date", `base was "python:3.11-slim" and is now "registry.example.com/other:1"`},
		},
		"model file changed": {
			func(t *testing.T, p *project) { p.Write(t, "model/weights.bin", "other") },
			[]string{`model file "weights.bin" has other contents`},
		},
		"model file added": {
			func(t *testing.T, p *project) { p.Write(t, "model/more.bin", "more") },
			[]string{`model file "more.bin" was added`},
		},
		"pylock edited": {
			func(t *testing.T, p *project) { p.Write(t, "pylock.toml", p.Read(t, "pylock.toml")+"\n") },
			[]string{"pylock.toml is not the file that the lock was made with"},
		},
		"lock of another version": {
			func(t *testing.T, p *project) { p.Edit(t, "Deployfile.lock", "version = 1\n", "version = 99\n") },
			[]string{"Deployfile.lock", "version 99", "run deployfile lock"},
		},
		// A message of the builder's has room for less than is read.
		"lock of another version at the end of a large file": {
			func(t *testing.T, p *project) {
				p.Write(t, "Deployfile.lock", strings.Repeat("#\n", 7<<20)+strings.Replace(p.Read(t, "Deployfile.lock"), "version = 1\n", "version = 99\n", 1))
			},
			[]string{"Deployfile.lock", "version 99", "run deployfile lock"},
		},
		"large lock": {
			func(t *testing.T, p *project) {
				p.Write(t, "Deployfile.lock", strings.Repeat("#\n", 8<<20)+p.Read(t, "Deployfile.lock"))
			},
			[]string{"Deployfile.lock is larger than 16 MiB"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := tiny(t, x.Table("local"), "dfone")
			p.Write(t, "model/weights.bin", "first")
			p.lock(t)
			c.change(t, p)
			_, _, err := p.tryBuild(t, nil)
			wantError(t, err, c.want...)
		})
	}
}

// TestMissingLock demands a lock that is not there, and then does not.
func TestMissingLock(t *testing.T) {
	p := tiny(t, "")
	_, _, err := p.tryBuild(t, demandLock)
	wantError(t, err, "Deployfile.lock is missing", "deployfile lock")

	img := p.build(t)
	if said := warnings(img.outcome); !strings.Contains(said, "there is no Deployfile.lock") {
		t.Errorf("no warning of the missing lock in:\n%s", said)
	}
	p.lock(t)
	if again := p.buildWith(t, demandLock); again.digest != img.digest {
		t.Errorf("with a lock the image is %s, without %s", again.digest, img.digest)
	}
}

// TestTamperedWheel serves other bytes than were locked, and then none.
func TestTamperedWheel(t *testing.T) {
	x := lab.NewIndex(t)
	// Other bytes in every run: a builder that has a file does not fetch it.
	good := lab.Wheel(t, "dftampered", "1.0", "# "+x.URL)
	x.Put(good)
	p := tiny(t, x.Table("local"), "dftampered")
	p.lock(t)

	x.Put(lab.Wheel(t, "dftampered", "1.0", "import os"))
	_, _, err := p.tryBuild(t, nil)
	wantError(t, err, good.Name, "its sha256 is", "but the lock says")

	x.Remove(good)
	_, _, err = p.tryBuild(t, nil)
	wantError(t, err, good.Name, "404")

	x.Put(good)
	p.build(t)
}

// wantError fails unless the error says all of it.
func wantError(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want %q", words)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("the error does not say %q:\n%v", w, err)
		}
	}
}

// warnings are the texts of a build's warnings.
func warnings(o outcome) string {
	var out strings.Builder
	for _, w := range o.Warnings {
		out.Write(w.Short)
		for _, d := range w.Detail {
			out.WriteByte('\n')
			out.Write(d)
		}
		out.WriteByte('\n')
	}
	return out.String()
}
