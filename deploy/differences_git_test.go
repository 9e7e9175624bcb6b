//go:build integration

package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	"github.com/opencontainers/go-digest"
)

// A dry run names packages, because the repository has the lock of what is deployed.
func TestDifferencesFromGit(t *testing.T) {
	dir := t.TempDir()
	git := func(args ...string) {
		t.Helper()
		c := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=x", "-c", "user.email=x@example.com"}, args...)...)
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	put := func(example string) string {
		t.Helper()
		var lock []byte
		for _, name := range []string{"Deployfile.lock", "pylock.toml"} {
			data, err := os.ReadFile(filepath.Join("../llb/testdata", example, name))
			if err != nil {
				t.Fatal(err)
			}
			if lock == nil {
				lock = data
			}
			if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return digest.FromBytes(lock).String()
	}
	at := func(lock string) manifests.State {
		return manifests.State{Live: manifests.Slot{Release: manifests.Release{LockDigest: lock}}}
	}
	git("init", "--quiet")
	was := put("pyfunc")
	git("add", ".")
	git("commit", "--quiet", "-m", "one")
	is := put("iris")
	d := &Deployer{Project: &build.Project{Dir: dir, Path: filepath.Join(dir, "Deployfile")}}
	revision := &publish.Revision{Number: 1, State: at(was)}
	found := false
	for _, c := range d.differences(t.Context(), revision, at(is)) {
		found = found || c.Kind == "package" && c.Name == "scikit-learn" && c.Op == "added"
	}
	if !found {
		t.Error("scikit-learn is not among the differences")
	}
	for name, got := range map[string]int{
		"the same lock":      len(d.differences(t.Context(), revision, at(was))),
		"an unknown lock":    len(d.differences(t.Context(), &publish.Revision{State: at(digest.FromString("x").String())}, at(is))),
		"nothing deployed":   len(d.differences(t.Context(), nil, at(is))),
		"an image by itself": len(d.differences(t.Context(), revision, at(""))),
	} {
		if got != 0 {
			t.Errorf("%s: %d differences", name, got)
		}
	}
}
