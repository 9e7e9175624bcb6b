//go:build integration

package packages

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/buildtest"
	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/google/go-cmp/cmp"
)

// TestHashes demands hashes of packages: what has another one is not installed.
func TestHashes(t *testing.T) {
	one, source := lab.Wheel(t, "dfone", "1.0", ""), lab.Sdist(t, "dfone", "1.0", map[string]string{"setup.py": ""})
	needy := lab.Wheel(t, "dfneedy", "1.0", "", "dfone")
	x := lab.NewIndex(t, one, source, needy)
	hash := func(d lab.Distribution) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(d.Content)) }
	zero := "sha256:" + strings.Repeat("0", 64)
	for name, c := range map[string]struct {
		requirements []string
		want         []string
		line         string
	}{
		"wrong":           {[]string{"# first", "dfone==1.0 --hash=" + zero}, []string{"dfone", "expected " + zero, hash(one)}, "dfone==1.0 --hash=" + zero},
		"demanded":        {[]string{"--require-hashes", "dfone==1.0"}, []string{"dfone==1.0 has no --hash", "--require-hashes"}, "dfone==1.0"},
		"of a dependency": {[]string{"--require-hashes", "dfneedy==1.0 --hash=" + hash(needy)}, []string{"no requirement has a --hash of dfone 1.0"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := shared.Tiny(t, x.Table("local"), c.requirements...)
			_, err := p.TryLock(t, nil)
			buildtest.WantError(t, err, c.want...)
			if c.line != "" {
				buildtest.WantLines(t, err, p, "model/requirements.txt", c.line)
			}
			if files := p.LockFiles(t); len(files) > 0 {
				t.Errorf("a lock was written: %v", files)
			}
		})
	}
	p := shared.Tiny(t, x.Table("local"), "--require-hashes", "dfone==1.0 \\", "    --hash="+hash(one))
	p.Lock(t)
	if pylock := p.Read(t, "pylock.toml"); strings.Contains(pylock, source.Name) || !strings.Contains(pylock, one.Name) {
		t.Errorf("the lock has a file that is not allowed:\n%s", pylock)
	}
	p.Build(t)
	// The key that mends a line of the model mends its hash.
	p = shared.Tiny(t, "override = [\"dfone==1.0\"]\n"+x.Table("local"), "dfone==1.0 --hash="+zero)
	p.Lock(t)
}

// TestRepositories requires repositories as pip freeze and READMEs write them.
func TestRepositories(t *testing.T) {
	static := lab.NewRepository(t, map[string]string{
		"pyproject.toml": "[project]\nname = \"dfstatic\"\nversion = \"1.0\"\n" + setuptools, "dfstatic.py": "WORDS = 'static'\n",
	})
	legacy := lab.NewRepository(t, map[string]string{
		"setup.py": "from setuptools import setup\nsetup(name='dfLegacy', version='2.0', py_modules=['dfLegacy'])\n", "dfLegacy.py": "WORDS = 'legacy'\n",
	})
	p := shared.Tiny(t, "", "git+"+static.ServeHTTP(t)+"@main", "-e git+"+legacy.ServeHTTP(t)+"@"+legacy.Commit+"#egg=dflegacy")
	p.Lock(t)
	var a buildtest.Answer
	p.Serve(t, func(s *buildtest.Server) { buildtest.Decode(t, s.Get(t, "/about"), &a) })
	if d := cmp.Diff([]string{"dfLegacy==2.0", "dfstatic==1.0"}, a.Versions()); d != "" {
		t.Errorf("packages:\n%s", d)
	}
	if pylock := p.Read(t, "pylock.toml"); !strings.Contains(pylock, static.Commit) || !strings.Contains(pylock, legacy.Commit) {
		t.Errorf("the lock lacks a commit:\n%s", pylock)
	}
	// A lock that is made again asks for no name again.
	p.Write(t, "model/extra.txt", "x")
	p.Lock(t)

	// setup.py alone does not tell a name: its build does.
	p = shared.Tiny(t, "", "git+"+legacy.ServeHTTP(t))
	p.Lock(t)
	if pylock := strings.ToLower(p.Read(t, "pylock.toml")); !strings.Contains(pylock, `name = "dflegacy"`) {
		t.Errorf("the lock has\n%s", pylock)
	}

	// A repository in the place of what another package requires.
	x := lab.NewIndex(t, lab.Wheel(t, "dfneedy", "1.0", "", "dfstatic==9"))
	p = shared.Tiny(t, "override = [\"dfstatic @ git+"+static.ServeHTTP(t)+"@"+static.Commit+"\"]\n"+x.Table("local"), "dfneedy")
	p.Lock(t)
	if pylock := p.Read(t, "pylock.toml"); !strings.Contains(pylock, static.Commit) {
		t.Errorf("the lock has\n%s", pylock)
	}

	short := "dfstatic @ git+" + static.ServeHTTP(t) + "@" + static.Commit[:8]
	p = shared.Tiny(t, "", "six", short)
	_, err := p.TryLock(t, nil)
	buildtest.WantError(t, err, "has no branch or tag "+static.Commit[:8], "40 digits")
	buildtest.WantLines(t, err, p, "model/requirements.txt", short)
}

const setuptools = "[build-system]\nrequires = [\"setuptools\"]\nbuild-backend = \"setuptools.build_meta\"\n[tool.setuptools]\npy-modules = [\"dfstatic\"]\n"

// TestVersionOfTag builds a project whose version git knows.
func TestVersionOfTag(t *testing.T) {
	r := lab.NewRepository(t, map[string]string{
		"pyproject.toml": "[build-system]\nrequires = [\"setuptools>=64\", \"setuptools-scm>=8\"]\nbuild-backend = \"setuptools.build_meta\"\n" +
			"[project]\nname = \"dfscm\"\ndynamic = [\"version\"]\n[tool.setuptools]\npy-modules = [\"dfscm\"]\n[tool.setuptools_scm]\n",
		"dfscm.py": "",
	})
	lab.Git(t, r.Dir, "tag", "v1.2.0")
	p := shared.Tiny(t, "", "dfscm @ git+"+r.ServeHTTP(t)+"@v1.2.0")
	p.Lock(t)
	var a buildtest.Answer
	p.Serve(t, func(s *buildtest.Server) { buildtest.Decode(t, s.Get(t, "/about"), &a) })
	if d := cmp.Diff([]string{"dfscm==1.2.0"}, a.Versions()); d != "" {
		t.Errorf("packages:\n%s", d)
	}
	line := "dfscm @ git+" + r.ServeHTTP(t) + "@main"
	p = shared.Tiny(t, "", line)
	_, err := p.TryLock(t, nil)
	buildtest.WantError(t, err, "unable to detect version", "hint: the project takes its version from the tags")
	buildtest.WantLines(t, err, p, "model/requirements.txt", line)
}

// TestSourceThatDoesNotBuild says why first, at the line of the requirement.
func TestSourceThatDoesNotBuild(t *testing.T) {
	sdist := func(project, setup string) lab.Distribution {
		return lab.Sdist(t, project, "1.0", map[string]string{"setup.py": setup})
	}
	x := lab.NewIndex(t,
		sdist("dfbroken", "class Odd:\n    pass\nOdd().cython_sources\n"),
		sdist("dfpq", "import sys\nprint('running build')\nsys.stderr.write('\\nError: pg_config executable not found.\\n\\npg_config is required to build it.\\n')\nsys.exit(1)\n"),
		sdist("sklearn", "raise SystemExit(\"The 'sklearn' PyPI package is deprecated, use 'scikit-learn'\\nrather than 'sklearn' for pip commands.\\n\\nHere is how\")\n"),
		lab.Wheel(t, "dfneedy", "1.0", "", "dfbroken"),
	)
	for requirement, want := range map[string][]string{
		"dfbroken==1.0": {"requirement dfbroken: the wheel of dfbroken 1.0 cannot be built from source: AttributeError: 'Odd' object has no attribute 'cython_sources'\n", `override = ["dfbroken==VERSION"]`},
		"dfpq":          {"cannot be built from source: Error: pg_config executable not found.\nhint: write build-packages = [\"gcc\", \"libpq-dev\"] in [environment]"},
		"sklearn":       {"requirement sklearn: did you mean scikit-learn? ", "use 'scikit-learn' rather than 'sklearn' for pip commands.", `without = ["sklearn"]`},
	} {
		p := shared.Tiny(t, x.Table("local"), "# first", requirement)
		_, err := p.TryLock(t, nil)
		buildtest.WantError(t, err, want...)
		buildtest.WantLines(t, err, p, "model/requirements.txt", requirement)
	}
}

// TestIndexesOfRequirements takes each package from the index that has the version,
// as pip does, where only requirements files name indexes.
func TestIndexesOfRequirements(t *testing.T) {
	x := lab.NewIndex(t, lab.Wheel(t, "dftorch", "2.3.0+cpu", ""), lab.Wheel(t, "six", "1.10.0", ""))
	p := shared.Tiny(t, "", "--extra-index-url "+x.URL+"/simple", "dftorch==2.3.0+cpu", "six==1.16.0")
	p.Lock(t)
	if pylock := p.Read(t, "pylock.toml"); !strings.Contains(pylock, "dftorch-2.3.0") || !strings.Contains(pylock, "six-1.16.0") {
		t.Errorf("the lock has\n%s", pylock)
	}
	// An index of the Deployfile hides what others have; the error says how to limit
	// it.
	p = shared.Tiny(t, x.Table("cpu"), "dftorch==2.3.0+cpu", "six==1.16.0")
	_, err := p.TryLock(t, nil)
	buildtest.WantError(t, err, "limit that index to the packages that it is for: packages = [")
	if strings.Contains(err.Error(), "--index-strategy") {
		t.Errorf("the error names an option of uv: %v", err)
	}
	buildtest.WantLines(t, err, p, "model/requirements.txt", "six==1.16.0")
	p = shared.Tiny(t, x.Table("cpu", `packages = ["dftorch"]`), "--extra-index-url "+x.URL+"/simple", "dftorch==2.3.0+cpu", "six==1.16.0")
	p.Lock(t)

	p = shared.Tiny(t, "", "dftorch==2.1.0+cu118")
	_, err = p.TryLock(t, nil)
	if err == nil {
		t.Fatal("locked")
	}
	x.Put(lab.Wheel(t, "dfplain", "2.1.0", ""))
	p = shared.Tiny(t, x.Table("local"), "dfplain==2.1.0+cu118")
	_, err = p.TryLock(t, nil)
	buildtest.WantError(t, err, "+cu118 is a local version", "[[environment.indexes]]", `override = ["dfplain==2.1.0"]`)
	buildtest.WantLines(t, err, p, "model/requirements.txt", "dfplain==2.1.0+cu118")
}

// TestRequirementsByURL takes a wheel and an sdist whose URLs alone are named.
func TestRequirementsByURL(t *testing.T) {
	wheel := lab.Wheel(t, "dfone", "1.0", "")
	source := lab.Sdist(t, "dfsource", "2.0", map[string]string{"setup.py": "from setuptools import setup\nsetup(name='dfsource', version='2.0', py_modules=['dfsource'])\n", "dfsource.py": ""})
	x := lab.NewIndex(t, wheel, source)
	p := shared.Tiny(t, "", x.URL+"/files/"+wheel.Name, x.URL+"/files/"+source.Name)
	p.Lock(t)
	var a buildtest.Answer
	p.Serve(t, func(s *buildtest.Server) { buildtest.Decode(t, s.Get(t, "/about"), &a) })
	if d := cmp.Diff([]string{"dfone==1.0", "dfsource==2.0"}, a.Versions()); d != "" {
		t.Errorf("packages:\n%s", d)
	}
}

// TestSaidOnce leaves uv's words to the error: the log does not have them, too.
func TestSaidOnce(t *testing.T) {
	x := lab.NewIndex(t, lab.Wheel(t, "dfone", "1.0", ""))
	p := shared.Tiny(t, x.Table("local"), "dfone==9")
	o, err := p.TryLock(t, nil)
	buildtest.WantError(t, err, "No solution found")
	if strings.Contains(o.Log, "No solution found") || strings.Contains(o.Log, "\n\n\n") {
		t.Errorf("the log is\n%s", o.Log)
	}
}

// TestOtherSystems requires what only other systems have: the key to leave it out
// is in the error, and works.
func TestOtherSystems(t *testing.T) {
	x := lab.NewIndex(t, lab.WheelFor(t, "dfwin", "306", "cp311-cp311-win_amd64", ""), lab.WheelFor(t, "dfmac", "2.13.0", "cp311-cp311-macosx_11_0_arm64", ""), lab.Wheel(t, "dfone", "1.0", ""))
	p := shared.Tiny(t, x.Table("local"), "dfone", "dfwin==306", "dfmac==2.13.0")
	_, err := p.TryLock(t, nil)
	buildtest.WantError(t, err, `without = ["dfwin", "dfmac"]`, "deployfile remove dfwin dfmac")
	buildtest.WantLines(t, err, p, "model/requirements.txt", "dfwin==306", "dfmac==2.13.0")
	p.Edit(t, "Deployfile", "code = ", "without = [\"dfwin\", \"dfmac\"]\ncode = ")
	p.Lock(t)
}
