package verify_test

import (
	"archive/tar"
	"bytes"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/compare/image"
	"github.com/deployfile/deployfile/compare/verify"
	"github.com/deployfile/deployfile/report"
	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// recipe is an image of one layer, above one that never changes.
type recipe struct {
	headers []tar.Header
	content string
	level   int
	by      string
	label   string
	more    bool
}

func plain() recipe {
	at := time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
	return recipe{content: "text", level: 6, by: "install x", label: "1", headers: []tar.Header{
		{Name: "opt/", Typeflag: tar.TypeDir, Mode: 0o755, ModTime: at},
		{Name: "opt/a", Typeflag: tar.TypeReg, Mode: 0o644, ModTime: at},
		{Name: "opt/b", Typeflag: tar.TypeSymlink, Linkname: "a", Mode: 0o777, ModTime: at},
	}}
}

func (r recipe) layer(t *testing.T) v1.Layer {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, h := range r.headers {
		if h.Typeflag == tar.TypeReg {
			h.Size = int64(len(r.content))
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			if _, err := io.WriteString(w, r.content); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(out.Bytes())), nil }, tarball.WithCompressionLevel(r.level))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (r recipe) open(t *testing.T) *image.Image {
	t.Helper()
	bottom := plain()
	bottom.content = strings.Repeat("below ", 100)
	add := []mutate.Addendum{
		{Layer: bottom.layer(t), History: v1.History{CreatedBy: "debian"}},
		{Layer: r.layer(t), History: v1.History{CreatedBy: r.by}},
	}
	if r.more {
		add = append(add, mutate.Addendum{Layer: bottom.layer(t), History: v1.History{CreatedBy: "one more"}})
	}
	img, err := mutate.Append(empty.Image, add...)
	if err != nil {
		t.Fatal(err)
	}
	file, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	file = file.DeepCopy()
	file.OS, file.Architecture, file.Config.Labels = "linux", "amd64", map[string]string{"version": r.label}
	if img, err = mutate.ConfigFile(img, file); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "layout")
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := path.AppendImage(img); err != nil {
		t.Fatal(err)
	}
	i, err := image.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { i.Close() })
	return i
}

func TestImages(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*recipe)
		// want is the text below the line with the digests.
		want string
	}{
		"mode":    {func(r *recipe) { r.headers[1].Mode = 0o600 }, `  layer 2, "install x"` + "\n    opt/a: mode is 0644 in the image and 0600 in the rebuild\n"},
		"owner":   {func(r *recipe) { r.headers[1].Uid = 7 }, `  layer 2, "install x"` + "\n    opt/a: uid is 0 in the image and 7 in the rebuild\n"},
		"time":    {func(r *recipe) { r.headers[0].ModTime = time.Unix(0, 0) }, `  layer 2, "install x"` + "\n    opt/: mtime is 1980-01-01T00:00:00Z in the image and 1970-01-01T00:00:00Z in the rebuild\n"},
		"link":    {func(r *recipe) { r.headers[2].Linkname = "c" }, `  layer 2, "install x"` + "\n    opt/b: link is a in the image and c in the rebuild\n"},
		"missing": {func(r *recipe) { r.headers = r.headers[:2] }, `  layer 2, "install x"` + "\n    opt/b: only the image has it\n"},
		"content": {func(r *recipe) { r.content = "texT" }, `  layer 2, "install x"` + "\n    opt/a: content is sha256:982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1 in the image and sha256:89c0e45fc632567efe07795829fd8437ec594cd93100f0e33ba7e5d771bcd5c2 in the rebuild\n"},
		"order": {func(r *recipe) { r.headers[1], r.headers[2] = r.headers[2], r.headers[1] },
			`  layer 2, "install x"` + "\n    opt/a: order is 1 in the image and 2 in the rebuild\n"},
		"compression": {func(r *recipe) { r.level = 0 }, `  layer 2, "install x": the same files, compressed otherwise` + "\n"},
		"label":       {func(r *recipe) { r.label = "2" }, `  config: config.Labels.version is "1" in the image and "2" in the rebuild` + "\n"},
		"a layer more": {func(r *recipe) { r.more = true }, `  layer 3, "one more": only the rebuild has it` + "\n" +
			`  config: history[2] is missing in the image and {"created":"0001-01-01T00:00:00Z","created_by":"one more"} in the rebuild` + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			rebuilt := plain()
			test.change(&rebuilt)
			report, err := verify.Images(t.Context(), plain().open(t), rebuilt.open(t))
			if err != nil {
				t.Fatal(err)
			}
			if report.Same || report.Platforms[0].Same {
				t.Error("the two are said to be the same")
			}
			var out strings.Builder
			if err := verify.Text(&out, report); err != nil {
				t.Fatal(err)
			}
			_, text, _ := strings.Cut(out.String(), "\n")
			if d := cmp.Diff(test.want, text); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestImagesTheSame(t *testing.T) {
	was := plain().open(t)
	report, err := verify.Images(t.Context(), was, plain().open(t))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := verify.Text(&out, report); err != nil {
		t.Fatal(err)
	}
	if want := "linux/amd64: the same, " + was.Root.Digest.String() + "\n"; !report.Same || out.String() != want {
		t.Errorf("same is %v and the text %q, want %q", report.Same, out.String(), want)
	}
}

// What the lock decides comes first, and bytecode of a file that differs is left out.
func TestTextOfCauses(t *testing.T) {
	r := &report.Verification{
		Image:  "iris.tar",
		Causes: []report.Difference{{Kind: "package", Op: "changed", Name: "requests", Was: "2.34.2", Is: "2.32.5", Platforms: []string{"linux/amd64"}}},
		Platforms: []report.VerifiedPlatform{{Platform: "linux/amd64", Was: "sha256:a", Is: "sha256:b", Layers: []report.VerifiedLayer{{
			Number: 2, CreatedBy: "install requests 2.34.2", Was: "sha256:c", Is: "sha256:d", Files: []report.FileDiff{
				{File: "lib/requests/__pycache__/api.cpython-311.pyc", Attribute: "content", Was: "1", Is: "2"},
				{File: "lib/requests/__pycache__/old.cpython-311.pyc", Attribute: "content", Was: "1", Is: "2"},
				{File: "lib/requests/api.py", Attribute: "content", Was: "1", Is: "2"},
			},
		}}}},
	}
	var out strings.Builder
	if err := verify.Text(&out, r); err != nil {
		t.Fatal(err)
	}
	const want = `linux/amd64: package requests is 2.34.2 in the image and 2.32.5 in the rebuild
linux/amd64: the image is sha256:a and the rebuild sha256:b
  layer 2, "install requests 2.34.2"
    lib/requests/__pycache__/old.cpython-311.pyc: content is 1 in the image and 2 in the rebuild
    lib/requests/api.py: content is 1 in the image and 2 in the rebuild
`
	if d := cmp.Diff(want, out.String()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if err := (&verify.DifferentError{Report: r}).Error(); !strings.Contains(err, "hint: the lock is not the one that the image was built from") {
		t.Error(err)
	}
}
