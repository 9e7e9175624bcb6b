//go:build integration

package hostile

import (
	"crypto/sha256"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/frontend"
	"github.com/deployfile/deployfile/internal/testing/buildtest"
	"github.com/deployfile/deployfile/internal/testing/lab"
)

// TestHostilePages locks with indexes whose pages lead somewhere else than to the
// wheel that they name. Nothing is locked.
func TestHostilePages(t *testing.T) {
	const name = "dfevil-1.0-py3-none-any.whl"
	link := func(href string) string { return fmt.Sprintf("<a href=%q>%s</a>", href, name) }
	for what, c := range map[string]struct {
		page  string
		files []lab.Distribution
		want  string
	}{
		"a file":                    {page: link("file:///etc/" + name), want: "`/etc/" + name + "`: No such file"},
		"another server's protocol": {page: link("ftp://127.0.0.1:1/" + name), want: "scheme is not allowed"},
		"a folder above":            {page: link("/files/..%2f..%2f" + name), want: "No solution found"},
		"another package": {
			files: []lab.Distribution{{Name: name, Content: lab.Wheel(t, "dfother", "1.0", "").Content}},
			want:  "does not start with the normalized package name",
		},
		"a file that it requires": {
			files: []lab.Distribution{lab.Wheel(t, "dfevil", "1.0", "", "dfone @ file:///etc/dfone-1.0-py3-none-any.whl")},
			want:  "URL dependencies must be expressed as direct requirements",
		},
	} {
		t.Run(what, func(t *testing.T) {
			x := lab.NewIndex(t, c.files...)
			x.Links = map[string]string{"dfevil": c.page}
			p := shared.Tiny(t, x.Table("local"), "dfevil")
			_, err := p.TryLock(t, nil)
			buildtest.WantError(t, err, c.want)
			if files := p.LockFiles(t); len(files) > 0 {
				t.Errorf("a lock was written: %v", files)
			}
		})
	}
	t.Run("another version", func(t *testing.T) {
		x := lab.NewIndex(t, lab.Distribution{Name: name, Content: lab.Wheel(t, "dfevil", "2.0", "").Content})
		p := shared.Tiny(t, x.Table("local"), "dfevil")
		_, _, err := p.TryBuild(t, nil)
		buildtest.WantError(t, err, "Wheel version does not match filename")
	})
}

// TestRedirects asks indexes that redirect to where no index is: to another
// protocol, and from https to http.
func TestRedirects(t *testing.T) {
	var asked atomic.Bool
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			asked.Store(true)
			connection.Close()
		}
	}()
	to := ""
	plain := lab.NewIndex(t)
	plain.Redirect = func(string) string { return to }
	secure, authority := plain.ServeTLS(t)
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, authority, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ index, to, want string }{
		{plain.URL, "ftp://" + listener.Addr().String() + "/x", "it redirects from http to ftp, which is not followed"},
		{secure, "http://" + listener.Addr().String() + "/x", "it redirects from https to http, which is not followed"},
	} {
		to = c.to
		p := shared.Tiny(t, "[[environment.indexes]]\nname = \"local\"\nurl = \""+c.index+"/simple\"\ndefault = true\n", "dfone")
		_, err := p.TryLock(t, func(o *build.Options) { o.Secrets = []string{"id=ca,src=" + file} })
		buildtest.WantError(t, err, c.want)
	}
	if asked.Load() {
		t.Error("where a redirect led to was asked")
	}
}

// TestMirrorOfFiles builds with a mirror whose page says that a wheel is a file of
// the machine: it is not opened.
func TestMirrorOfFiles(t *testing.T) {
	x := lab.NewIndex(t)
	// Other bytes in every run: a builder that has a file does not fetch it.
	good := lab.Wheel(t, "dfmirrored", "1.0", "# "+x.URL)
	x.Put(good)
	p := shared.Tiny(t, x.Table("local"), "dfmirrored")
	p.Lock(t)
	mirror := lab.NewIndex(t)
	mirror.Links = p.UVLinks(t)
	mirror.Links["dfmirrored"] = fmt.Sprintf("<a href=\"file:///etc/%s#sha256=%x\">%[1]s</a>", good.Name, sha256.Sum256(good.Content))
	_, _, err := p.TryBuild(t, func(o *build.Options) { o.Args[frontend.ArgIndex] = mirror.URL + "/simple" })
	buildtest.WantError(t, err, "unknown url type: file")
}

// internalService is a service of this machine that an index cannot reach, and
// the requests that it got.
func internalService(t *testing.T) (url string, got func() []http.Header) {
	t.Helper()
	requests := make(chan http.Header, 100)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { requests <- r.Header }))
	t.Cleanup(server.Close)
	return server.URL, func() (out []http.Header) {
		for {
			select {
			case h := <-requests:
				out = append(out, h)
			default:
				return out
			}
		}
	}
}

// TestRedirectedCredential asks an index that demands a credential and redirects
// the file to another server: that one does not get it.
func TestRedirectedCredential(t *testing.T) {
	elsewhere, got := internalService(t)
	x := lab.NewIndex(t)
	good := lab.Wheel(t, "dfmoved", "1.0", "# "+x.URL)
	x.Put(good)
	x.User, x.Password = "__token__", "tk-of-the-index"
	p := shared.Tiny(t, x.Table("local", `secret = "local-index"`), "dfmoved")
	file := filepath.Join(t.TempDir(), "credential")
	if err := os.WriteFile(file, []byte(x.Password), 0o600); err != nil {
		t.Fatal(err)
	}
	withSecret := func(o *build.Options) { o.Secrets = []string{"id=local-index,src=" + file} }
	p.LockWith(t, withSecret)
	x.Redirect = func(path string) string {
		if strings.HasPrefix(path, "/files/") {
			return elsewhere + "/latest/meta-data"
		}
		return ""
	}
	_, _, err := p.TryBuild(t, withSecret)
	buildtest.WantError(t, err, good.Name, "its sha256 is", "but the lock says")
	// In a lock that is not there yet, uv follows it.
	for name := range p.LockFiles(t) {
		if err := os.Remove(p.Path(name)); err != nil {
			t.Fatal(err)
		}
	}
	_, _, err = p.TryBuild(t, withSecret)
	buildtest.WantError(t, err, good.Name)
	requests := got()
	if len(requests) == 0 {
		t.Error("the redirect was not followed, and so nothing is tested")
	}
	for _, h := range requests {
		if h.Get("Authorization") != "" {
			t.Errorf("the credential went to another server: %v", h)
		}
	}
}

// TestLockedAddressIsBlind builds from a lock whose wheel is at an address of this
// machine: it is asked, and nothing that it says is shown but its hash.
func TestLockedAddressIsBlind(t *testing.T) {
	requests := make(chan *http.Request, 10)
	internal := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests <- r
		fmt.Fprint(w, "the secret of an internal service")
	}))
	defer internal.Close()
	x := lab.NewIndex(t)
	good := lab.Wheel(t, "dfblind", "1.0", "# "+x.URL)
	x.Put(good)
	p := shared.Tiny(t, x.Table("local"), "dfblind")
	p.Lock(t)
	sum := func() string { return fmt.Sprintf("%x", sha256.Sum256([]byte(p.Read(t, "pylock.toml")))) }
	was := sum()
	p.Edit(t, "pylock.toml", x.URL+"/files/"+good.Name, internal.URL+"/latest/meta-data/"+good.Name)
	p.Edit(t, "Deployfile.lock", was, sum())
	_, o, err := p.TryBuild(t, nil)
	buildtest.WantError(t, err, good.Name, "its sha256 is", "but the lock says")
	if strings.Contains(err.Error(), "the secret") || strings.Contains(o.Log, "the secret") {
		t.Errorf("what the service said is shown: %v\n%s", err, o.Log)
	}
	close(requests)
	asked := 0
	for r := range requests {
		asked++
		if r.Method != http.MethodGet || r.Header.Get("Authorization") != "" || r.Header.Get("Cookie") != "" {
			t.Errorf("the service was asked by %s with %v", r.Method, r.Header)
		}
	}
	if asked == 0 {
		t.Error("the service was not asked, and so nothing is tested")
	}
}
