//go:build integration

package hostile

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/internal/testing/buildtest"
	"github.com/deployfile/deployfile/internal/testing/lab"
)

// TestEndlessPage locks with an index whose pages have no end.
func TestEndlessPage(t *testing.T) {
	line := bytes.Repeat([]byte("<p>more</p>\n"), 1<<16)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for {
			if _, err := w.Write(line); err != nil {
				return
			}
		}
	}))
	defer server.Close()
	p := shared.Tiny(t, "[[environment.indexes]]\nname = \"local\"\nurl = \""+server.URL+"/simple\"\ndefault = true\n", "dfone")
	_, err := p.TryLock(t, nil)
	buildtest.WantError(t, err, server.URL+"/simple/uv/: the page is larger than 64 MiB")
	buildtest.WantSource(t, err, p.Read(t, "Deployfile"), "url = ")
}

// TestLargerThanLocked fetches a file, in a step, that is larger than the lock
// says; what is too much is not written down.
func TestLargerThanLocked(t *testing.T) {
	x := lab.NewIndex(t)
	// Other bytes in every run: a builder that has a file does not fetch it.
	good := lab.Wheel(t, "dfprivate", "1.0", "# "+x.URL)
	x.Put(good)
	x.User, x.Password = "__token__", "tk-of-the-index"
	p := shared.Tiny(t, x.Table("local", `secret = "local-index"`), "dfprivate")
	file := filepath.Join(t.TempDir(), "credential")
	if err := os.WriteFile(file, []byte(x.Password), 0o600); err != nil {
		t.Fatal(err)
	}
	withSecret := func(o *build.Options) { o.Secrets = []string{"id=local-index,src=" + file} }
	p.LockWith(t, withSecret)

	sum := func() string {
		h := sha256.Sum256([]byte(p.Read(t, "pylock.toml")))
		return hex.EncodeToString(h[:])
	}
	was := sum()
	p.Edit(t, "pylock.toml", `.whl", hashes`, `.whl", size = 10, hashes`)
	p.Edit(t, "Deployfile.lock", was, sum())
	_, _, err := p.TryBuild(t, withSecret)
	buildtest.WantError(t, err, good.Name, "it is larger than 10 bytes, which the lock says")
}
