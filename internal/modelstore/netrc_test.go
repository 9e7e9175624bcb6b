package modelstore

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"
)

// A credential of ~/.netrc goes to the host that it names, and to no other.
func TestNetrc(t *testing.T) {
	home := t.TempDir()
	text := "# a comment\nmachine other.example.com login a password b\nmacdef init\nmachine Example.com login no password no\n\n" +
		"machine example.com\n\tlogin me\n\tpassword s3cr3t\nmachine 127.0.0.1 password only\ndefault login anyone password stranger\n"
	if err := os.WriteFile(filepath.Join(home, ".netrc"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{
		"https://example.com/m.tgz":        "Basic bWU6czNjcjN0",
		"https://EXAMPLE.com:8443/m.tgz":   "Basic bWU6czNjcjN0",
		"http://example.com/m.tgz":         "",
		"http://127.0.0.1:8080/m.tgz":      "Basic Om9ubHk=",
		"https://stranger.example.com/m":   "",
		"https://example.com.evil.net/m":   "",
		"https://default/m":                "",
		"https://other.example.com/m":      "Basic YTpi",
		"https://sub.example.com/m.tar.gz": "",
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		h, err := netrcHeaders(u, Options{Home: home, Getenv: func(string) string { return "" }})
		if got := h.Get(authorization); err != nil || got != want {
			t.Errorf("%s gets %q, %v; want %q", address, got, err, want)
		}
	}
}
