//go:build integration

package lock

import (
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/buildtest"
	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/google/go-cmp/cmp"
)

// TestOtherBase builds on a base that has one layer more: nothing is
// installed again, and the layers on top of it are the same.
func TestOtherBase(t *testing.T) {
	x := lab.NewIndex(t, lab.Wheel(t, "dfone", "1.0", ""), lab.Wheel(t, "dftwo", "1.0", ""))
	p := shared.Tiny(t, x.Table("local"), "dfone", "dftwo")
	p.Lock(t)
	before := p.Build(t)
	pylock := p.Read(t, "pylock.toml")

	base := buildtest.WithFile(t, buildtest.LoadLayout(t, shared.Base), "etc/deployfile-test", "another base\n")
	p.Contexts["base"] = "oci-layout://" + buildtest.SaveLayout(t, base)

	_, _, err := p.TryBuild(t, buildtest.DemandLock)
	buildtest.WantError(t, err, "Deployfile.lock is out of date", "base image")

	p.Lock(t)
	if d := cmp.Diff(pylock, p.Read(t, "pylock.toml")); d != "" {
		t.Errorf("another base changes the packages:\n%s", d)
	}
	after := p.Build(t)
	if d := cmp.Diff(before.Installs(t), after.Installs(t)); d != "" {
		t.Errorf("another base changes the layers of packages:\n%s", d)
	}
	if was, is := len(before.Layers(t)), len(after.Layers(t)); is != was+1 {
		t.Errorf("there were %d layers and are %d", was, is)
	}
	if before.Digest == after.Digest {
		t.Error("the image is the same on another base")
	}
	for _, line := range strings.Split(after.Log, "\n") {
		if strings.Contains(line, " + dfone==") {
			t.Errorf("a package was installed again:\n%s", after.Log)
		}
	}
}
