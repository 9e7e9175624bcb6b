package modelstore

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/deployfile/deployfile/modelsource"
)

// An address gets the credential that git has for its host, and no other: not even if a
// line break in it names one.
func TestGitCredential(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CONFIG_HOME", home)
	for name, text := range map[string]string{
		".gitconfig":       "[credential]\n\thelper = store\n",
		".git-credentials": "https://me:s3cr3t@git.example.com\n",
	} {
		if err := os.WriteFile(filepath.Join(home, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o := Options{Getenv: func(string) string { return "" }}
	for address, want := range map[string]string{
		"https://git.example.com/x":                                       "Basic bWU6czNjcjN0",
		"https://stranger.example.com/x":                                  "",
		"https://stranger.example.com/x%0Ahost=git.example.com%0Apath=y":  "",
		"https://stranger.example.com/x%0Aurl=https://git.example.com%0A": "",
	} {
		l := &lfs{options: o}
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		h, _ := l.credential(t.Context(), u)
		if got := h.Get(authorization); got != want {
			t.Errorf("%s gets %q, want %q", address, got, want)
		}
		source := "git+" + address
		s, err := Reopen(modelsource.Pin{Source: source, Resolved: source + "@0123456789abcdef0123456789abcdef01234567"}, o)
		if err != nil {
			continue
		}
		access, err := s.Access(t.Context(), nil)
		if err != nil || access.Headers[authorization] != want {
			t.Errorf("%s: the steps get %+v, %v; want %q", address, access, err, want)
		}
	}
}
