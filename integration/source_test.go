//go:build integration

package integration

import (
	"github.com/deployfile/deployfile/internal/testing/lab"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// backendSource is a build backend (PEP 517) in the source tree, which needs
// nothing beside Python.
const backendSource = `
import zipfile

def build_wheel(directory, config_settings=None, metadata_directory=None):
    name = "dfbackend-1.0-py3-none-any.whl"
    info = "dfbackend-1.0.dist-info/"
    with zipfile.ZipFile(f"{directory}/{name}", "w") as z:
        def add(path, text):
            z.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), text)
        add("dfbackend.py", "WORDS = 'built by its own backend'\n")
        add(info + "METADATA", "Metadata-Version: 2.1\nName: dfbackend\nVersion: 1.0\n")
        add(info + "WHEEL", "Wheel-Version: 1.0\nGenerator: itself\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        add(info + "RECORD", "")
    return name
`

// TestSources makes wheels of source distributions and of a repository, and
// the same ones on another builder.
func TestSources(t *testing.T) {
	x := lab.NewIndex(t,
		lab.Sdist(t, "dfbackend", "1.0", map[string]string{
			"backend.py":     backendSource,
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
	p := tiny(t, x.Table("local"), "dfbackend", "dfsetup", "dfgit @ git+"+repository.ServeHTTP(t)+"@main#subdirectory=python")
	p.lock(t)
	if lock := p.Read(t, "pylock.toml"); !strings.Contains(lock, repository.Commit) {
		t.Errorf("the lock does not hold commit %s:\n%s", repository.Commit, lock)
	}
	a, img := about(t, p)
	want := map[string]string{
		"dfbackend": "built by its own backend", "dfsetup": "built by setuptools", "dfgit": "built from a commit",
	}
	if d := cmp.Diff(want, a.Modules); d != "" {
		t.Errorf("modules:\n%s", d)
	}
	if again := p.on(shared.second).build(t); again.digest != img.digest {
		t.Errorf("another builder makes another image:\n%s", cmp.Diff(img.layers(t), again.layers(t)))
	}
}
