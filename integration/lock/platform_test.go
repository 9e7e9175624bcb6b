//go:build integration

package lock

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/internal/testing/buildtest"
	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/deployfile/deployfile/resolver"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/moby/buildkit/client"
)

// TestOtherArchitecture builds an image for arm64 without emulation.
func TestOtherArchitecture(t *testing.T) {
	x := lab.NewIndex(t, lab.Wheel(t, "dfone", "1.0", ""))
	p := shared.Tiny(t, x.Table("local"), "dfone", "markupsafe==3.0.3")
	base, err := lab.ARM64(shared.Base)
	if err != nil {
		t.Fatal(err)
	}
	p.Contexts["base"] = "oci-layout://" + buildtest.SaveLayout(t, base)
	arm := func(o *build.Options) { o.Platforms = []string{"linux/arm64"} }
	p.LockWith(t, arm)
	img := p.BuildWith(t, arm)
	if got := img.Config.OS + "/" + img.Config.Architecture; got != "linux/arm64" {
		t.Errorf("the image is for %s", got)
	}
	if said := buildtest.Warnings(img.Outcome); !strings.Contains(said, "linux/arm64 was not verified") {
		t.Errorf("no warning that nothing was verified in:\n%s", said)
	}
	libraries := 0
	img.Files(t, func(h *tar.Header, content io.Reader) {
		if !strings.HasPrefix(h.Name, "opt/") {
			return
		}
		data, err := io.ReadAll(content)
		if err != nil {
			t.Fatal(err)
		}
		// A builder for arm64 would make the same bytes: nothing says where it was
		// made.
		for _, word := range []string{"x86_64", "amd64"} {
			if bytes.Contains(data, []byte(word)) || strings.Contains(h.Name, word) {
				t.Errorf("%s names the platform that builds: %s", h.Name, word)
			}
		}
		if !strings.HasSuffix(h.Name, ".so") {
			return
		}
		libraries++
		if f, err := elf.NewFile(bytes.NewReader(data)); err != nil || f.Machine != elf.EM_AARCH64 {
			t.Errorf("%s is no library for arm64: %v", h.Name, err)
		}
	})
	if libraries == 0 {
		t.Error("the image has no library of markupsafe")
	}

	// The same pure-Python layer is in an image for the builder's own platform.
	own := shared.Tiny(t, x.Table("local"), "dfone")
	own.Lock(t)
	if a, b := img.Installs(t)["install dfone 1.0"], own.Build(t).Installs(t)["install dfone 1.0"]; a == "" || a != b {
		t.Errorf("the layer of dfone is %q for arm64 and %q here", a, b)
	}
}

// TestSystemPackagesOfOtherArchitecture locks Debian packages for a platform whose
// programs the builder cannot run; to install them takes a builder that can.
func TestSystemPackagesOfOtherArchitecture(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "layout")
	if err := lab.WriteBothPlatforms(dir, shared.Base); err != nil {
		t.Fatal(err)
	}
	p := shared.Tiny(t, "system-packages = [\"libgomp1\"]\n[image]\nplatforms = [\"linux/amd64\", \"linux/arm64\"]\n")
	p.Contexts["base"] = "oci-layout://" + dir
	p.Lock(t)
	lock, err := resolver.ParseLock([]byte(p.Read(t, "Deployfile.lock")))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]map[string]string{}
	for _, platform := range lock.Platforms {
		_, architecture, _ := strings.Cut(platform.Name, "/")
		got[platform.Name] = map[string]string{}
		for _, s := range platform.SystemPackages {
			got[platform.Name][s.Name] = s.Version
			if !strings.HasSuffix(s.Filename, "_"+architecture+".deb") {
				t.Errorf("%s is locked for %s", s.Filename, platform.Name)
			}
		}
	}
	// What more there is for arm64 comes of the base, which only looks like it.
	if amd, arm := got["linux/amd64"]["libgomp1"], got["linux/arm64"]["libgomp1"]; amd == "" || arm != amd {
		t.Errorf("packages for the one platform and for the other: %v", got)
	}
	_, _, err = p.TryBuild(t, nil)
	buildtest.WantError(t, err, "system packages run scripts while they are installed", "runs no programs for linux/arm64", "build on a builder for linux/arm64")
	buildtest.WantSource(t, err, p.Read(t, "Deployfile"), "system-packages")
	p.BuildWith(t, func(o *build.Options) { o.Platforms = []string{"linux/amd64"} })
}

// TestTwoPlatforms builds both into one index, from one lock.
func TestTwoPlatforms(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "layout")
	if err := lab.WriteBothPlatforms(dir, shared.Base); err != nil {
		t.Fatal(err)
	}
	x := lab.NewIndex(t, lab.Wheel(t, "dfone", "1.0", ""))
	p := shared.Tiny(t, x.Table("local"), "dfone", "markupsafe==3.0.3")
	p.Write(t, "Deployfile", p.Read(t, "Deployfile")+"\n[image]\nplatforms = [\"linux/amd64\", \"linux/arm64\"]\n")
	p.Contexts["base"] = "oci-layout://" + dir
	p.Lock(t)
	files := slices.Sorted(maps.Keys(p.LockFiles(t)))
	if d := cmp.Diff([]string{"Deployfile.lock", "pylock.linux-amd64.toml", "pylock.linux-arm64.toml"}, files); d != "" {
		t.Errorf("files of the lock:\n%s", d)
	}
	out := filepath.Join(t.TempDir(), "image")
	o, err := p.Export(t, client.ExportEntry{Type: client.ExporterOCI, OutputDir: out, Attrs: map[string]string{"tar": "false"}}, buildtest.DemandLock)
	if err != nil {
		t.Fatalf("%v\n%s", err, lab.Tail(o.Log))
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
