package resolver

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The reference lists are made by testdata/tags.py with Python's packaging.
func TestTags(t *testing.T) {
	for name, i := range map[string]Interpreter{
		"testdata/tags-cp311-x86_64-2.36.txt":  {Minor: 11, Arch: "x86_64", Glibc: 36},
		"testdata/tags-cp312-aarch64-2.28.txt": {Minor: 12, Arch: "aarch64", Glibc: 28},
	} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		want := strings.Split(strings.TrimSpace(string(data)), "\n")
		if diff := cmp.Diff(unique(want), unique(i.tags())); diff != "" {
			t.Errorf("%s (-packaging +ours):\n%s", name, diff)
		}
	}
}

func unique(in []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, s := range in {
		if !seen[s] {
			out = append(out, s)
		}
		seen[s] = true
	}
	return out
}

func TestChoose(t *testing.T) {
	i := Interpreter{Minor: 11, Arch: "x86_64", Glibc: 36}
	for _, tt := range []struct {
		name  string
		files []string
		want  int
	}{
		{"none", nil, -1},
		{"pure", []string{"a-1-py3-none-any.whl"}, 0},
		{"own before abi3 before pure", []string{"a-1-py3-none-any.whl", "a-1-cp39-abi3-manylinux_2_17_x86_64.whl", "a-1-cp311-cp311-manylinux_2_17_x86_64.whl"}, 2},
		{"newest C library that is there", []string{"a-1-cp311-cp311-manylinux_2_17_x86_64.whl", "a-1-cp311-cp311-manylinux_2_35_x86_64.whl", "a-1-cp311-cp311-manylinux_2_39_x86_64.whl"}, 1},
		{"other architecture", []string{"a-1-cp311-cp311-manylinux_2_17_aarch64.whl"}, -1},
		{"other system", []string{"a-1-cp311-cp311-win_amd64.whl", "a-1-cp311-cp311-musllinux_1_2_x86_64.whl"}, -1},
		{"newer Python", []string{"a-1-cp312-cp312-manylinux_2_17_x86_64.whl"}, -1},
		{"several tags in one name", []string{"a-1-cp311-cp311-manylinux2014_x86_64.manylinux_2_17_x86_64.whl"}, 0},
		{"py2.py3", []string{"a-1-py2.py3-none-any.whl"}, 0},
		{"higher build number", []string{"a-1-1-py3-none-any.whl", "a-1-2-py3-none-any.whl", "a-1-py3-none-any.whl"}, 1},
		{"not a wheel", []string{"a-1.tar.gz", "a.whl"}, -1},
	} {
		if got := i.ranks().choose(tt.files); got != tt.want {
			t.Errorf("%s: Choose(%q) = %d, want %d", tt.name, tt.files, got, tt.want)
		}
	}
}
