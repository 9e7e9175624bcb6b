package modelstore

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/modelsource"
)

// The token goes to the hub that the user names, or to the default one, and to no hub
// that only a lock names.
func TestHubToken(t *testing.T) {
	home := t.TempDir()
	file := filepath.Join(home, ".cache", "huggingface", "token")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("of-the-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const commit = "0123456789abcdef0123456789abcdef01234567"
	for _, tt := range []struct {
		server, named, token, want string
	}{
		{defaultHub, "", "", "Bearer of-the-file"},
		{defaultHub, "", "s3cr3t", "Bearer s3cr3t"},
		{"https://hub.example.com/api/hf", "https://hub.example.com/api/hf", "s3cr3t", "Bearer s3cr3t"},
		{"https://hub.example.com", "", "s3cr3t", ""},
	} {
		o := Options{Home: home, Getenv: func(name string) string {
			return map[string]string{hubVariable: tt.named, modelsource.HubToken: tt.token}[name]
		}}
		s, err := Reopen(modelsource.Pin{Source: "hf://acme/iris", Resolved: "hf://acme/iris@" + commit + "/a b", Server: tt.server}, o)
		if err != nil {
			t.Fatal(err)
		}
		access, err := s.Access(t.Context(), nil)
		if err != nil || access.Headers[authorization] != tt.want || access.URL != tt.server+"/acme/iris/resolve/"+commit+"/a%20b" {
			t.Errorf("%+v: the steps get %+v, %v", tt, access, err)
		}
	}
}

// A listing that leads to another host, out of the directory, or to no end is refused.
func TestHubListing(t *testing.T) {
	for name, tt := range map[string]struct{ link, body, want string }{
		"host":  {`<https://other.example.com/x>; rel="next"`, `[]`, "at another host"},
		"out":   {"", `[{"type":"file","path":"MLmodel"}]`, "outside of iris"},
		"up":    {"", `[{"type":"file","path":"iris/../../MLmodel"}]`, "outside the model's directory"},
		"line":  {"", `[{"type":"file","path":"iris/a\nb"}]`, "control character"},
		"hash":  {"", `[{"type":"file","path":"iris/MLmodel","lfs":{"oid":"abc","size":1}}]`, "no sha256"},
		"end":   {`</api/models/acme/iris/tree/x?cursor=1>; rel="next"`, `[]`, "does not end"},
		"empty": {"", `[]`, "it has no files"},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if tt.link != "" {
				w.Header().Set("Link", tt.link)
			}
			_, _ = w.Write([]byte(tt.body))
		}))
		h, err := newHub(s.URL, Options{Getenv: func(string) string { return "" }})
		if err != nil {
			t.Fatal(err)
		}
		h.name = modelsource.HubName{Repository: "acme/iris", Revision: "x", Path: "iris"}
		if _, err := h.List(t.Context()); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
		s.Close()
	}
}
