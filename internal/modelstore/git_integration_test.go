//go:build integration

package modelstore

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/modelcache"
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
		// BuildKit itself gets it; without a file of Git LFS no step does.
		session := map[string]string{}
		if want != "" {
			session["GIT_AUTH_HEADER.git.example.com"] = want
		}
		if err != nil || len(access.Headers) != 0 || !maps.Equal(access.Session, session) {
			t.Errorf("%s: the build gets %+v, %v; want %q", address, access, err, want)
		}
	}
}

// served is a repository of these files at an address, with what a hostile one has besides.
func served(t *testing.T, files map[string]string, more func(dir string)) string {
	t.Helper()
	t.Setenv("GIT_CONFIG_GLOBAL", "/dev/null")
	t.Setenv("GIT_CONFIG_SYSTEM", "/dev/null")
	dir := filepath.Join(t.TempDir(), "m.git")
	command(t, "git", "init", "--quiet", "--initial-branch=main", dir)
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if more != nil {
		more(dir)
	}
	command(t, "git", "-C", dir, "add", "--all")
	command(t, "git", "-C", dir, "-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "--quiet", "--message=x")
	s := httptest.NewServer(&cgi.Handler{
		Path: filepath.Join(command(t, "git", "--exec-path"), "git-http-backend"),
		Env:  []string{"GIT_PROJECT_ROOT=" + filepath.Dir(dir), "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_GLOBAL=/dev/null"},
	})
	t.Cleanup(s.Close)
	return "git+" + s.URL + "/m.git/.git"
}

func command(t *testing.T, name string, args ...string) string {
	t.Helper()
	c := exec.Command(name, args...)
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

func cacheOf(t *testing.T) Options {
	t.Helper()
	cache, closed, err := modelcache.Open(t.TempDir(), modelcache.DefaultLimit)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = closed() })
	return Options{Getenv: func(string) string { return "" }, Cache: func() (*modelcache.Cache, error) { return cache, nil }}
}

// A repository is refused that has what leads out of it, or far more than it sends.
func TestHostileRepositories(t *testing.T) {
	for name, tt := range map[string]struct {
		files map[string]string
		more  func(dir string)
		want  string
	}{
		"a link": {more: func(dir string) {
			if err := os.Symlink("/etc/passwd", filepath.Join(dir, "x")); err != nil {
				t.Fatal(err)
			}
		}, want: "is a link or a submodule"},
		"a submodule": {more: func(dir string) {
			command(t, "git", "-C", dir, "update-index", "--add", "--cacheinfo", "160000,"+strings.Repeat("1", 40)+",sub")
			if err := os.Mkdir(filepath.Join(dir, "sub"), 0o755); err != nil {
				t.Fatal(err)
			}
			command(t, "git", "init", "--quiet", filepath.Join(dir, "sub"))
			command(t, "git", "-C", filepath.Join(dir, "sub"), "-c", "user.name=x", "-c", "user.email=x", "commit", "--quiet", "--allow-empty", "--message=x")
		}, want: "is a link or a submodule"},
		"a name": {files: map[string]string{"a\x1b]0;x": ""}, want: "control character"},
		"copies": {more: func(dir string) {
			for n := range 100 {
				if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(n)), make([]byte, 1<<20), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}, want: "unpacks to more than 100 times"},
		"pointer": {files: map[string]string{"x": string(pointerVersion) + "v1\noid sha256:../../x\nsize 1\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{"MLmodel": "x"}
			for name, text := range tt.files {
				files[name] = text
			}
			_, err := Resolve(t.Context(), served(t, files, tt.more)+"@main", cacheOf(t))
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

// A hook of another repository, which runs deployfile, gets nothing of what is fetched.
func TestRepositoryOfTheUser(t *testing.T) {
	source := served(t, map[string]string{"MLmodel": "x"}, nil)
	other := t.TempDir()
	t.Setenv("GIT_OBJECT_DIRECTORY", other)
	t.Setenv("GIT_INDEX_FILE", filepath.Join(other, "index"))
	t.Setenv("GIT_DIR", other)
	if _, err := Resolve(t.Context(), source+"@main", cacheOf(t)); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(other); err != nil || len(left) > 0 {
		t.Errorf("the other repository has %v, %v", left, err)
	}
}

// A server that never answers holds nobody who wants to end it.
func TestSilentRepository(t *testing.T) {
	t.Setenv("GIT_CONFIG_GLOBAL", "/dev/null")
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-git-upload-pack-advertisement")
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	began := time.Now()
	_, err := Resolve(ctx, "git+"+s.URL+"/x@main", cacheOf(t))
	if err == nil || time.Since(began) > 3*time.Second {
		t.Errorf("%v after %s", err, time.Since(began))
	}
	s.CloseClientConnections()
	s.Close()
}
