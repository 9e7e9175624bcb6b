//go:build integration

package hostile

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/internal/testing/buildtest"
	"github.com/deployfile/deployfile/internal/testing/lab"
)

// withSubmodule is a repository that has another one, at an address, as a submodule.
func withSubmodule(t *testing.T, address string) lab.Repository {
	t.Helper()
	r := lab.NewRepository(t, map[string]string{
		"pyproject.toml": "[build-system]\nrequires = [\"setuptools\"]\nbuild-backend = \"setuptools.build_meta\"\n[project]\nname = \"dfgit\"\nversion = \"1.0\"\n",
		"dfgit.py":       "WORDS = 'built from a commit'\n",
		".gitmodules":    "[submodule \"other\"]\n\tpath = other\n\turl = " + address + "\n",
		".gitattributes": "* filter=evil\n",
	})
	lab.Git(t, r.Dir, "update-index", "--add", "--cacheinfo", "160000,"+strings.Repeat("1", 40)+",other")
	lab.Git(t, r.Dir, "commit", "--quiet", "--message=Submodule")
	return r
}

// TestRepositoryWithLocalSubmodule locks a repository with a submodule that is a
// folder of the builder's machine: git does not go there.
func TestRepositoryWithLocalSubmodule(t *testing.T) {
	private := lab.NewRepository(t, map[string]string{"secret": "of the machine"})
	for what, address := range map[string]string{
		"a path":   private.Dir,
		"a URL":    "file://" + private.Dir,
		"a helper": "ext::sh -c touch% " + filepath.Join(private.Dir, "ran"),
	} {
		r := withSubmodule(t, address)
		p := shared.Tiny(t, "", "dfgit @ git+"+r.ServeHTTP(t)+"@main")
		_, err := p.TryLock(t, nil)
		buildtest.WantError(t, err, "failed to update submodules", "not allowed")
		if _, err := os.Stat(filepath.Join(private.Dir, "ran")); err == nil {
			t.Errorf("%s: a command of the repository ran", what)
		}
	}
}

// TestCredentialOfRepository locks a repository that wants a credential and has a
// submodule on another server: that one is asked, and does not get it.
func TestCredentialOfRepository(t *testing.T) {
	elsewhere, got := internalService(t)
	r := withSubmodule(t, elsewhere+"/internal.git")
	behind, err := url.Parse(r.ServeHTTP(t))
	if err != nil {
		t.Fatal(err)
	}
	var authorized atomic.Bool
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: behind.Host})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.Header.Get("Authorization") != "" {
			authorized.Store(true)
		}
		proxy.ServeHTTP(w, q)
	}))
	defer server.Close()
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("tk-of-the-repository"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := shared.Tiny(t, "", "dfgit @ git+"+server.URL+behind.Path+"@main")
	_, err = p.TryLock(t, func(o *build.Options) {
		o.Secrets = []string{"id=GIT_AUTH_TOKEN." + strings.TrimPrefix(server.URL, "http://") + ",src=" + token}
	})
	buildtest.WantError(t, err, "failed to update submodules")
	requests := got()
	if !authorized.Load() || len(requests) == 0 {
		t.Errorf("the repository got the credential: %v; the submodule was asked for %d times: nothing is tested", authorized.Load(), len(requests))
	}
	for _, h := range requests {
		if h.Get("Authorization") != "" {
			t.Errorf("the credential went to another server: %v", h)
		}
	}
}
