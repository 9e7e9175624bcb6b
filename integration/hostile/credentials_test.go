//go:build integration

package hostile

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/internal/testing/buildtest"
	"github.com/deployfile/deployfile/internal/testing/lab"
)

// TestNoCertificates gives what is no bundle of certificates as one.
func TestNoCertificates(t *testing.T) {
	x := lab.NewIndex(t, lab.Wheel(t, "dfone", "1.0", ""))
	_, authority := x.ServeTLS(t)
	const key = "-----BEGIN EC PRIVATE KEY-----\naGVsbG8=\n-----END EC PRIVATE KEY-----\n"
	for name, test := range map[string]struct{ content, want string }{
		"credential":  {"user:correct-horse-battery\n", "is no PEM bundle"},
		"key":         {string(authority) + key, "also holds a ec private key"},
		"certificate": {"-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n", "cannot be read"},
		"empty":       {"", "is no PEM bundle"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "ca")
			if err := os.WriteFile(file, []byte(test.content), 0o600); err != nil {
				t.Fatal(err)
			}
			p := shared.Tiny(t, "ca = \"corp-pypi\"\n"+x.Table("local"), "dfone")
			o, err := p.TryLock(t, func(o *build.Options) { o.Secrets = []string{"id=corp-pypi,src=" + file}; o.NoCache = true })
			buildtest.WantError(t, err, test.want)
			if strings.Contains(err.Error()+o.Log, "correct-horse") {
				t.Errorf("the secret is in the log:\n%s", o.Log)
			}
		})
	}
}

// TestRepositoryLearnsNoCredential requires a repository that gives an index of its
// own the name of the project's, whose credential uv would look up by that name.
func TestRepositoryLearnsNoCredential(t *testing.T) {
	var mu sync.Mutex
	var learned []string
	thief := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		learned = append(learned, r.URL.Path+" "+r.Header.Get("Authorization"))
		w.Header().Set("WWW-Authenticate", `Basic realm="packages"`)
		http.Error(w, "who are you?", http.StatusUnauthorized)
	}))
	t.Cleanup(thief.Close)
	x := lab.NewIndex(t, lab.Wheel(t, "dfone", "1.0", ""))
	x.User, x.Password = "reader", "correct-horse-battery"
	repository := lab.NewRepository(t, map[string]string{
		"pyproject.toml": "[project]\nname = \"dfthief\"\nversion = \"1.0\"\ndependencies = [\"dfbait\"]\n" +
			"[tool.uv.sources]\ndfbait = { index = \"corp\" }\n[[tool.uv.index]]\nname = \"corp\"\nurl = \"" + thief.URL + "/simple\"\nexplicit = true\n",
	})
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(x.User+":"+x.Password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := shared.Tiny(t, x.Table("corp", `secret = "corp"`), "dfone", "dfthief @ git+"+repository.ServeHTTP(t)+"@main")
	_, err := p.TryLock(t, func(o *build.Options) { o.Secrets = []string{"id=corp,src=" + secret} })
	buildtest.WantError(t, err, "dfbait")
	mu.Lock()
	defer mu.Unlock()
	if len(learned) == 0 {
		t.Error("the repository's index was not asked, so this shows nothing")
	}
	for _, l := range learned {
		if strings.Contains(l, "Basic") {
			t.Errorf("another index learned the credential: %s", l)
		}
	}
}

// TestProxyIsInNoAddress has a repository require a package by an address that uv
// would put the proxy of its environment into, with its password.
func TestProxyIsInNoAddress(t *testing.T) {
	const password = "correct-horse-battery"
	var mu sync.Mutex
	var asked []string
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.Out.Host = r.In.Host }}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked = append(asked, r.URL.String())
		mu.Unlock()
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(proxy.Close)
	x := lab.NewIndex(t, lab.Wheel(t, "dfbait", "1.0", "# "+proxy.URL))
	repository := lab.NewRepository(t, map[string]string{
		"pyproject.toml": "[project]\nname = \"dfthief\"\nversion = \"1.0\"\n" +
			"dependencies = [\"dfbait @ " + x.URL + "/files/dfbait-1.0-py3-none-any.whl?one=${HTTP_PROXY}&two=${http_proxy}\"]\n",
	})
	p := shared.Tiny(t, x.Table("local"), "dfthief @ git+"+repository.ServeHTTP(t)+"@main")
	_, err := p.TryLock(t, func(o *build.Options) {
		o.Args["HTTP_PROXY"] = strings.Replace(proxy.URL, "://", "://user:"+password+"@", 1)
	})
	mu.Lock()
	defer mu.Unlock()
	if !slices.ContainsFunc(asked, func(a string) bool { return strings.Contains(a, "/files/dfbait") }) {
		t.Errorf("the proxy was not asked for the package, so this shows nothing: %v, %v", asked, err)
	}
	for _, a := range asked {
		if strings.Contains(a, password) {
			t.Errorf("the package's server learned the proxy's password: %s", a)
		}
	}
}
