//go:build integration

package resolver

import "testing"

// A secret goes to what is below its index, and to nobody else who has a path on the
// same host. Go chooses it for the files of a lock, Python while it is made; both are
// asked.
func TestSecretOfAPath(t *testing.T) {
	index := func(url, secret string) Index {
		return Index{Name: secret, URL: url, SecretID: secret, Secret: secret}
	}
	tenants := []Index{
		index("https://a.example/one/simple", "one"), index("https://a.example/two/simple/", "two"),
		index("https://a.example/two/inner/simple", "inner"), index("https://a.example/open/simple", ""),
	}
	group := []Index{index("https://g.example/groups/5/simple", "group"), index("https://h.example/simple", "other")}
	cases := []struct {
		url     string
		indexes []Index
		want    string
	}{
		{"https://a.example/one/files/x.whl", tenants, "one"},
		{"https://a.example/one/simple/x/x.whl#sha256=00", tenants, "one"},
		{"https://a.example/two/x.whl", tenants, "two"},
		{"https://a.example/two/inner/x.whl", tenants, "inner"},
		{"https://a.example:443/two/x.whl", tenants, "two"},
		{"https://A.Example/two/x.whl", tenants, "two"},
		{"https://a.example/open/x.whl", tenants, ""},
		{"https://a.example/three/x.whl", tenants, ""},
		{"https://a.example/onerous/x.whl", tenants, ""},
		{"https://a.example/one/../three/x.whl", tenants, ""},
		{"https://a.example/one/%2e%2e/two/x.whl", tenants, "two"},
		{"https://a.example//one//x.whl", tenants, "one"},
		{"https://a.example/one%2Fx.whl", tenants, "one"},
		{"http://a.example/one/x.whl", tenants, ""},
		{"https://a.example:8443/one/x.whl", tenants, ""},
		{"https://a.example.org/one/x.whl", tenants, ""},
		// It has a credential of its own.
		{"https://one@a.example/one/x.whl", tenants, ""},
		// It keeps its files elsewhere on its host, where no other index is.
		{"https://g.example/projects/7/x.whl", group, "group"},
		{"https://h.example/packages/x.whl", group, "other"},
		{"https://i.example/packages/x.whl", group, ""},
	}
	var calls [][]any
	for _, c := range cases {
		calls = append(calls, []any{"secret_for", c.url, c.indexes})
	}
	var python []*string
	askScripts(t, "call.py", calls, &python)
	for n, c := range cases {
		found, ok := credential(c.indexes, c.url)
		if found.SecretID != c.want || ok != (c.want != "") {
			t.Errorf("%s gets %q, %v in Go, want %q", c.url, found.SecretID, ok, c.want)
		}
		if got := python[n]; (got != nil) != (c.want != "") || got != nil && *got != c.want {
			t.Errorf("%s gets %v in Python, want %q", c.url, got, c.want)
		}
	}
	mirror := append(tenants, Index{Name: "mirror", URL: "https://a.example/mirror/simple", Mirror: true, SecretID: "mirror"})
	for url, want := range map[string]string{"https://a.example/one/x.whl": "one", "https://f.example/x.whl": "mirror"} {
		if found, ok := credential(mirror, url); !ok || found.SecretID != want {
			t.Errorf("%s is fetched through %q, %v, want %q", url, found.SecretID, ok, want)
		}
	}
}
