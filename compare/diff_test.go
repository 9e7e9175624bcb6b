package compare_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/compare"
	"github.com/deployfile/deployfile/internal/testing/growth"
	"github.com/google/go-cmp/cmp"
)

type facts = map[compare.Kind]map[string]compare.Fact

func versions(pairs ...string) map[string]compare.Fact {
	out := map[string]compare.Fact{}
	for n := 0; n < len(pairs); n += 2 {
		out[pairs[n]] = compare.Fact{Value: pairs[n+1]}
	}
	return out
}

func contents(source compare.Source, f facts) compare.Contents {
	return compare.Contents{Name: "x", Source: source, Platforms: []compare.Platform{{Name: "linux/amd64", Facts: f}}}
}

func TestDiffFacts(t *testing.T) {
	amd64 := []string{"linux/amd64"}
	for name, test := range map[string]struct {
		a, b compare.Contents
		want []compare.Change
	}{
		"bumped, added and removed": {
			a: contents(compare.Lock, facts{compare.Package: versions("numpy", "1", "old", "1", "same", "1")}),
			b: contents(compare.Lock, facts{compare.Package: versions("numpy", "2", "new", "1", "same", "1")}),
			want: []compare.Change{
				{Kind: compare.Package, Op: compare.Added, Name: "new", Is: "1", Platforms: amd64},
				{Kind: compare.Package, Op: compare.Changed, Name: "numpy", Was: "1", Is: "2", Platforms: amd64},
				{Kind: compare.Package, Op: compare.Removed, Name: "old", Was: "1", Platforms: amd64},
			},
		},
		"what one side says nothing about": {
			a: contents(compare.Lock, facts{compare.Toolchain: versions("digest", "d")}),
			b: contents(compare.Image, facts{compare.Label: versions("a", "b")}),
		},
		"system packages of a base are not those of a lock": {
			a: contents(compare.Lock, facts{compare.SystemPackage: versions("libgomp1", "12")}),
			b: contents(compare.Image, facts{compare.SystemPackage: versions("libgomp1", "13", "base-files", "1")}),
			want: []compare.Change{
				{Kind: compare.SystemPackage, Op: compare.Changed, Name: "libgomp1", Was: "12", Is: "13", Platforms: amd64},
			},
		},
		"a system package that the image lacks": {
			a: contents(compare.Image, facts{compare.SystemPackage: versions("base-files", "1")}),
			b: contents(compare.Lock, facts{compare.SystemPackage: versions("libgomp1", "12")}),
			want: []compare.Change{
				{Kind: compare.SystemPackage, Op: compare.Added, Name: "libgomp1", Is: "12", Platforms: amd64},
			},
		},
		"a base that has no name": {
			a:    contents(compare.Lock, facts{compare.Base: versions("digest", "1")}),
			b:    contents(compare.Image, facts{compare.Base: versions("digest", "2", "name", "python:3.11")}),
			want: []compare.Change{{Kind: compare.Base, Op: compare.Changed, Name: "digest", Was: "1", Is: "2", Platforms: amd64}},
		},
		"the same version from another file": {
			a: contents(compare.Lock, facts{compare.Package: versions("a", "1", "b", "1"), compare.PackageSource: versions("a", "x", "b", "x")}),
			b: contents(compare.Lock, facts{compare.Package: versions("a", "1", "b", "2"), compare.PackageSource: versions("a", "y", "b", "y")}),
			want: []compare.Change{
				{Kind: compare.Package, Op: compare.Changed, Name: "b", Was: "1", Is: "2", Platforms: amd64},
				{Kind: compare.PackageSource, Op: compare.Changed, Name: "a", Was: "x", Is: "y", Platforms: amd64},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := compare.Diff(test.a, test.b)
			if d := cmp.Diff(append([]compare.Change{}, test.want...), got.Changes); d != "" {
				t.Errorf("changes (-want +got):\n%s", d)
			}
			if got.Same != (len(test.want) == 0) {
				t.Errorf("same is %v with %d changes", got.Same, len(got.Changes))
			}
		})
	}
}

// twoImages are images for two platforms that share a layer each.
func twoImages() (a, b compare.Contents) {
	layer := func(digest string, size int64, by string) compare.Blob {
		return compare.Blob{Digest: digest, Size: size, CreatedBy: by}
	}
	digest := func(c string) string { return "sha256:" + strings.Repeat(c, 64) }
	base := layer("base", 50e6, "debian")
	oldNumpy, newNumpy := layer("n1", 20e6, "install numpy 1"), layer("n2", 21e6, "install numpy 2")
	a = compare.Contents{Name: "registry.example.com/iris:1", Source: compare.Image, Digest: digest("a")}
	b = compare.Contents{Name: "registry.example.com/iris:2", Source: compare.Image, Digest: digest("b")}
	for _, platform := range []string{"linux/amd64", "linux/arm64"} {
		a.Platforms = append(a.Platforms, compare.Platform{Name: platform, Layers: []compare.Blob{base, oldNumpy}, Facts: facts{
			compare.Package:   versions("numpy", "1"),
			compare.ModelFile: {"model.bin": {Value: digest("c"), Size: 1000}, "MLmodel": {Value: digest("c"), Size: 10}},
			compare.Label:     versions("version", "1"),
		}})
		b.Platforms = append(b.Platforms, compare.Platform{Name: platform, Layers: []compare.Blob{base, newNumpy}, Facts: facts{
			compare.Package:   versions("numpy", "2"),
			compare.ModelFile: {"model.bin": {Value: digest("d"), Size: 2000}, "MLmodel": {Value: digest("d"), Size: 10}},
			compare.Label:     versions("version", "1"),
		}})
	}
	b.Platforms[1].Facts[compare.Label] = versions("version", "2")
	a.Blobs = []compare.Blob{base, oldNumpy, layer("config-a", 500, "")}
	// The second platform's layer is the same blob.
	b.Blobs = []compare.Blob{base, newNumpy, newNumpy, layer("config-b", 500, "")}
	return a, b
}

func TestDiffLayers(t *testing.T) {
	r := compare.Diff(twoImages())
	want := compare.Layers{
		Platform: "linux/arm64", Shared: 1, SharedSize: 50e6, Pull: 21e6, PullAll: 71e6,
		Added:   []compare.Blob{{Digest: "n2", Size: 21e6, CreatedBy: "install numpy 2"}},
		Removed: []compare.Blob{{Digest: "n1", Size: 20e6, CreatedBy: "install numpy 1"}},
	}
	if d := cmp.Diff(want, r.Layers[1]); d != "" {
		t.Errorf("layers (-want +got):\n%s", d)
	}
	if r.Push == nil || *r.Push != 21e6+500 {
		t.Errorf("push is %v, want 21000500", r.Push)
	}
}

func TestText(t *testing.T) {
	var out strings.Builder
	if err := compare.Diff(twoImages()).Text(&out); err != nil {
		t.Fatal(err)
	}
	const want = `A: image registry.example.com/iris:1 (sha256:aaaaaaaaaaaa)
B: image registry.example.com/iris:2 (sha256:bbbbbbbbbbbb)

Python packages
  ~ numpy 1 -> 2

Model files
  ~ MLmodel sha256:cccccccccccc -> sha256:dddddddddddd (10 B)
  ~ model.bin 1 kB -> 2 kB

Labels
  ~ version 1 -> 2 (linux/arm64)

Layers of linux/amd64: 1 of 2 are shared (50 MB)
  -     20 MB  install numpy 1
  +     21 MB  install numpy 2
To pull B: 21 MB where A is, 71 MB elsewhere.

Layers of linux/arm64: 1 of 2 are shared (50 MB)
  -     20 MB  install numpy 1
  +     21 MB  install numpy 2
To pull B: 21 MB where A is, 71 MB elsewhere.

To push B to a registry that has A: 21 MB.
`
	if d := cmp.Diff(want, out.String()); d != "" {
		t.Errorf("text (-want +got):\n%s", d)
	}
}

func TestTextOfTheSame(t *testing.T) {
	a, _ := twoImages()
	var out strings.Builder
	if err := compare.Diff(a, a).Text(&out); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(out.String(), "\nNo difference.\n") {
		t.Errorf("text of the same:\n%s", out.String())
	}
}

func TestPlatformsOfOneSide(t *testing.T) {
	a, b := twoImages()
	a.Platforms, b.Platforms = a.Platforms[:1], b.Platforms[1:]
	r := compare.Diff(a, b)
	if d := cmp.Diff([]string{"linux/amd64"}, r.RemovedPlatforms); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"linux/arm64"}, r.AddedPlatforms); d != "" {
		t.Error(d)
	}
	var out strings.Builder
	if err := r.Text(&out); err != nil {
		t.Fatal(err)
	}
	if want := "Platforms\n  - linux/amd64\n  + linux/arm64\n"; !strings.Contains(out.String(), want) {
		t.Errorf("text lacks %q:\n%s", want, out.String())
	}
}

func TestDiffGrowsLinearly(t *testing.T) {
	growth.Linear(t, 3000, func(n int) func() {
		side := func(version string) compare.Contents {
			made := map[string]compare.Fact{}
			for i := range n {
				made[fmt.Sprintf("package-%d", i)] = compare.Fact{Value: version}
			}
			return compare.Contents{Source: compare.Lock, Platforms: []compare.Platform{{Name: "linux/amd64", Facts: facts{compare.Package: made}}}}
		}
		a, b := side("1"), side("2")
		return func() {
			if got := compare.Diff(a, b); len(got.Changes) != n {
				t.Errorf("%d changes", len(got.Changes))
			}
		}
	})
}
