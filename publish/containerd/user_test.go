package containerd

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/moby/sys/user"
)

func TestCheckIDs(t *testing.T) {
	if err := checkIDs(&user.ExecUser{Uid: 1000, Gid: 1001, Sgids: []int{1001, 2147483647}}); err != nil {
		t.Error(err)
	}
	for _, passwd := range []string{"app:x:4294967296:1::/:", "app:x:-1:1::/:", "app:x:1:4294967296::/:"} {
		u, err := user.GetExecUser("app", nil, strings.NewReader(passwd+"\n"), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := checkIDs(u); err == nil {
			t.Errorf("%s is %+v", passwd, u)
		}
	}
}

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
