package integration

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/build"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/moby/buildkit/client"
)

// TestRegistry takes base and toolchain from a registry, by tag, and pushes
// image and cache to it.
func TestRegistry(t *testing.T) {
	host := startRegistry(t)
	base, toolchain := loadLayout(t, lab.base), loadLayout(t, lab.toolchain)
	push(t, host+"/python:3.11-slim", base)
	push(t, host+"/toolchain:1", toolchain)
	// Bytes that no other test has, so that no builder has their layer.
	x := newIndex(t, wheel(t, "dfone", "1.0", "WORDS = 'from a registry'"))
	p := tiny(t, fmt.Sprintf("base = \"%s/python:3.11-slim\"\ntoolchain = \"%s/toolchain:1\"\n%s", host, host, x.table()), "dfone")
	p.contexts = nil
	p.lock(t)
	digest, err := base.Digest()
	if err != nil {
		t.Fatal(err)
	}
	if lock := p.read(t, "Deployfile.lock"); !strings.Contains(lock, digest.String()) {
		t.Errorf("the lock does not hold the base's digest %s:\n%s", digest, lock)
	}
	img := p.build(t)
	if got := img.config.Config.Labels["org.opencontainers.image.base.name"]; got != host+"/python:3.11-slim" {
		t.Errorf("the label of the base's name is %q", got)
	}

	// A tag that moves moves no lock, until it is told to.
	locked := p.read(t, "Deployfile.lock")
	moved, err := mutate.AppendLayers(base, fileLayer(t, "etc/deployfile-test", []byte("a newer base\n")))
	if err != nil {
		t.Fatal(err)
	}
	push(t, host+"/python:3.11-slim", moved)
	p.lock(t)
	if p.read(t, "Deployfile.lock") != locked {
		t.Error("locking again follows a tag that moved")
	}
	ref := host + "/model:1"
	o, err := p.export(t, client.ExportEntry{Type: client.ExporterImage, Attrs: map[string]string{"name": ref, "push": "true"}}, func(o *build.Options) {
		o.CacheTo = []string{"type=registry,mode=max,ref=" + host + "/cache"}
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, tail(o.log))
	}
	if got := pull(t, ref); got != img.digest {
		t.Errorf("pushed is %s, and built was %s", got, img.digest)
	}

	again := p.on(lab.second).buildWith(t, func(o *build.Options) { o.CacheFrom = []string{host + "/cache"} })
	if again.digest != img.digest {
		t.Errorf("with the registry's cache the image is %s, not %s", again.digest, img.digest)
	}
	if strings.Contains(again.log, " + dfone==") {
		t.Errorf("the cache was not used:\n%s", again.log)
	}

	p.lockWith(t, upgrade("*"))
	if p.read(t, "Deployfile.lock") == locked {
		t.Error("upgrading everything does not follow a tag that moved")
	}
}

// startRegistry starts distribution's registry and returns its host and port.
func startRegistry(t *testing.T) string {
	t.Helper()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	host := fmt.Sprintf("127.0.0.1:%d", port)
	dir := t.TempDir()
	config := fmt.Sprintf("version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: %q}\n", filepath.Join(dir, "data"), host)
	file := filepath.Join(dir, "config.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("registry", "serve", file)
	log := &words{}
	c.Stdout, c.Stderr = log, log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() {
		_ = c.Wait()
		close(exited)
	}()
	t.Cleanup(func() {
		_ = c.Process.Kill()
		<-exited
	})
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		if status, _, err := request("http://"+host+"/v2/", nil); err == nil && status == http.StatusOK {
			return host
		}
		select {
		case <-exited:
			t.Fatalf("the registry ended at once:\n%s", log)
		case <-time.After(20 * time.Millisecond):
		}
	}
	t.Fatalf("the registry does not answer:\n%s", log)
	return ""
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

// pull returns the digest of what the registry has.
func pull(t *testing.T, ref string) string {
	t.Helper()
	r, err := name.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	d, err := remote.Head(r)
	if err != nil {
		t.Fatal(err)
	}
	return d.Digest.String()
}
