package resolver

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const sum = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func TestSelect(t *testing.T) {
	interpreter := Interpreter{Minor: 11, Arch: "x86_64", Glibc: 36}
	file := func(name string) string {
		return `{ url = "https://files.example.invalid/` + name + `", size = 5, hashes = { sha256 = "` + sum + `" } }`
	}
	for _, tt := range []struct {
		name, pkg       string
		wheels, sources []string
		want            string
	}{
		{name: "best wheel", pkg: `wheels = [` + file("a-1-py3-none-any.whl") + `,` + file("a-1-cp311-cp311-manylinux_2_17_x86_64.whl") + `]`,
			wheels: []string{"a-1-cp311-cp311-manylinux_2_17_x86_64.whl"}},
		{name: "escaped name", pkg: `wheels = [` + file("a-1%2Bcpu-py3-none-any.whl") + `]`, wheels: []string{"a-1+cpu-py3-none-any.whl"}},
		{name: "sdist where no wheel fits", pkg: `wheels = [` + file("a-1-cp311-cp311-win_amd64.whl") + `]
sdist = ` + file("a-1.tar.gz"), sources: []string{"a"}},
		{name: "nothing fits", pkg: `wheels = [` + file("a-1-cp311-cp311-win_amd64.whl") + `]`, want: "no wheel for manylinux_2_36_x86_64"},
		{name: "local wheel", pkg: `archive = { path = "model/wheels/a-1-py3-none-any.whl", hashes = { sha256 = "` + sum + `" } }`,
			wheels: []string{"model/wheels/a-1-py3-none-any.whl"}},
		{name: "repository", pkg: `vcs = { type = "git", url = "https://git.example.invalid/a", commit-id = "0123456789abcdef0123456789abcdef01234567" }`, sources: []string{"a"}},
		{name: "folder", pkg: `directory = { path = "lib" }`, want: "is a directory"},
		{name: "no hash", pkg: `wheels = [{ url = "https://files.example.invalid/a-1-py3-none-any.whl", hashes = {} }]`, want: "no sha256"},
		{name: "path out of the context", pkg: `archive = { path = "../a-1-py3-none-any.whl", hashes = { sha256 = "` + sum + `" } }`, want: "outside"},
		{name: "name with a slash", pkg: `wheels = [{ name = "../a-1-py3-none-any.whl", url = "https://files.example.invalid/x", hashes = { sha256 = "` + sum + `" } }]`, want: "file name"},
	} {
		p, err := ParsePylock([]byte("lock-version = \"1.0\"\n[[packages]]\nname = \"a\"\nversion = \"1\"\n" + tt.pkg + "\n"))
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		wheels, sources, err := Select(p, interpreter)
		if tt.want != "" {
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: error %v, want one with %q", tt.name, err, tt.want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		var gotWheels, gotSources []string
		for _, w := range wheels {
			name := w.Filename
			if w.Path != "" {
				name = w.Path
			}
			gotWheels = append(gotWheels, name)
		}
		for _, s := range sources {
			gotSources = append(gotSources, s.Name)
		}
		if diff := cmp.Diff([][]string{tt.wheels, tt.sources}, [][]string{gotWheels, gotSources}); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestSelectNamesTheWheelsThereAre(t *testing.T) {
	p := &Pylock{Packages: []PylockPackage{{Name: "a", Version: "1", Wheels: []PylockFile{{URL: "https://files.example.invalid/a-1-cp311-cp311-win_amd64.whl"}}}}}
	_, _, err := Select(p, Interpreter{Minor: 11, Arch: "x86_64", Glibc: 36})
	var none *NoWheelError
	if !errors.As(err, &none) || len(none.Have) != 1 || none.Have[0] != "a-1-cp311-cp311-win_amd64.whl" {
		t.Errorf("got %#v", err)
	}
}

func TestSelectNamesAllThatIsMissing(t *testing.T) {
	windows := []PylockFile{{URL: "https://files.example.invalid/a-1-cp311-cp311-win_amd64.whl"}}
	_, _, err := Select(&Pylock{Packages: []PylockPackage{{Name: "a", Version: "1", Wheels: windows}, {Name: "b", Version: "2", Wheels: windows}}}, Interpreter{Minor: 11, Arch: "aarch64", Glibc: 36})
	if err == nil || !strings.Contains(err.Error(), "a 1 has no wheel") || !strings.Contains(err.Error(), "b 2 has no wheel") {
		t.Errorf("error %v", err)
	}
}

func TestParsePylockRefuses(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"a version to come":     {`lock-version = "2.0"`, "2.0"},
		"a package twice":       {"lock-version = \"1.0\"\n[[packages]]\nname = \"a-b\"\n[[packages]]\nname = \"A_b\"\n", "twice"},
		"a name with a line":    {"lock-version = \"1.0\"\n[[packages]]\nname = \"a\\n-r x\"\n", "not a package's name"},
		"a version with a line": {"lock-version = \"1.0\"\n[[packages]]\nname = \"a\"\nversion = \"1\\n-r x\"\n", "not a version"},
		"a branch for a commit": {"lock-version = \"1.0\"\n[[packages]]\nname = \"a\"\nvcs = { type = \"git\", url = \"https://git.example.com/a\", commit-id = \"main\" }\n", "not a commit"},
		"a nameless one":        {"lock-version = \"1.0\"\n[[packages]]\nversion = \"1\"\n", "no name"},
	} {
		_, err := ParsePylock([]byte(tt.text))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, tt.want)
		}
	}
}

func FuzzPylock(f *testing.F) {
	f.Add([]byte("lock-version = \"1.0\"\n[[packages]]\nname = \"a\"\nwheels = [{ url = \"https://files.example.invalid/a-1-py3-none-any.whl\" }]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ParsePylock(data)
		if err != nil {
			return
		}
		wheels, _, err := Select(p, Interpreter{Minor: 11, Arch: "x86_64", Glibc: 36})
		if err != nil {
			return
		}
		for _, w := range wheels {
			if strings.ContainsAny(w.Filename, "/\\\x00") || len(w.SHA256) != 64 {
				t.Errorf("accepted %#v", w)
			}
		}
	})
}
