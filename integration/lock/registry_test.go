//go:build integration

package lock

import (
	"fmt"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/internal/testing/buildtest"
	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/moby/buildkit/client"
)

// TestRegistry takes base and toolchain from a registry, by tag, and pushes
// image and cache to it.
func TestRegistry(t *testing.T) {
	host := lab.StartRegistry(t).Host
	base, toolchain := buildtest.LoadLayout(t, shared.Base), buildtest.LoadLayout(t, shared.Toolchain)
	push(t, host+"/python:3.11-slim", base)
	push(t, host+"/toolchain:1", toolchain)
	// Bytes that no other test has, so that no builder has their layer.
	x := lab.NewIndex(t, lab.Wheel(t, "dfone", "1.0", "WORDS = 'from a registry'"))
	p := shared.Tiny(t, fmt.Sprintf("base = \"%s/python:3.11-slim\"\ntoolchain = \"%s/toolchain:1\"\n%s", host, host, x.Table("local")), "dfone")
	p.Contexts = nil
	p.Lock(t)
	digest, err := base.Digest()
	if err != nil {
		t.Fatal(err)
	}
	if lock := p.Read(t, "Deployfile.lock"); !strings.Contains(lock, digest.String()) {
		t.Errorf("the lock does not hold the base's digest %s:\n%s", digest, lock)
	}
	img := p.Build(t)
	if got := img.Config.Config.Labels["org.opencontainers.image.base.name"]; got != host+"/python:3.11-slim" {
		t.Errorf("the label of the base's name is %q", got)
	}

	// A tag that moves moves no lock, until it is told to.
	locked := p.Read(t, "Deployfile.lock")
	push(t, host+"/python:3.11-slim", buildtest.WithFile(t, base, "etc/deployfile-test", "a newer base\n"))
	p.Lock(t)
	if p.Read(t, "Deployfile.lock") != locked {
		t.Error("locking again follows a tag that moved")
	}
	ref := host + "/model:1"
	o, err := p.Export(t, client.ExportEntry{Type: client.ExporterImage, Attrs: map[string]string{"name": ref, "push": "true"}}, func(o *build.Options) {
		o.CacheTo = []string{"type=registry,mode=max,ref=" + host + "/cache"}
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, lab.Tail(o.Log))
	}
	if got := lab.Pull(t, ref).Digest.String(); got != img.Digest {
		t.Errorf("pushed is %s, and built was %s", got, img.Digest)
	}

	again := p.On(shared.Second(t)).BuildWith(t, func(o *build.Options) { o.CacheFrom = []string{host + "/cache"} })
	if again.Digest != img.Digest {
		t.Errorf("with the registry's cache the image is %s, not %s", again.Digest, img.Digest)
	}
	if strings.Contains(again.Log, " + dfone==") {
		t.Errorf("the cache was not used:\n%s", again.Log)
	}

	p.LockWith(t, buildtest.Upgrade("*"))
	if p.Read(t, "Deployfile.lock") == locked {
		t.Error("upgrading everything does not follow a tag that moved")
	}
}

func push(t *testing.T, ref string, img v1.Image) {
	t.Helper()
	r, err := name.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(r, img); err != nil {
		t.Fatal(err)
	}
}
