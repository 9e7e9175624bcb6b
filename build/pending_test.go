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
		t.Error("a directory was taken for a file")
	}
	path := filepath.Join(dir, "none", "out")
	_, err := CreateFile(path)
	if !errors.Is(err, fs.ErrNotExist) || err.Error() != "write "+path+": no such file or directory" {
		t.Errorf("%v", err)
	}
}

// TestPendingOverLink puts a file where a link to another one is: what the link
// leads to stays as it is.
func TestPendingOverLink(t *testing.T) {
	victim := filepath.Join(t.TempDir(), "victim")
	if err := os.WriteFile(victim, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "out")
	if err := os.Symlink(victim, path); err != nil {
		t.Fatal(err)
	}
	p, err := CreateFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Discard()
	if _, err := p.Write([]byte("new")); err != nil {
		t.Fatal(err)
	}
	// What was there is gone, and somebody has put the link back.
	if err := errors.Join(os.Remove(path), os.Symlink(victim, path), p.Commit()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{victim: "mine", path: "new"} {
		if got, err := os.ReadFile(name); err != nil || string(got) != want {
			t.Errorf("%s is %q (%v), want %q", name, got, err, want)
		}
	}
	if info, err := os.Stat(victim); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the mode of what the link leads to became %v (%v)", info.Mode(), err)
	}
}
