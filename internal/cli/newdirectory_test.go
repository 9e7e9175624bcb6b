package cli

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestMakeDirectory(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "below", "new")
	fill := func(dir string) error { return os.WriteFile(filepath.Join(dir, "file"), nil, 0o600) }
	if err := makeDirectory(dir, fill); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "file")); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("%v, %v", info, err)
	}
	if err := makeDirectory(dir, fill); !is[*usageError](err) {
		t.Errorf("a directory with files: %v", err)
	}
	// An empty one may be there already.
	empty := filepath.Join(parent, "empty")
	if err := os.Mkdir(empty, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := makeDirectory(empty, fill); err != nil {
		t.Error(err)
	}
	file := filepath.Join(parent, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := makeDirectory(file, fill); err == nil {
		t.Error("a file is no directory")
	}
}

// A failure leaves nothing, not even what is half made.
func TestMakeDirectoryFails(t *testing.T) {
	parent := t.TempDir()
	wrong := errors.New("wrong")
	err := makeDirectory(filepath.Join(parent, "new"), func(dir string) error {
		return errors.Join(os.WriteFile(filepath.Join(dir, "half"), nil, 0o600), wrong)
	})
	if !errors.Is(err, wrong) {
		t.Errorf("error %v", err)
	}
	if left, _ := os.ReadDir(parent); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}
