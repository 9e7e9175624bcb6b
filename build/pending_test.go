package build

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestPendingFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out")
	if err := WriteFile(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	for _, commit := range []bool{false, true} {
		p, err := CreateFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Write([]byte("new")); err != nil {
			t.Fatal(err)
		}
		want := "old"
		if commit {
			want = "new"
			err = p.Commit()
		}
		p.Discard()
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != want {
			t.Errorf("commit %v: %q, %v", commit, got, err)
		}
		if diff := cmp.Diff([]string{"out"}, names(t, dir)); diff != "" {
			t.Errorf("commit %v: %s", commit, diff)
		}
		if err := p.Commit(); err == nil {
			t.Error("committed twice")
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestPendingFileErrors(t *testing.T) {
	dir := t.TempDir()
	if _, err := CreateFile(dir); err == nil {
		t.Error("a folder was taken for a file")
	}
	path := filepath.Join(dir, "none", "out")
	_, err := CreateFile(path)
	if !errors.Is(err, fs.ErrNotExist) || err.Error() != "write "+path+": no such file or directory" {
		t.Errorf("%v", err)
	}
}
