package mlmodel

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	hashA = "sha256:" + strings.Repeat("a", 64)
	hashB = "sha256:" + strings.Repeat("b", 64)
)

// uvModel is what MLflow saves of a project of uv, as uv 0.9 writes it.
func uvModel(lock, project string) []string {
	return []string{"MLmodel", condaModel, "python_env.yaml", "python: 3.11.7\ndependencies: [-r requirements.txt]\n",
		"requirements.txt", "--extra-index-url https://packages.example.com/simple\nmlflow==2.9.2\nnumpy==1.26.4 ; python_full_version < '3.12'\n",
		"uv.lock", lock, "pyproject.toml", project}
}

func uvLockText() string {
	return fmt.Sprintf(`version = 1
revision = 3
requires-python = ">=3.11"
resolution-markers = [
    "python_full_version >= '3.12'",
    "python_full_version < '3.12'",
]

[[package]]
name = "demo"
version = "0.1.0"
source = { virtual = "." }
dependencies = [
    { name = "acme-features" },
    { name = "numpy", version = "1.26.4", source = { registry = "https://index.example.org/simple" }, marker = "python_full_version < '3.12'" },
]

[package.metadata]
requires-dist = [
    { name = "acme-features", specifier = ">=1", index = "https://packages.example.com/simple" },
    { name = "numpy", specifier = ">=1.26,<3" },
    { name = "helper", git = "https://git.example.com/helper?rev=v1" },
]

[package.metadata.requires-dev]
dev = [{ name = "pytest", specifier = ">=8" }]

[[package]]
name = "acme-features"
version = "1.2"
source = { registry = "https://packages.example.com/simple" }
wheels = [
    { url = "https://packages.example.com/acme_features-1.2-py3-none-any.whl", hash = "%[1]s" },
]

[[package]]
name = "helper"
version = "1.0"
source = { git = "https://git.example.com/helper?rev=v1#0123456789012345678901234567890123456789" }

[[package]]
name = "numpy"
version = "1.26.4"
source = { registry = "https://index.example.org/simple" }
resolution-markers = [
    "python_full_version < '3.12'",
]
sdist = { url = "https://index.example.org/numpy-1.26.4.tar.gz", hash = "%[1]s", size = 1 }
wheels = [
    { url = "https://index.example.org/numpy-1.26.4-cp311-cp311-manylinux_2_17_x86_64.whl", hash = "%[2]s", size = 1 },
]
`, hashA, hashB)
}

const uvProjectText = `[project]
name = "demo"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = [
    "acme_features >= 1",
    "numpy<3,>=1.26",
    "helper",
]

[dependency-groups]
dev = ["pytest>=8"]

[[tool.uv.index]]
name = "acme"
url = "https://packages.example.com/simple"
explicit = true

[tool.uv.sources]
helper = { git = "https://git.example.com/helper", rev = "v1" }
`

func TestReadUVLock(t *testing.T) {
	m, warnings, err := Read(files(uvModel(uvLockText(), uvProjectText)...), ".")
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	want := []Requirement{
		{Name: "acme-features", Text: "acme-features==1.2", Specifier: "==1.2", Hashes: []string{hashA}, File: "uv.lock", Line: 28},
		{Name: "numpy", Text: "numpy==1.26.4 ; python_full_version < '3.12'", Specifier: "==1.26.4", Marker: "python_full_version < '3.12'",
			Hashes: []string{hashB, hashA}, File: "uv.lock", Line: 41},
	}
	if d := cmp.Diff(want, m.Constraints); d != "" {
		t.Errorf("constraints: -want +got:\n%s", d)
	}
	if d := cmp.Diff([]LockedIndex{{URL: "https://packages.example.com/simple", Packages: []string{"acme-features"}}}, m.LockedIndexes); d != "" {
		t.Errorf("indexes: -want +got:\n%s", d)
	}
}

func TestReadProjectAlone(t *testing.T) {
	m, warnings, err := Read(files("MLmodel", condaModel, "pyproject.toml", "[project]\nname = 'a'\ndependencies = [\n  'numpy<3',\n  \"pandas\",\n]\n"), ".")
	if err != nil || len(warnings) > 0 || len(m.Requirements) != 2 || m.Requirements[1].Text != "pandas" || m.Requirements[1].Line != 5 {
		t.Errorf("%+v, %v, %v", m, warnings, err)
	}
}

func TestReadUVLockThatDoesNotFit(t *testing.T) {
	for name, test := range map[string]struct{ lock, project, where, message string }{
		"version":   {uvLockText(), strings.Replace(uvProjectText, "numpy<3,>=1.26", "numpy>=2", 1), "pyproject.toml:7", "it was made for numpy<3,>=1.26, and this asks for numpy>=2"},
		"more":      {uvLockText(), strings.Replace(uvProjectText, `"helper",`, `"helper",`+"\n    \"scipy\",", 1), "pyproject.toml:9", "it was made before scipy was required"},
		"less":      {uvLockText(), strings.Replace(uvProjectText, `    "numpy<3,>=1.26",`+"\n", "", 1), "uv.lock:21", "it does not require numpy, for which this was locked"},
		"group":     {uvLockText(), strings.Replace(uvProjectText, "pytest>=8", "pytest>=9", 1), "pyproject.toml:12", "it was made for pytest>=8"},
		"not TOML":  {"version = \n", uvProjectText, "uv.lock:1", "this is not TOML"},
		"version 2": {"version = 2\n", uvProjectText, "uv.lock:1", "version 2 of uv.lock is not known"},
		"name":      {strings.Replace(uvLockText(), `name = "acme-features"`+"\nversion", `name = "--pre"`+"\nversion", 1), uvProjectText, "uv.lock:28", "is not a package"},
		"hash":      {strings.ReplaceAll(uvLockText(), hashB, "md5:1"), uvProjectText, "uv.lock:41", "is not a hash of numpy"},
		"credential": {strings.Replace(uvLockText(), "https://index.example.org", "https://u:hunter2@index.example.org", 1), uvProjectText, "uv.lock:15",
			"there is a credential in the URL"},
		"project": {uvLockText(), "[project\n", "pyproject.toml:2", "this is not TOML: expected"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := Read(files(uvModel(test.lock, test.project)...), ".")
			checkFault(t, err, test.where, test.message, ".dockerignore")
			checkAdvice(t, err)
		})
	}
}

// An index becomes a line of the lock and a table of uv's.
func TestIndexesOfUVLock(t *testing.T) {
	indexes, packages := "", "version = 1\n"
	for n := range maxLockedIndexes + 1 {
		indexes += fmt.Sprintf("[[tool.uv.index]]\nurl = \"https://%d.example.com/simple\"\n", n)
		packages += fmt.Sprintf("[[package]]\nname = \"a%d\"\nversion = \"1\"\nsource = { registry = \"https://%[1]d.example.com/simple\" }\n", n)
	}
	const one = "version = 1\n[[package]]\nname = \"a\"\nversion = \"1\"\nsource = { registry = \"%s\" }\n"
	for name, test := range map[string]struct{ lock, project, message string }{
		"many":      {packages, indexes, "more than 100 indexes"},
		"a file":    {fmt.Sprintf(one, "file:///etc"), "[[tool.uv.index]]\nurl = \"file:///etc\"\n", "an index needs an http or https URL"},
		"two words": {fmt.Sprintf(one, "https://a.example.com/ default"), "[[tool.uv.index]]\nurl = \"https://a.example.com/ default\"\n", "an index needs an http or https URL"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := Read(files(uvModel(test.lock, test.project)...), ".")
			checkFault(t, err, "pyproject.toml:1", test.message, ".dockerignore")
		})
	}
}

func TestReadPylockOfModel(t *testing.T) {
	pylock := fmt.Sprintf(`lock-version = "1.0"
created-by = "uv"

[[packages]]
name = "numpy"
version = "1.26.4"
marker = "sys_platform == 'linux'"
index = "https://index.example.org/simple"
wheels = [{ url = "https://index.example.org/n.whl", hashes = { sha256 = "%s" } }]

[[packages]]
name = "local"
directory = { path = "." }
`, strings.Repeat("a", 64))
	m, _, err := Read(files("m/MLmodel", condaModel, "m/requirements.txt", "numpy", "m/pylock.toml", pylock), "m")
	if err != nil {
		t.Fatal(err)
	}
	want := []Requirement{{Name: "numpy", Text: "numpy==1.26.4 ; sys_platform == 'linux'", Specifier: "==1.26.4", Marker: "sys_platform == 'linux'",
		Hashes: []string{hashA}, File: "m/pylock.toml", Line: 4}}
	if d := cmp.Diff(want, m.Constraints); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	_, _, err = Read(files("m/MLmodel", condaModel, "m/requirements.txt", "numpy", "m/pylock.toml", "lock-version = '9'\n"), "m")
	checkFault(t, err, "m/pylock.toml:1", "is not known", "")
	// That of the Deployfile itself.
	if m, _, err := Read(files("MLmodel", condaModel, "requirements.txt", "numpy", "pylock.toml", pylock), "."); err != nil || len(m.Constraints) > 0 {
		t.Errorf("%+v, %v", m.Constraints, err)
	}
}

func FuzzUVLock(f *testing.F) {
	f.Add(uvLockText(), uvProjectText)
	f.Add("version = 1\n[[package]]\n", "[project]\ndependencies = ['a;b']\n")
	f.Fuzz(func(t *testing.T, lock, project string) {
		fsys := files(uvModel(lock, project)...)
		if _, _, err := Read(fsys, "."); err != nil {
			checkPlace(t, fsys, err)
		}
	})
}
