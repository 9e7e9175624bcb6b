package integration

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/build"
	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/moby/buildkit/client"
)

// armBase looks like the base for arm64, as far as a build looks at it: no
// program of an image for another architecture runs on this builder.
func armBase(t *testing.T) v1.Image {
	t.Helper()
	base, err := mutate.AppendLayers(loadLayout(t, lab.base), fileLayer(t, "usr/lib/aarch64-linux-gnu/libc.so.6",
		[]byte("GNU C Library (Debian GLIBC 2.36-9) stable release version 2.36.\n")))
	if err != nil {
		t.Fatal(err)
	}
	config, err := base.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.Architecture = "arm64"
	if base, err = mutate.ConfigFile(base, config); err != nil {
		t.Fatal(err)
	}
	return base
}

// TestOtherArchitecture builds an image for arm64 without emulation.
func TestOtherArchitecture(t *testing.T) {
	x := newIndex(t, wheel(t, "dfone", "1.0", ""))
	p := tiny(t, x.table(), "dfone", "markupsafe==3.0.3")
	p.contexts["base"] = "oci-layout://" + saveLayout(t, armBase(t))
	arm := func(o *build.Options) { o.Platforms = []string{"linux/arm64"} }
	p.lockWith(t, arm)
	img := p.buildWith(t, arm)
	if got := img.config.OS + "/" + img.config.Architecture; got != "linux/arm64" {
		t.Errorf("the image is for %s", got)
	}
	if said := warnings(img.outcome); !strings.Contains(said, "linux/arm64 was not verified") {
		t.Errorf("no warning that nothing was verified in:\n%s", said)
	}
	libraries := 0
	img.files(t, func(h *tar.Header, content io.Reader) {
		if !strings.HasPrefix(h.Name, "opt/venv/lib/python3.11/site-packages/") || !strings.HasSuffix(h.Name, ".so") {
			return
		}
		libraries++
		data, err := io.ReadAll(content)
		if err != nil {
			t.Fatal(err)
		}
		if f, err := elf.NewFile(bytes.NewReader(data)); err != nil || f.Machine != elf.EM_AARCH64 {
			t.Errorf("%s is no library for arm64: %v", h.Name, err)
		}
	})
	if libraries == 0 {
		t.Error("the image has no library of markupsafe")
	}

	// The same pure-Python layer is in an image for the builder's own platform.
	own := tiny(t, x.table(), "dfone")
	own.lock(t)
	if a, b := img.installs(t)["install dfone 1.0"], own.build(t).installs(t)["install dfone 1.0"]; a == "" || a != b {
		t.Errorf("the layer of dfone is %q for arm64 and %q here", a, b)
	}
}

// TestTwoPlatforms builds both into one index, from one lock.
func TestTwoPlatforms(t *testing.T) {
	index := mutate.AppendManifests(empty.Index,
		mutate.IndexAddendum{Add: loadLayout(t, lab.base), Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}},
		mutate.IndexAddendum{Add: armBase(t), Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64"}}})
	dir := filepath.Join(t.TempDir(), "layout")
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := path.AppendIndex(index); err != nil {
		t.Fatal(err)
	}
	x := newIndex(t, wheel(t, "dfone", "1.0", ""))
	p := tiny(t, x.table(), "dfone", "markupsafe==3.0.3")
	p.write(t, "Deployfile", p.read(t, "Deployfile")+"\n[image]\nplatforms = [\"linux/amd64\", \"linux/arm64\"]\n")
	p.contexts["base"] = "oci-layout://" + dir
	p.lock(t)
	var files []string
	for name := range p.lockFiles(t) {
		files = append(files, name)
	}
	slices.Sort(files)
	if d := cmp.Diff([]string{"Deployfile.lock", "pylock.linux-amd64.toml", "pylock.linux-arm64.toml"}, files); d != "" {
		t.Errorf("files of the lock:\n%s", d)
	}
	out := filepath.Join(t.TempDir(), "image")
	o, err := p.export(t, client.ExportEntry{Type: client.ExporterOCI, OutputDir: out, Attrs: map[string]string{"tar": "false"}}, demandLock)
	if err != nil {
		t.Fatalf("%v\n%s", err, tail(o.log))
	}
	exported, err := layout.ImageIndexFromPath(out)
	if err != nil {
		t.Fatal(err)
	}
	outer, err := exported.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	images, err := exported.ImageIndex(outer.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := images.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var platforms []string
	for _, m := range manifest.Manifests {
		platforms = append(platforms, m.Platform.OS+"/"+m.Platform.Architecture)
	}
	slices.Sort(platforms)
	if d := cmp.Diff([]string{"linux/amd64", "linux/arm64"}, platforms); d != "" {
		t.Errorf("platforms of the index:\n%s", d)
	}
}
