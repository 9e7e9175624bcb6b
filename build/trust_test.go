package build

import (
	"strings"
	"testing"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/resolver"
)

// TestTrust trusts what the user names, and nothing that is only called alike.
func TestTrust(t *testing.T) {
	one, two := "sha256:"+strings.Repeat("1", 64), "sha256:"+strings.Repeat("2", 64)
	mine := []string{"registry.example.com/team/", "docker.io/acme/tools", "ghcr.io/acme/python@" + one}
	for _, tt := range []struct {
		names       []string
		ref, digest string
		want        bool
	}{
		{nil, "python:3.11-slim", one, true},
		{nil, "docker.io/library/python", one, true},
		{nil, "index.docker.io/library/python:3", one, true},
		{nil, "acme/python:3.11", one, false},
		{nil, "pythons:3.11", one, false},
		{nil, "python/python", one, false},
		{nil, "registry.example.com/library/python:3.11", one, false},
		{nil, "docker.io.example.com/library/python", one, false},
		{nil, "", one, false},
		{nil, "python:3.11 x", one, false},
		{nil, "context:toolchain", one, false},
		{mine, "python:3.11-slim", one, true},
		{mine, "registry.example.com/team/python:3", one, true},
		{mine, "registry.example.com/team/a/b", one, true},
		{mine, "registry.example.com/team2/python", one, false},
		{mine, "registry.example.com/team", one, false},
		{mine, "registry.example.com:5000/team/python", one, false},
		{mine, "acme/tools:2", two, true},
		{mine, "acme/tools2", two, false},
		{mine, "ghcr.io/acme/python:3.11", one, true},
		{mine, "ghcr.io/acme/python:3.11", two, false},
		{mine, "ghcr.io/acme/python:3.11", "", false},
		// What the lock pins counts, and not what its reference says besides.
		{mine, "ghcr.io/acme/python@" + one, two, false},
		{mine, "ghcr.io/acme/python@" + one, "", true},
	} {
		known, err := parseTrusted(tt.names)
		if err != nil {
			t.Fatal(err)
		}
		if got := known.trusts(resolver.Image{Ref: tt.ref, Digest: tt.digest}); got != tt.want {
			t.Errorf("%q trusts %s, %s: %t", tt.names, tt.ref, tt.digest, got)
		}
	}
	for name, want := range map[string]string{
		"":                         "invalid reference format",
		"/":                        "invalid reference format",
		"Registry/Team":            "lowercase",
		"ghcr.io/acme/python:3.11": "name the repository",
	} {
		if _, err := parseTrusted([]string{name}); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "--trust-toolchain: ") {
			t.Errorf("%q: %v, want %q", name, err, want)
		}
	}
}

// TestToolchainOf finds the toolchain image where a build does.
func TestToolchainOf(t *testing.T) {
	lock := &resolver.Lock{Toolchain: resolver.Image{Ref: "locked"}}
	for _, tt := range []struct {
		environment deployfile.Environment
		lock        *resolver.Lock
		want        string
	}{
		{deployfile.Environment{}, nil, "python"},
		{deployfile.Environment{Base: "b"}, nil, "b"},
		{deployfile.Environment{Base: "b", Toolchain: "t"}, nil, "t"},
		{deployfile.Environment{Base: "b", Toolchain: "t"}, lock, "locked"},
		{deployfile.Environment{}, lock, "locked"},
	} {
		if got := toolchainOf(&deployfile.File{Environment: tt.environment}, tt.lock).Ref; got != tt.want {
			t.Errorf("%+v: %q, want %q", tt, got, tt.want)
		}
	}
}
