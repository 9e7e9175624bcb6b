package deploy

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/report"
	"github.com/opencontainers/go-digest"
)

// A dry run names packages without git, too, if this machine has deployed the lock.
func TestDifferencesFromTheCache(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	dir := t.TempDir()
	p := &build.Project{Dir: dir, Path: filepath.Join(dir, "Deployfile")}
	put := func(example string) string {
		t.Helper()
		for _, name := range []string{"pylock.toml", "Deployfile.lock"} {
			data, err := os.ReadFile(filepath.Join("../llb/testdata", example, name))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		lock, err := p.LockDigest(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return lock
	}
	at := func(lock string) manifests.State {
		return manifests.State{Live: manifests.Slot{Release: manifests.Release{LockDigest: lock}}}
	}
	d := &Deployer{Project: p}
	brings := func(was, is string) bool {
		return slices.ContainsFunc(d.differences(t.Context(), &publish.Revision{Number: 1, State: at(was)}, at(is)), func(c report.Difference) bool {
			return c.Kind == "package" && c.Name == "scikit-learn" && c.Op == "added"
		})
	}
	was := put("pyfunc")
	is := put("iris")
	if brings(was, is) {
		t.Fatal("a lock is known that nobody kept")
	}
	put("pyfunc")
	for range 2 {
		if err := p.KeepLock(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	put("iris")
	if !brings(was, is) {
		t.Error("scikit-learn is not among the differences")
	}

	// What is kept under another digest than its own is not taken.
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	locks := filepath.Join(cache, "deployfile", "locks")
	other := digest.FromString("another")
	if err := os.Rename(filepath.Join(locks, digest.Digest(was).Encoded()), filepath.Join(locks, other.Encoded())); err != nil {
		t.Fatal(err)
	}
	if brings(other.String(), is) {
		t.Error("a lock with another digest was taken")
	}
}
