package pins

import (
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/hostile"
	"github.com/deployfile/deployfile/resolver"
)

var sum = strings.Repeat("a", 64)

func TestRequirements(t *testing.T) {
	got, err := Requirements([]Wheel{
		{Name: "numpy", Version: "2.4.6", SHA256: sum},
		{Name: "tool", Version: "1.0+cpu", SHA256: sum, URL: "https://files.example.com/a b/$tool-1.0+cpu-py3-none-any.whl"},
	}, []resolver.Index{
		{Name: "corp", URL: "https://packages.example.com/simple", Default: true},
		{Name: "more", URL: "https://more.example.com/simple"},
		{Name: "mirror", URL: "https://mirror.example.com/simple", Mirror: true},
	}, []string{"https://links.example.com/page"})
	if err != nil {
		t.Fatal(err)
	}
	want := `# Made by deployfile: what the lock has, with its hashes. Install it with --no-deps.
--index-url https://packages.example.com/simple
--extra-index-url https://more.example.com/simple
--find-links https://links.example.com/page
numpy==2.4.6 \
    --hash=sha256:` + sum + `
tool @ https://files.example.com/a%20b/%24tool-1.0+cpu-py3-none-any.whl \
    --hash=sha256:` + sum + `
`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// What a lock of somebody else says becomes no option and no second requirement.
func TestRequirementsHaveOnlyNames(t *testing.T) {
	good := Wheel{Name: "numpy", Version: "1", SHA256: sum}
	plain, err := Requirements([]Wheel{good}, []resolver.Index{{URL: "https://packages.example.com/"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range hostile.Texts() {
		name, version, hash, direct := good, good, good, good
		name.Name, version.Version, hash.SHA256, direct.URL = text, text, text, "https://packages.example.com/"+text
		for _, w := range []Wheel{name, version, hash, direct} {
			data, err := Requirements([]Wheel{w}, nil, nil)
			if err == nil && strings.Count(string(data), "\n") != 3 {
				t.Errorf("%q makes\n%s", text, data)
			}
			if err == nil && strings.ContainsAny(strings.TrimPrefix(string(data), "#"), "$`#\"'<>\t\x00\x1b") {
				t.Errorf("%q is in\n%s", text, data)
			}
		}
		data, err := Requirements([]Wheel{good}, []resolver.Index{{URL: "https://packages.example.com/" + text}}, nil)
		if err == nil && strings.Count(string(data), "\n") != strings.Count(string(plain), "\n") {
			t.Errorf("index %q makes\n%s", text, data)
		}
	}
}

func TestURLRefusesCredentials(t *testing.T) {
	for _, address := range []string{"https://u:p@example.com/x", "file:///x", "x", "", "https:///x"} {
		if got, err := URL(address); err == nil {
			t.Errorf("%q is %q", address, got)
		}
	}
}
