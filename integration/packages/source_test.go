//go:build integration

package packages

import (
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/buildtest"
	"github.com/deployfile/deployfile/internal/testing/lab"

	"github.com/google/go-cmp/cmp"
)

// TestSources makes wheels of source distributions and of a repository, and
// the same ones on another builder.
func TestSources(t *testing.T) {
	x := lab.NewIndex(t,
		lab.Sdist(t, "dfbackend", "1.0", map[string]string{
			"backend.py":     lab.BackendSource,
			"pyproject.toml": "[build-system]\nrequires = []\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n",
		}),
		lab.Sdist(t, "dfsetup", "1.0", map[string]string{
			"setup.py":   "from setuptools import setup\nsetup(name='dfsetup', version='1.0', py_modules=['dfsetup'])\n",
			"dfsetup.py": "WORDS = 'built by setuptools'\n",
		}),
	)
	repository := lab.NewRepository(t, map[string]string{
		"python/pyproject.toml": "[build-system]\nrequires = [\"setuptools\"]\nbuild-backend = \"setuptools.build_meta\"\n[project]\nname = \"dfgit\"\nversion = \"1.0\"\n",
		"python/dfgit.py":       "WORDS = 'built from a commit'\n",
	})
	p := shared.Tiny(t, x.Table("local"), "dfbackend", "dfsetup", "dfgit @ git+"+repository.ServeHTTP(t)+"@main#subdirectory=python")
	p.Lock(t)
	if lock := p.Read(t, "pylock.toml"); !strings.Contains(lock, repository.Commit) {
		t.Errorf("the lock does not hold commit %s:\n%s", repository.Commit, lock)
	}
	a, img := buildtest.About(t, p)
	want := map[string]string{
		"dfbackend": "built by its own backend", "dfsetup": "built by setuptools", "dfgit": "built from a commit",
	}
	if d := cmp.Diff(want, a.Modules); d != "" {
		t.Errorf("modules:\n%s", d)
	}
	if again := p.On(shared.Second(t)).Build(t); again.Digest != img.Digest {
		t.Errorf("another builder makes another image:\n%s", cmp.Diff(img.Layers(t), again.Layers(t)))
	}
}
