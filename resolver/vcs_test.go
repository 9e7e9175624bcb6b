package resolver

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseRepository(t *testing.T) {
	for text, want := range map[string]repository{
		"a @ git+https://git.example.com/a.git":                  {Name: "a", Key: "a", URL: "https://git.example.com/a.git"},
		"a @ git+https://git.example.com/a.git@v1.0":             {Name: "a", Key: "a", URL: "https://git.example.com/a.git", Revision: "v1.0"},
		"a[x,y] @ git+ssh://git@git.example.com/o/a@feature/one": {Name: "a[x,y]", Key: "a", URL: "ssh://git@git.example.com/o/a", Revision: "feature/one"},
		"a @ git+https://git.example.com/a#subdirectory=lib&egg=a ; python_version < '4'": {
			Name: "a", Key: "a", URL: "https://git.example.com/a", Subdirectory: "lib", Marker: "python_version < '4'"},
	} {
		got, ok, err := parseRepository(text)
		if err != nil || !ok {
			t.Errorf("%q: %v %v", text, ok, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
	if _, ok, _ := parseRepository("a==1"); ok {
		t.Error("a==1 is taken for a repository")
	}
	if _, _, err := parseRepository("a @ git+nowhere"); err == nil {
		t.Error("a repository without a host is accepted")
	}
}
