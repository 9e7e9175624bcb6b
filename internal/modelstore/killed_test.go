package modelstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/modelcache"
	"github.com/deployfile/deployfile/modelsource"
)

// killedVariable tells the test's own program to be the one that is killed: it names the
// server, killedCache the cache and killedHash the file's hash, if that is known.
const (
	killedVariable = "DEPLOYFILE_TEST_KILLED"
	killedCache    = "DEPLOYFILE_TEST_KILLED_CACHE"
	killedHash     = "DEPLOYFILE_TEST_KILLED_HASH"
)

func downloadOnce(ctx context.Context, server, dir string, f File) ([]modelsource.File, error) {
	cache, closed, err := modelcache.Open(dir, modelcache.DefaultLimit)
	if err != nil {
		return nil, err
	}
	defer closed()
	m, err := Resolve(ctx, "mlflow-artifacts:/1/m", Options{TrackingURI: server, Getenv: func(string) string { return "" }})
	if err != nil {
		return nil, err
	}
	return Download(ctx, cache, m.Store, "m", []File{f})
}

// TestKilled ends a download without a warning, and downloads again: what was there is not
// asked for again if its hash is known, the cache never has half a file, and no lock is left.
func TestKilled(t *testing.T) {
	content := bytes.Repeat([]byte("weights "), 1<<18)
	half := int64(len(content) / 2)
	sum := sha256.Sum256(content)
	hash := hex.EncodeToString(sum[:])
	if server := os.Getenv(killedVariable); server != "" {
		_, err := downloadOnce(t.Context(), server, os.Getenv(killedCache), File{Path: "w", Size: int64(len(content)), SHA256: os.Getenv(killedHash)})
		t.Fatalf("it was not killed: %v", err)
	}
	for _, known := range []string{hash, ""} {
		f := newFake(t)
		asked := make(chan string, 10)
		f.ServeMux.HandleFunc(artifacts+"/1/m/w", func(w http.ResponseWriter, r *http.Request) {
			if asked <- r.Header.Get("Range"); len(asked) > 1 {
				http.ServeContent(w, r, "w", modified, bytes.NewReader(content))
				return
			}
			_, _ = w.Write(content[:half])
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		})
		dir := t.TempDir()
		for _, name := range []string{"partial", "sha256"} {
			if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilled$")
		c.Env = append(os.Environ(), killedVariable+"="+f.URL, killedCache+"="+dir, killedHash+"="+known)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		until(t, func() bool { return keptIn(t, filepath.Join(dir, "partial")) == half })
		if err := c.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = c.Wait()
		if kept := keptIn(t, filepath.Join(dir, "sha256")); kept != 0 {
			t.Errorf("the cache has %d bytes of a file that is not complete", kept)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		got, err := downloadOnce(ctx, f.URL, dir, File{Path: "w", Size: int64(len(content)), SHA256: known})
		if err != nil || got[0].SHA256 != hash {
			t.Fatalf("%v, %v", got, err)
		}
		want := ""
		if known != "" {
			want = "bytes=1048576-"
		}
		if first, second := <-asked, <-asked; first != "" || second != want || len(asked) > 0 {
			t.Errorf("asked for %q and then %q, want %q", first, second, want)
		}
		if kept := keptIn(t, dir); kept != int64(len(content)) {
			t.Errorf("the cache has %d bytes, want %d", kept, len(content))
		}
	}
}

func until(t *testing.T, done func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it takes too long")
		}
	}
}
