package build

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/resolver"
	"github.com/google/go-cmp/cmp"
)

// lockOf returns the files of a lock with a pylock file for each platform.
func lockOf(t *testing.T, platforms map[string]string) map[string][]byte {
	t.Helper()
	pinned := resolver.Image{Digest: "sha256:" + strings.Repeat("a", 64), Python: "/usr/bin/python3.11", PythonVersion: "3.11"}
	l := resolver.Lock{Version: resolver.LockVersion, Base: pinned, Toolchain: pinned}
	files := map[string][]byte{}
	for platform, name := range platforms {
		l.Platforms = append(l.Platforms, resolver.Platform{Name: platform, Glibc: "2.36", Pylock: name})
		files[name] = []byte("lock-version = \"1.0\"\n")
	}
	var err error
	if files["Deployfile.lock"], err = l.Encode(); err != nil {
		t.Fatal(err)
	}
	return files
}

// written writes files into a new directory and returns the path of the lock there.
func written(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "Deployfile.lock")
}

// beside returns all files of the directory of a path.
func beside(t *testing.T, path string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, e := range entries {
		if out[e.Name()], err = os.ReadFile(filepath.Join(filepath.Dir(path), e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestReplaceLock(t *testing.T) {
	one := lockOf(t, map[string]string{"linux/amd64": "pylock.toml"})
	two := lockOf(t, map[string]string{"linux/amd64": "pylock.linux-amd64.toml", "linux/arm64": "pylock.linux-arm64.toml"})
	for name, test := range map[string]struct{ old, made map[string][]byte }{
		"first":           {nil, one},
		"the same":        {one, one},
		"more platforms":  {one, two},
		"fewer platforms": {two, one},
		"unknown version": {map[string][]byte{"Deployfile.lock": []byte("version = 0\n")}, one},
	} {
		t.Run(name, func(t *testing.T) {
			path := written(t, test.old)
			l, err := ReadLock(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			if err := l.Replace(test.made); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.made, beside(t, path)); diff != "" {
				t.Error(diff)
			}
			is, err := ReadLock(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.made, is.Files); diff != "" {
				t.Error(diff)
			}
			if lock, err := is.Decode(); err != nil || lock == nil {
				t.Error(lock, err)
			}
		})
	}
}

// TestReplaceLockFails leaves all files as they were if one cannot be written.
// A build for one platform that writes the lock again must not drop the others.
func TestLockedPlatforms(t *testing.T) {
	want := []string{"linux/amd64", "linux/arm64"}
	l, err := ReadLock(t.Context(), written(t, lockOf(t, map[string]string{want[0]: "pylock.linux-amd64.toml", want[1]: "pylock.linux-arm64.toml"})))
	if err != nil {
		t.Fatal(err)
	}
	got := l.platforms()
	slices.Sort(got)
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if got := (&LockFiles{Path: "Deployfile.lock"}).platforms(); got != nil {
		t.Errorf("without a lock: %q", got)
	}
}

func TestReplaceLockFails(t *testing.T) {
	old := map[string][]byte{"Deployfile.lock": []byte("version = 0\n"), "other": []byte("x")}
	path := written(t, old)
	l, err := ReadLock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Decode(); err == nil {
		t.Error("version 0 was decoded")
	}
	if err := l.Replace(map[string][]byte{"a.toml": []byte("new"), "Deployfile.lock": []byte("new"), "none/pylock": []byte("new")}); err == nil {
		t.Error("no error")
	}
	if diff := cmp.Diff(old, beside(t, path)); diff != "" {
		t.Error(diff)
	}
}
