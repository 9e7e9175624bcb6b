//go:build integration

package lock

import (
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/buildtest"
	"github.com/deployfile/deployfile/internal/testing/lab"

	"github.com/google/go-cmp/cmp"
)

// TestLockChangesNoMoreThanItMust moves one package of two.
func TestLockChangesNoMoreThanItMust(t *testing.T) {
	x := lab.NewIndex(t, lab.Wheel(t, "dfone", "1.0", ""), lab.Wheel(t, "dfone", "2.0", ""), lab.Wheel(t, "dftwo", "1.0", ""), lab.Wheel(t, "dftwo", "2.0", ""))
	p := shared.Tiny(t, "constraints = [\"old.txt\"]\n"+x.Table("local"), "dfone", "dftwo")
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
	p.Lock(t)
	locked("1.0", "1.0")

	p.Edit(t, "Deployfile", "constraints = [\"old.txt\"]\n", "")
	p.Lock(t)
	locked("1.0", "1.0")

	p.LockWith(t, buildtest.Upgrade("dfone"))
	locked("2.0", "1.0")

	p.LockWith(t, buildtest.Upgrade("*"))
	locked("2.0", "2.0")

	a, _ := buildtest.About(t, p)
	if d := cmp.Diff([]string{"dfone==2.0", "dftwo==2.0"}, a.Versions()); d != "" {
		t.Errorf("packages in the image:\n%s", d)
	}
}

// TestStaleLock builds after a change that the lock does not know of.
func TestStaleLock(t *testing.T) {
	x := lab.NewIndex(t, lab.Wheel(t, "dfone", "1.0", ""), lab.Wheel(t, "dftwo", "1.0", ""))
	for name, c := range map[string]struct {
		change func(t *testing.T, p *buildtest.Project)
		// want is what the error must say.
		want []string
	}{
		"requirement": {
			func(t *testing.T, p *buildtest.Project) { p.Write(t, "model/requirements.txt", "dfone\ndftwo\n") },
			[]string{"Deployfile.lock is out of date", `requirement "dftwo" was added`, "run: deployfile lock"},
		},
		"base": {
			func(t *testing.T, p *buildtest.Project) {
				p.Edit(t, "Deployfile", "code = ", "base = \"registry.example.com/other:1\"\ncode = ")
			},
			[]string{"Deployfile.lock is out of date", `base was "python:3.11-slim" and is now "registry.example.com/other:1"`},
		},
		"model file changed": {
			func(t *testing.T, p *buildtest.Project) { p.Write(t, "model/weights.bin", "other") },
			[]string{`model file "weights.bin" has other contents`},
		},
		"model file added": {
			func(t *testing.T, p *buildtest.Project) { p.Write(t, "model/more.bin", "more") },
			[]string{`model file "more.bin" was added`},
		},
		"pylock edited": {
			func(t *testing.T, p *buildtest.Project) { p.Write(t, "pylock.toml", p.Read(t, "pylock.toml")+"\n") },
			[]string{"pylock.toml is not the file that the lock was made with"},
		},
		"lock of another version": {
			func(t *testing.T, p *buildtest.Project) {
				p.Edit(t, "Deployfile.lock", "version = 1\n", "version = 99\n")
			},
			[]string{"Deployfile.lock", "version 99", "run deployfile lock"},
		},
		// A message of the builder's has room for less than is read.
		"lock of another version at the end of a large file": {
			func(t *testing.T, p *buildtest.Project) {
				p.Write(t, "Deployfile.lock", strings.Repeat("#\n", 7<<20)+strings.Replace(p.Read(t, "Deployfile.lock"), "version = 1\n", "version = 99\n", 1))
			},
			[]string{"Deployfile.lock", "version 99", "run deployfile lock"},
		},
		"large lock": {
			func(t *testing.T, p *buildtest.Project) {
				p.Write(t, "Deployfile.lock", strings.Repeat("#\n", 8<<20)+p.Read(t, "Deployfile.lock"))
			},
			[]string{"Deployfile.lock is larger than 16 MiB"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := shared.Tiny(t, x.Table("local"), "dfone")
			p.Write(t, "model/weights.bin", "first")
			p.Lock(t)
			c.change(t, p)
			_, _, err := p.TryBuild(t, nil)
			buildtest.WantError(t, err, c.want...)
		})
	}
}

// TestMissingLock demands a lock that is not there, and then does not.
func TestMissingLock(t *testing.T) {
	p := shared.Tiny(t, "")
	_, _, err := p.TryBuild(t, buildtest.DemandLock)
	buildtest.WantError(t, err, "Deployfile.lock is missing", "deployfile lock")

	img := p.Build(t)
	if said := buildtest.Warnings(img.Outcome); !strings.Contains(said, "there is no Deployfile.lock") {
		t.Errorf("no warning of the missing lock in:\n%s", said)
	}
	p.Lock(t)
	if again := p.BuildWith(t, buildtest.DemandLock); again.Digest != img.Digest {
		t.Errorf("with a lock the image is %s, without %s", again.Digest, img.Digest)
	}
}

// TestTamperedWheel serves other bytes than were locked, and then none.
func TestTamperedWheel(t *testing.T) {
	x := lab.NewIndex(t)
	// Other bytes in every run: a builder that has a file does not fetch it.
	good := lab.Wheel(t, "dftampered", "1.0", "# "+x.URL)
	x.Put(good)
	p := shared.Tiny(t, x.Table("local"), "dftampered")
	p.Lock(t)

	x.Put(lab.Wheel(t, "dftampered", "1.0", "import os"))
	_, _, err := p.TryBuild(t, nil)
	buildtest.WantError(t, err, good.Name, "its sha256 is", "but the lock says")

	x.Remove(good)
	_, _, err = p.TryBuild(t, nil)
	buildtest.WantError(t, err, good.Name, "404")

	x.Put(good)
	p.Build(t)
}
