package modelpack

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/google/go-cmp/cmp"
)

// TestContentAnywhere reads a layer from each of its points on: its hashes stay the
// same.
func TestContentAnywhere(t *testing.T) {
	dir := t.TempDir()
	for _, n := range []string{"a.bin", "b.bin"} {
		if err := os.WriteFile(filepath.Join(dir, n), random(uint64(n[0]), 150<<20), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	files, err := untrusted.OpenDirectory(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	tr, err := scan(files, nil)
	if err != nil {
		t.Fatal(err)
	}
	l, err := archiveOf(weightTar, "opt/model", tr.files, nil)
	if err != nil {
		t.Fatal(err)
	}
	l.files = tr.files
	var all []point
	c := &content{layer: l, dir: files}
	c.remember = func(p []point) { all = append(all, p[len(p)-1]) }
	whole := readFrom(t, c, 0)
	digest, want := c.digest, append([]File{}, l.files...)
	if sum := sha256.Sum256(whole); hex.EncodeToString(sum[:]) != digest.Hex {
		t.Fatal("the digest is another")
	}
	if len(all) < 3 {
		t.Fatalf("%d points", len(all))
	}
	// As net/http may.
	r, err := c.Open(pointEvery / 2)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if n, err := r.Read(make([]byte, 10)); n != 0 || !errors.Is(err, fs.ErrClosed) {
		t.Errorf("after its end: %d bytes, %v", n, err)
	}
	for _, p := range all {
		for _, offset := range []int64{p.Offset, p.Offset + 12345, p.Offset + pointEvery - 1, l.size} {
			again := &content{layer: l, dir: files, points: []point{p}}
			rest := readFrom(t, again, min(offset, l.size))
			if !bytes.Equal(rest, whole[min(offset, l.size):]) || again.digest != digest {
				t.Errorf("from %d on: %d bytes, %s", offset, len(rest), again.digest)
			}
			if d := cmp.Diff(want, l.files, cmp.AllowUnexported(File{})); d != "" {
				t.Errorf("from %d on: %s", offset, d)
			}
		}
	}
}

func readFrom(t *testing.T, c *content, offset int64) []byte {
	t.Helper()
	r, err := c.Open(offset)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestChangedMeanwhile refuses a file that changes while it is pushed.
func TestChangedMeanwhile(t *testing.T) {
	dir := model(t)
	_, ref := serve(t)
	files, err := untrusted.OpenDirectory(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	o := PushOptions{Dir: files, Name: dir, Model: &mlmodel.Model{}}
	var once atomic.Bool
	o.Progress = func(done, total int64) {
		if done > 0 && once.CompareAndSwap(false, true) {
			for _, n := range []string{"model.pkl", "data/a b/weights.bin"} {
				if err := os.WriteFile(filepath.Join(dir, n), random(9, 5<<20), 0o644); err != nil {
					t.Error(err)
				}
			}
		}
	}
	if _, err := Push(context.Background(), ref, o); err == nil || !strings.Contains(err.Error(), "while it was pushed") {
		t.Errorf("error %v", err)
	}
}
