//go:build integration

package modelpack

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/containerd/containerd/v2/pkg/archive"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/toolchain"
)

// TestArchive compares the archive of a layer with the one that the writer of BuildKit's
// differ makes of the same files. It needs root, who owns the files of an image.
func TestArchive(t *testing.T) {
	dir := t.TempDir()
	upper := filepath.Join(dir, "upper")
	long := "d/" + string(bytes.Repeat([]byte("long name "), 20)) + "/ü.bin"
	for name, size := range map[string]int{"a b/w.bin": 1 << 20, "a.bin": 513, "a/x.bin": 512, long: 3, "run.sh": 9} {
		file := filepath.Join(upper, "opt/model", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		mode := os.FileMode(0o644)
		if name == "run.sh" {
			mode = 0o755
		}
		if err := os.WriteFile(file, random(1, size), mode); err != nil {
			t.Fatal(err)
		}
	}
	files, err := untrusted.OpenDirectory(filepath.Join(upper, "opt/model"))
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	err = filepath.Walk(upper, func(file string, info os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		return os.Chtimes(file, toolchain.Epoch(), toolchain.Epoch())
	})
	if err != nil {
		t.Fatal(err)
	}
	tr, err := scan(files, nil)
	if err != nil {
		t.Fatal(err)
	}
	l, err := archiveOf(weightTar, "opt/model", tr.files, tr.dirs)
	if err != nil {
		t.Fatal(err)
	}
	r, err := (&content{layer: l, dir: files}).Open(0)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	if err := archive.WriteDiff(t.Context(), &want, "", upper); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Errorf("%d bytes, want %d", len(got), want.Len())
	}
}
