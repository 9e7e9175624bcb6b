package modelcache

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func open(t *testing.T, dir string, limit int64) (*Cache, func()) {
	t.Helper()
	c, closed, err := Open(dir, limit)
	if err != nil {
		t.Fatal(err)
	}
	return c, func() {
		if err := closed(); err != nil {
			t.Error(err)
		}
	}
}

func put(t *testing.T, c *Cache, content string) string {
	t.Helper()
	p, err := c.Begin(t.Context(), content)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, err := io.WriteString(p, content); err != nil {
		t.Fatal(err)
	}
	if err := p.Commit(); err != nil {
		t.Fatal(err)
	}
	return sumOf(content)
}

func sumOf(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

// TestCache keeps files by their hash, and what was left of a download.
func TestCache(t *testing.T) {
	dir := t.TempDir()
	c, closed := open(t, dir, DefaultLimit)
	sum := put(t, c, "weights")
	if !c.Has(sum, 7) || c.Has(sum, 8) || c.Has(sumOf("other"), 5) || c.Has("../lock", 0) {
		t.Error("the cache does not know what it has")
	}
	p, err := c.Begin(t.Context(), "broken")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(p, "hal")
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	closed()

	c, closed = open(t, dir, DefaultLimit)
	defer closed()
	if p, err = c.Begin(t.Context(), "broken"); err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, _ = io.WriteString(p, "f"); p.Offset != 4 || p.Sum() != sumOf("half") {
		t.Errorf("%d bytes with the hash %s", p.Offset, p.Sum())
	}
	f, err := c.Open(sum)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, err := io.ReadAll(f); string(got) != "weights" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

// TestCorrupt refuses a file that was changed behind the cache's back, once.
func TestCorrupt(t *testing.T) {
	dir := t.TempDir()
	c, closed := open(t, dir, DefaultLimit)
	defer closed()
	sum := put(t, c, "weights")
	if err := os.WriteFile(filepath.Join(dir, "sha256", sum), []byte("weighty"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := c.Open(sum)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var corrupt *corruptError
	if _, err := io.ReadAll(f); !errors.As(err, &corrupt) {
		t.Errorf("error %v", err)
	}
	if c.Has(sum, 7) {
		t.Error("it is still there")
	}
}

// TestLimit removes what was used longest ago, and nothing that is in use.
func TestLimit(t *testing.T) {
	dir := t.TempDir()
	c, closed := open(t, dir, block)
	other, closedOther := open(t, dir, block)
	a, b := put(t, c, "aaaaaaaa"), put(t, other, "bbbbbbbb")
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(dir, "sha256", a), old, old); err != nil {
		t.Fatal(err)
	}
	closed()
	if !other.Has(b, 8) {
		t.Error("a file was removed while another process used the cache")
	}
	if _, err := os.Stat(filepath.Join(dir, "sha256", a)); err != nil {
		t.Error("a file was removed while another process used the cache")
	}
	closedOther()
	left, err := os.ReadDir(filepath.Join(dir, "sha256"))
	if err != nil || len(left) != 1 || left[0].Name() != b {
		t.Errorf("%v, %v are left", left, err)
	}
}

// TestManySmallFiles leaves no more of them than the disk has room for, and no lock of a
// download: whoever writes an archive may have a hundred thousand files of one byte.
func TestManySmallFiles(t *testing.T) {
	dir := t.TempDir()
	c, closed := open(t, dir, 10*block)
	for n := range 30 {
		put(t, c, strings.Repeat("x", n))
	}
	closed()
	for name, want := range map[string]int{"sha256": 10, "partial": 0} {
		left, err := os.ReadDir(filepath.Join(dir, name))
		if err != nil || len(left) != want {
			t.Errorf("%d files are left in %s, want %d: %v", len(left), name, want, err)
		}
	}
}

// TestOneDownload lets one process at a time have a download.
func TestOneDownload(t *testing.T) {
	c, closed := open(t, t.TempDir(), DefaultLimit)
	defer closed()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			p, err := c.Begin(t.Context(), "key")
			if err != nil {
				t.Error(err)
				return
			}
			defer p.Close()
			if err := p.Restart(); err != nil {
				t.Error(err)
			}
			for range 100 {
				if _, err := io.WriteString(p, "x"); err != nil {
					t.Error(err)
				}
			}
			if err := p.Commit(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if !c.Has(sumOf(strings.Repeat("x", 100)), 100) {
		t.Error("the downloads were mixed")
	}
}
