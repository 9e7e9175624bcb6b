package build

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// A full disk is told from a builder's by its number, and keeps the file from
// being committed.
func TestPendingFileFull(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	path := filepath.Join(t.TempDir(), "out")
	p := &PendingFile{path: path, temp: full}
	if _, err := p.Write([]byte("x")); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("%v", err)
	}
	if err := (pendingFiles{p}).failure(); !errors.Is(err, syscall.ENOSPC) || err.Error() != "write "+path+": no space left on device" {
		t.Errorf("%v", err)
	}
}
