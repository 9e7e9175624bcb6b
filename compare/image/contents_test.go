package image_test

import (
	"testing"

	"github.com/deployfile/deployfile/compare"
	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// TestDiffOfImages compares images of which each pair shares layers that one
// of them puts something over.
func TestDiffOfImages(t *testing.T) {
	base := step{by: "debian", files: []entry{{"etc/motd", "hello"}, status("12")}}
	numpy := step{by: "install numpy", ours: true, files: packageFiles("numpy-2.4.6")}
	model := step{by: "model", ours: true, files: []entry{{"opt/model/", ""}, {"opt/model/MLmodel", "1"}}}
	theirs := func(s step) step { s.ours = false; return s }
	amd64 := []string{"linux/amd64"}
	for name, test := range map[string]struct {
		a, b []step
		want []compare.Change
	}{
		"a package bumped": {
			a: []step{base, numpy, model},
			b: []step{base, {by: "install numpy", ours: true, files: packageFiles("numpy-2.4.7")}, model},
			want: []compare.Change{
				{Kind: compare.Package, Op: compare.Changed, Name: "numpy", Was: "2.4.6", Is: "2.4.7", Platforms: amd64},
			},
		},
		"a package in a layer more": {
			a:    []step{base, numpy, model},
			b:    []step{base, numpy, {by: "install more", ours: true, files: packageFiles("typing_extensions-4.1")}, model},
			want: []compare.Change{{Kind: compare.Package, Op: compare.Added, Name: "typing-extensions", Is: "4.1", Platforms: amd64}},
		},
		"a system package more": {
			a: []step{base, numpy},
			b: []step{base, {by: "install libgomp1 13", ours: true, files: []entry{status("13")}}, numpy},
			want: []compare.Change{
				{Kind: compare.SystemPackage, Op: compare.Changed, Name: "libgomp1", Was: "12", Is: "13", Platforms: amd64},
			},
		},
		"somebody else's image that takes a package away": {
			a: []step{base, theirs(numpy)},
			b: []step{base, theirs(numpy), {by: "upgrade", files: append(packageFiles("numpy-3.0"), entry{site + ".wh.numpy-2.4.6.dist-info", ""})}},
			want: []compare.Change{
				{Kind: compare.Package, Op: compare.Changed, Name: "numpy", Was: "2.4.6", Is: "3.0", Platforms: amd64},
			},
		},
		"somebody else's image that empties the model's directory": {
			a: []step{base, theirs(model)},
			b: []step{base, theirs(model), {by: "copy", files: []entry{{"opt/model/.wh..wh..opq", ""}, {"opt/model/other", "1"}}}},
			want: []compare.Change{
				{Kind: compare.ModelFile, Op: compare.Removed, Name: "MLmodel", Was: hashOf1, WasSize: 1, Platforms: amd64},
				{Kind: compare.ModelFile, Op: compare.Added, Name: "other", Is: hashOf1, IsSize: 1, Platforms: amd64},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := open(t, save(t, makeImage(t, v1.Config{}, test.a...)))
			b := open(t, save(t, makeImage(t, v1.Config{}, test.b...)))
			was, err := a.Contents(t.Context(), b)
			if err != nil {
				t.Fatal(err)
			}
			is, err := b.Contents(t.Context(), a)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(test.want, compare.Diff(was, is).Changes); d != "" {
				t.Errorf("changes (-want +got):\n%s", d)
			}
		})
	}
}

const hashOf1 = "sha256:6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"

// TestSharedLayersAreNotRead removes the blob of a layer that both images
// have: whoever read it would fail.
func TestSharedLayersAreNotRead(t *testing.T) {
	base := step{by: "debian", files: []entry{status("12")}}
	a := open(t, save(t, makeImage(t, v1.Config{}, base, step{by: "x", ours: true, files: packageFiles("numpy-1")})))
	b := open(t, save(t, makeImage(t, v1.Config{}, base, step{by: "y", ours: true, files: packageFiles("numpy-1")}, step{by: "z", ours: true, files: packageFiles("pandas-1")})))
	removeBlob(t, a, a.Platforms[0].Layers[0])
	removeBlob(t, b, b.Platforms[0].Layers[0])
	if _, err := a.Contents(t.Context(), b); err != nil {
		t.Error(err)
	}
	if _, err := b.Contents(t.Context(), a); err != nil {
		t.Error(err)
	}
	if _, err := a.Contents(t.Context(), nil); err == nil {
		t.Error("without another image, no layer is shared")
	}
}

func TestConfigFacts(t *testing.T) {
	i := open(t, save(t, makeImage(t, v1.Config{
		User: "10001", WorkingDir: "/opt/model", Cmd: []string{"serve"}, Env: []string{"A=b=c"},
		ExposedPorts: map[string]struct{}{"8080/tcp": {}},
		Labels:       map[string]string{"org.opencontainers.image.base.digest": "sha256:b", "x": "y"},
	})))
	c, err := i.Contents(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	got := c.Platforms[0].Facts
	delete(got[compare.Config], "created")
	want := map[compare.Kind]map[string]compare.Fact{
		compare.Config:        {"user": {Value: "10001"}, "working-dir": {Value: "/opt/model"}, "command": {Value: `["serve"]`}, "ports": {Value: `["8080/tcp"]`}},
		compare.Environment:   {"A": {Value: "b=c"}},
		compare.Label:         {"x": {Value: "y"}},
		compare.Base:          {"digest": {Value: "sha256:b"}},
		compare.Package:       {},
		compare.ModelFile:     {},
		compare.SystemPackage: nil,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("facts (-want +got):\n%s", d)
	}
}
