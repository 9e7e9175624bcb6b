//go:build unix

package containerd

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestUserFile(t *testing.T) {
	root := t.TempDir()
	write := func(name string) {
		if err := os.WriteFile(filepath.Join(root, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("plain")
	if err := syscall.Mkfifo(filepath.Join(root, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"link": "/plain", "out": "../../../../../../plain", "loose": "/none"} {
		if err := os.Symlink(target, filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	plain := filepath.Join(root, "plain")
	for name, want := range map[string]string{"/plain": plain, "/link": plain, "/out": plain, "/pipe": "", "/loose": "", "/none": "", "/": ""} {
		if got, err := userFile(root, name); err != nil || got != want {
			t.Errorf("%s is %q, %v, want %q", name, got, err, want)
		}
	}
}
